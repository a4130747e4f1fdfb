"""The benchmark of the MLP estimators runs and counts a time only with its score; no test asserts a time."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("threadpoolctl")

from benchmarks import goals, mlp_pair
from benchmarks.tables import sets


@pytest.mark.parametrize("flags", [[], ["--alone"]], ids=["wall", "CPU"])
def test_it_runs_and_prints_the_table(flags: list[str], tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A short run measures both architectures, prints a line for each, and writes the same as JSON."""
    file = tmp_path / "rows.json"
    mlp_pair.main(["--rounds", "2", "--epochs", "2", "--sets", "diabetes", "--json", str(file), *flags])
    printed = capsys.readouterr().out
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [tuple(row["hidden"]) for row in rows] == list(goals.MLP_PAIR)
    assert len(re.findall(r"\| diabetes +\| 354 × 10 +\|", printed)) == 2
    assert all(row["seconds"] > 0.0 and row["faster"] > 0.0 for row in rows)


def test_scores_apart_do_not_count() -> None:
    """A set on which the mean scores differ by more than their noise is left out of the mean."""
    assert mlp_pair.scores_agree([0.80, 0.82, 0.81], [0.81, 0.80, 0.82])
    assert not mlp_pair.scores_agree([0.80, 0.82, 0.81], [0.70, 0.71, 0.72])
    fits = mlp_pair.PairFits([2.0, 2.0], [0.9, 0.91]), mlp_pair.PairFits([1.0, 1.0], [0.5, 0.51])
    split = sets.DataSplit(np.zeros((3, 2)), np.zeros(3), np.zeros((1, 2)), np.zeros(1))
    row = mlp_pair.summary(mlp_pair.PairCase("a set", "classification", split), (100,), *fits)
    assert "DIFFER" in mlp_pair.markdown([row])
    assert list(goals.of_mlp_pair([row])) == []
    assert len(list(goals.of_mlp_pair([{**row, "scores_agree": True}]))) == 1


def test_sets_that_are_not_there_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the folder no set of PMLB or UCI is read; each name is known."""
    monkeypatch.delenv(sets.VARIABLE, raising=False)
    assert [mlp_pair.read(name) for name in mlp_pair.OTHERS] == [None] * len(mlp_pair.OTHERS)
