"""The classes that a network finds in the plane ℝ², and its first layer as lines (Lecture, L4, L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import as_rows
from chainrule.costs.training_set import ExamplesLike, unpacked
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.network import Network
from chainrule.network.forward import silent
from chainrule.plot.charts.figure import finish, new_figure, widened
from chainrule.plot.charts.regions import as_classes, draw_examples, draw_legend, draw_lines, draw_regions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.4, 4.8  # in inches


@silent
def boundary(
    net: Network, X: ExamplesLike, Y: ArrayLike | None = None, *, title: str = "", projector: bool = False
) -> Figure:
    """Draws the region of ℝ² in which each class wins, the examples, and the line z[1]ₖ = 0 of each unit of layer 1.

    The class of x is the output with the largest N(x)ₖ; of a network with one output it is 1 where N(x) ≥ ½, else 0.
    The line W[1]ₖ₁ x₁ + W[1]ₖ₂ x₂ + b[1]ₖ = 0 is where a ReLU bends and a sigmoid is ½; with up to 12 units it has its
    number k. X is (t, 2); Y has classes (t,), counted from 0, or (t, m); a `TrainingSet` holds both. Each class has a
    shade, a hatch and a marker. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib.

    Raises InputError for a network that does not have two inputs or has complex numbers, for examples that do not fit
    it, and for labels that are no classes; MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([2, 3, 1], output="sigmoid", seed=0)
    >>> figure = cr.plot.boundary(net, [[0.0, 0.0], [1.0, 1.0]], [0, 1])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['class 0', 'class 1', 'z[1]ₖ = 0']

    Source: Lecture, L4, L7.
    """
    require_real(net)
    if net.m[0] != 2:
        raise InputError(f"net must have two inputs for this chart; got n = {net.m[0]}.")
    inputs, labels, _ = unpacked(X, Y, None)
    rows = as_rows(inputs, 2, "X", net.dtype)
    classes = as_classes(net, labels, len(rows))
    low, high = widened(rows)

    figure = new_figure(WIDTH, HEIGHT, projector)
    axes = figure.add_subplot()
    patches = draw_regions(axes, net, low, high)
    lines = draw_lines(axes, np.asarray(net.W[1]), net.b[1], low, high)
    draw_legend(axes, patches, draw_examples(axes, rows, classes), lines, "z[1]ₖ = 0")
    axes.set(xlabel="x₁", ylabel="x₂")
    finish(axes, title)
    axes.grid(visible=False)
    return figure
