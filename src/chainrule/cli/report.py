"""What came out: measures over rows, beside a guess that knows no inputs."""

from __future__ import annotations

from chainrule.cli.target import BASELINES, Score
from chainrule.cli.terminal import number, results, show
from chainrule.tables.model import TableModel


def print_scores(model: TableModel, measured: list[Score], title: str) -> None:
    """The table of results, on stdout."""
    rows = [(score.name, number(score.network), number(score.baseline)) for score in measured]
    console = results()
    show(console, title, ("", "network", "baseline"), rows)
    console.print(f"  baseline: {BASELINES[model.target.task]}")
