"""The outputs a[1] … a[r] of the layers as histograms (Lecture, Def. 4.4; L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import RowsLike
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.network import Network
from chainrule.network.forward import silent
from chainrule.plot.charts.figure import BLUE, VERMILION, finish, new_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 30
LEAST_WIDTH = 1e-6  # of a histogram, relative to its largest value
WIDTH, HEIGHT = 3.4, 3.0  # of one chart, in inches


@silent
def activations(net: Network, X: RowsLike, *, projector: bool = False) -> Figure:
    """Draws a histogram of the outputs a[i] (t, mᵢ) of each layer, over all examples and units.

    The bars are shares of the t mᵢ numbers. Dashed lines are the finite ends of the range of σ[i]: numbers near them
    are saturated, where σ′ is small. X is (t, n). ``projector`` makes type and lines larger. The result is a Figure of
    Matplotlib.

    Raises InputError for a network of complex numbers, for X of another shape or with numbers that are not finite, and
    for a layer whose outputs overflow; MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> figure = cr.plot.activations(cr.Network.dense([2, 3, 1], hidden="tanh"), [[0.0, 1.0], [1.0, 0.0]])
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['a[1], tanh', 'a[2], identity']

    Source: Lecture, Def. 4.4 (L7).
    """
    require_real(net)
    run = net.forward(X)
    outputs = [np.asarray(run.a[i], dtype=np.float64).ravel() for i in range(1, net.r + 1)]
    for i, values in enumerate(outputs, 1):
        if not np.isfinite(values).all():
            raise InputError(f"a[{i}] must be finite to be drawn; z[{i}] overflows for these X and θ. Scale them down.")
    figure, panels = new_panels(net.r, WIDTH, HEIGHT, projector)
    for i, (axes, values) in enumerate(zip(panels, outputs, strict=True), 1):
        counts, edges = np.histogram(values, _edges(values))
        axes.stairs(counts / values.size, edges, fill=True, color=BLUE)
        for end in net.sigma[i].range:
            if np.isfinite(end):
                axes.axvline(end, linestyle="--", color=VERMILION, linewidth=1.0)
        axes.set(xlabel=f"a[{i}]ₖ", ylabel="" if i > 1 else "share")
        finish(axes, f"a[{i}], {net.sigma[i].name}")
    return figure


def _edges(values: Floats) -> Floats:
    """Returns the edges of the bins (BINS + 1,), which are wide enough to differ."""
    low, high = float(values.min()), float(values.max())
    least = LEAST_WIDTH * max(abs(low), abs(high)) or 1.0
    margin = max(0.0, least - (high - low)) / 2.0
    return np.linspace(low - margin, high + margin, BINS + 1)
