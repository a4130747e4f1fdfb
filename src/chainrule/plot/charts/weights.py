"""The matrices W[1] … W[r] as images (Lecture, Def. 4.2; L5, L6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule._internal.checks import Array
from chainrule.explain.case import require_real
from chainrule.network import Network
from chainrule.plot.charts.figure import finish, new_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NUMBERED = 10  # rows, and columns, of a matrix with its numbers in the image
WIDTH, HEIGHT = 4.2, 3.4  # of one chart, in inches


def weights(net: Network, *, projector: bool = False) -> Figure:
    """Draws each W[i] (mᵢ, mᵢ₋₁) as an image with row k and column l: black is negative, white positive, mid-grey 0.

    Each image has its own scale, from −max |W[i]| to max |W[i]|. A matrix of at most 10 rows and columns has its
    numbers too. An entry that is not finite is left out. ``projector`` makes type and lines larger. The result is a
    Figure of Matplotlib.

    Raises InputError for a network of complex numbers, and if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> figure = cr.plot.weights(cr.Network.dense([5, 3, 2, 1]))
    >>> [axes.get_title(loc="left") for axes in figure.axes[:3]]
    ['W[1], 3 × 5', 'W[2], 2 × 3', 'W[3], 1 × 2']

    Source: Lecture, Def. 4.2 (L5, L6).
    """
    require_real(net)
    figure, panels = new_panels(net.r, WIDTH, HEIGHT, projector)
    for i, axes in enumerate(panels, 1):
        _image(axes, np.asarray(net.W[i]), f"W[{i}]")
    return figure


def _image(axes: Axes, W: Array, name: str) -> None:
    from matplotlib.ticker import MaxNLocator

    m, n = W.shape
    shown = np.ma.masked_invalid(W)
    limit = float(np.abs(W[np.isfinite(W)]).max(initial=0.0)) or 1.0
    cells = (0.5, n + 0.5, m + 0.5, 0.5)  # entry (k, l) lies around l, k
    image = axes.imshow(shown, cmap="gray", vmin=-limit, vmax=limit, aspect="auto", extent=cells, interpolation="none")
    axes.figure.colorbar(image, ax=axes, format="%.2g", ticks=[-limit, 0.0, limit])
    if max(m, n) <= MOST_NUMBERED:
        for (k, l), value in np.ndenumerate(W):
            ink = "black" if value > 0 else "white"
            axes.text(l + 1, k + 1, f"{value:+.2g}", color=ink, fontsize=7, ha="center", va="center")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="l", ylabel="k")
    finish(axes, f"{name}, {m} × {n}")
    axes.grid(visible=False)
