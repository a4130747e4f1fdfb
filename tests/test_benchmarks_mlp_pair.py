"""The benchmark of the pair MLP* runs, and counts a time with its score alone; no test here asserts a time."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("threadpoolctl")

from benchmarks import mlp_pair
from benchmarks.tables import sets


@pytest.mark.parametrize("flags", [[], ["--alone"]], ids=["wall", "CPU"])
def test_it_runs_and_tells_the_table(flags: list[str], tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A short run measures both architectures, prints a line for each, and writes the same as JSON."""
    file = tmp_path / "rows.json"
    mlp_pair.main(["--rounds", "2", "--epochs", "2", "--sets", "diabetes", "--json", str(file), *flags])
    told = capsys.readouterr().out
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [tuple(row["hidden"]) for row in rows] == list(mlp_pair.GOALS)
    assert told.count("| diabetes | 354 × 10 |") == 2
    assert all(row["seconds"] > 0.0 and row["faster"] > 0.0 for row in rows)


def test_scores_apart_do_not_count() -> None:
    """Scores whose means differ by more than their noise make no row of the mean."""
    assert mlp_pair.agree([0.80, 0.82, 0.81], [0.81, 0.80, 0.82])
    assert not mlp_pair.agree([0.80, 0.82, 0.81], [0.70, 0.71, 0.72])
    fits = mlp_pair.Fits([2.0, 2.0], [0.9, 0.91]), mlp_pair.Fits([1.0, 1.0], [0.5, 0.51])
    case = mlp_pair.Case("a set", "classification", np.zeros((3, 2)), np.zeros(3), np.zeros((1, 2)), np.zeros(1))
    told = mlp_pair.table([mlp_pair.row(case, (100,), *fits)])
    assert "DIFFER" in told
    assert "geometric mean" not in told


def test_sets_that_are_not_there_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the folder the sets of PMLB and UCI are not read; each that is named is known."""
    monkeypatch.delenv(sets.VARIABLE, raising=False)
    assert [mlp_pair.read(name) for name in mlp_pair.OTHERS] == [None] * len(mlp_pair.OTHERS)
