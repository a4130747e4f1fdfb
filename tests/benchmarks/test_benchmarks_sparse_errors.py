"""The benchmark of sparse features runs and prints its tables; no test asserts a time or an error."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("sklearn")

from benchmarks import sparse_errors


def test_the_errors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A run prints one line for each set, with a column for each model."""
    few = sparse_errors.SparseSet(*(part[:60] for part in sparse_errors.linear(0)))
    monkeypatch.setitem(sparse_errors.SETS, "a linear model", lambda seed: few)
    sparse_errors.main(["--sets", "a linear model", "--seeds", "1"])
    assert re.search(r"\| a linear model \| 60 × 3000 +\| [\d.]+%, [\d.]+ +\|", capsys.readouterr().out)
