"""The table of results: scores of the network and of a baseline that ignores the inputs."""

from __future__ import annotations

from chainrule.cli.target import BASELINES, Score
from chainrule.cli.terminal import number, results, show
from chainrule.tables.model import TableModel


def print_scores(model: TableModel, scores: list[Score], title: str) -> None:
    """Prints the table of results to stdout."""
    rows = [(score.name, number(score.network), number(score.baseline)) for score in scores]
    console = results()
    show(console, title, ("", "network", "baseline"), rows)
    console.print(f"  baseline: {BASELINES[model.target.task]}")
