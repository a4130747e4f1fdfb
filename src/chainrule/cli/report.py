"""What came out: measures over rows, beside a guess that knows no inputs."""

from __future__ import annotations

from chainrule.checks import Array
from chainrule.cli.table import Column
from chainrule.cli.target import Score, Target
from chainrule.cli.terminal import number, results, show
from chainrule.network import Network


def scores(net: Network, target: Target, X: Array, column: Column) -> list[Score]:
    """The measures of a network over scaled inputs X (t, n) and the target's column."""
    return target.scores(net(X), target.cost(net, X, target.labels(column)), column)


def print_scores(target: Target, measured: list[Score], title: str) -> None:
    """The table of results, on stdout."""
    rows = [(score.name, number(score.network), number(score.baseline)) for score in measured]
    console = results()
    show(console, title, ("", "network", "baseline"), rows)
    console.print(f"  baseline: {target.baseline}")
