"""The benchmark of time limits: fits are stored, the last one of a kind counts, and the table has their means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from benchmarks import time_limits
from benchmarks.time_limits import LimitedFit


def test_the_table_of_stored_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell has the mean errors of "default" and "best" over the seeds that both have."""
    fits = [
        LimitedFit("letter", 1.0, "default", 0, 0.5, 1.0, 1),
        LimitedFit("letter", 1.0, "default", 0, 0.25, 1.0, 1),
        LimitedFit("letter", 1.0, "default", 1, 0.75, 1.0, 1),
        LimitedFit("letter", 1.0, "best", 0, 0.125, 1.0, 2),
        LimitedFit("letter", 1.0, "best", 1, 0.375, 1.0, 2),
        LimitedFit("letter", 1.0, "best", 2, 0.875, 1.0, 2),
        LimitedFit("wine_red", 5.0, "best", 0, 0.7, 5.0, 8),
    ]
    monkeypatch.setattr(time_limits, "STORED", tmp_path / "fits.jsonl")
    assert time_limits.stored() == []
    time_limits.STORED.write_text("".join(json.dumps(made._asdict()) + "\n" for made in fits), encoding="utf-8")
    lines = time_limits.overview(time_limits.stored()).splitlines()
    assert [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "-" not in line] == [
        ["set", "1 s", "5 s"],
        ["wine_red", "", ""],
        ["letter", "0.500, 0.250", ""],
    ]
    line = time_limits.line(fits[2:4])
    assert "default 0.7500 (1 networks, 1.00 – 1.00 s) best 0.1250 (2 networks" in line
