"""The examples in the coordinates of the first hidden layer, which folds the space of x (Lecture, L7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_integer, as_rows, shown
from chainrule.costs.training_set import ExamplesLike, unpacked
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.explain.printers.box import inline
from chainrule.explain.symbols import Symbols
from chainrule.network import Network
from chainrule.network.forward import forward, silent
from chainrule.plot.charts.figure import finish, new_figure, widened
from chainrule.plot.charts.regions import as_classes, draw_examples, draw_legend, draw_lines, draw_regions

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.4, 4.8  # in inches


@silent
def folded(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    units: Sequence[int] = (1, 2),
    title: str = "",
    projector: bool = False,
) -> Figure:
    """Draws the examples at their outputs a[1] of two units of the first layer, where classes may be easier to part.

    If the first layer has just two units, its outputs are all that the further layers see: the regions of the classes
    and the line z[2]ₖ = W[2]ₖ₁ a[1]₁ + W[2]ₖ₂ a[1]₂ + b[2]ₖ = 0 of each unit of layer 2 are drawn too, as `boundary`
    draws them. ``units`` counts from 1. X is (t, n); Y has classes (t,), counted from 0, or (t, m); a `TrainingSet`
    holds both. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib.

    Raises InputError for a network with one layer, a first layer of one unit, or complex numbers, for ``units`` that
    are not two of its units, for examples that do not fit it, for outputs that overflow, and for labels that are no
    classes; MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([5, 3, 1], output="sigmoid", seed=0)
    >>> cr.plot.folded(net, [[0.0] * 5, [1.0] * 5], [0, 1], units=(1, 3)).axes[0].get_ylabel()
    'a[1]₃'

    Source: Lecture, L7.
    """
    require_real(net)
    if net.r < 2 or net.m[1] < 2:
        raise InputError(f"net must have a hidden layer, and two units or more in the first; got the sizes {net.m}.")
    k, l = _as_units(units, net.m[1])
    inputs, labels, _ = unpacked(X, Y, None)
    rows = as_rows(inputs, net.m[0], "X", net.dtype)
    classes = as_classes(net, labels, len(rows))
    chosen = [k - 1, l - 1]
    points = forward(net, rows).a[1][:, chosen]
    if not np.isfinite(points).all():
        raise InputError("a[1] must be finite to be drawn; z[1] overflows for these X and θ. Scale them down.")
    low, high = widened(points)

    figure = new_figure(WIDTH, HEIGHT, projector)
    axes = figure.add_subplot()
    patches: dict[int, Artist] = {}
    lines: list[Artist] = []
    if net.m[1] == 2:
        above = Network(net.layers[1:])

        def outputs(points: Array) -> Array:
            return above(points[:, chosen])  # with two units, choosing again restores their order

        patches = draw_regions(axes, outputs, low, high)
        lines = draw_lines(axes, np.asarray(net.W[2])[:, chosen], net.b[2], low, high)
    draw_legend(axes, patches, draw_examples(axes, points, classes), lines, "z[2]ₖ = 0")
    at = Symbols(net.m)
    axes.set(xlabel=inline(at.a(1, k - 1)), ylabel=inline(at.a(1, l - 1)))
    finish(axes, title)
    axes.grid(visible=not patches)
    return figure


def _as_units(units: object, m: int) -> tuple[int, int]:
    """Returns two different units of a layer with m units, counted from 1."""
    pair = list(units) if isinstance(units, Sequence) and not isinstance(units, str) else []
    if len(pair) == 2:
        k, l = (as_integer(unit, "units", 1) for unit in pair)
        if k != l and max(k, l) <= m:
            return k, l
    raise InputError(f"units must be two different units of layer 1, from 1 to {m}; got {shown(units)}.")
