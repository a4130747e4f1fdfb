"""The table of the page about the learning rate."""

from __future__ import annotations

import pytest

from benchmarks import learning_rate
from benchmarks.harness.paths import ROOT


@pytest.mark.parametrize("t", [100, 1000])
def test_the_page_shows_what_the_command_prints(t: int) -> None:
    """A row of the table in docs/guide/learning-rate.md has the numbers that the command prints."""
    page = (ROOT / "docs" / "guide" / "learning-rate.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| 5-")]
    assert len(rows) == len(learning_rate.NETWORKS) * len(learning_rate.EXAMPLES)
    assert learning_rate.row("5-1 linear regression", t) in rows
