"""The benchmark of second-order methods runs and prints its tables; no test asserts a time."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("sklearn")

from benchmarks import second_order


def test_the_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A run prints a line for each problem beside Adam, SciPy and scikit-learn, and names a set that is missing."""
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    second_order.main(["--problems", "sine", "energy", "--rounds", "1", "--iterations", "3", "--factor", "1"])
    printed = capsys.readouterr().out
    assert "Left out, since CHAINRULE_DATA names no folder that holds them: energy." in printed
    assert re.search(r"\| sine +\| 200 × 1 +\| +31 \|", printed)
    assert len(re.findall(r"^\| sine ", printed, re.MULTILINE)) == 3


def test_l_bfgs_is_that_of_scikit_learn() -> None:
    """From the same θ, L-BFGS of `minimize` has scikit-learn's J after as many iterations."""
    example = second_order.read("sine")
    assert example is not None
    _, _, own, peer = second_order.beside_sklearn("sine", example, 15)
    assert float(own) == pytest.approx(float(peer), rel=1e-6)
