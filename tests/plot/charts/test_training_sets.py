"""Charts of a `TrainingSet` in the place of X and Y."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import chainrule as cr
from chainrule import plot

pytest.importorskip("matplotlib")
PLANE = cr.Network.dense([2, 3, 1], output="sigmoid", seed=0)
LINE = cr.Network.dense([1, 3, 1], seed=0)
CHARTS: dict[str, tuple[Callable[..., Any], cr.Network, cr.TrainingSet, dict[str, Any]]] = {
    "boundary": (plot.boundary, PLANE, cr.data.moons(20), {}),
    "folded": (plot.folded, PLANE, cr.data.moons(20), {}),
    "fit": (plot.fit, LINE, cr.data.line(20), {}),
    "cost": (plot.cost, LINE, cr.data.line(20), {"over": (("W", 1, 1, 1), ("b", 1, 1))}),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_training_set_holds_x_and_y(name: str) -> None:
    """The chart is the one of X and Y; with further labels, or without any, it is refused."""
    draw, net, T, options = CHARTS[name]
    one, other = draw(net, T, **options), draw(net, T.X, T.Y, **options)
    assert one.axes[0].dataLim.bounds == other.axes[0].dataLim.bounds
    with pytest.raises(cr.InputError, match="a TrainingSet holds Y and weights itself"):
        draw(net, T, T.Y, **options)
    with pytest.raises(cr.InputError, match="Y must be an array of labels; got None"):
        draw(net, T.X, **options)
