"""The benchmark of several networks runs and prints its table; no test asserts a time."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import train_many


def test_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A run prints a line for each contender; the peers are not needed for it."""
    monkeypatch.setattr(train_many, "NEEDS", {"one": (), "train_many": (), "jax": ("no_such_package",)})
    train_many.main(["--networks", "2", "--epochs", "1", "--rounds", "1", "--contenders", "jax"])
    printed = capsys.readouterr().out
    assert len(re.findall(r"^\| .* ms \|", printed, re.MULTILINE)) == 2
    assert re.search(r"train_many` +\| +\d+ ms \|.* 1\.00 × \|", printed)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_peers_train_the_same_networks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the same θ₀ over the same rows, PyTorch and JAX reach the θ of `train_many` within rounding."""
    pytest.importorskip(name)
    monkeypatch.setattr(train_many, "THREADS", 1)
    workload = replace(train_many.Setting(3, (16, 64, 32, 1), 64, epochs=1).workload(), t=640)
    own, peer = (train_many.contender(who, 3, workload)() for who in ("train_many", name))
    start = train_many.initial_thetas(3, workload)
    assert np.abs(peer - own).max() < 0.02 * np.abs(own - start).max()
