"""Activations and their derivatives as curves (Lecture, Def. 4.1; L1 – L3)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import activations
from chainrule.activations import Activation, Sigma
from chainrule.errors import InputError
from chainrule.plot.charts.figure import BLUE, VERMILION, finish, new_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RANGE = 4.0  # z from −RANGE to RANGE
POINTS = 400
WIDTH, HEIGHT = 3.4, 3.0  # of one chart, in inches


def sigma(*sigmas: Sigma | str, projector: bool = False) -> Figure:
    """Draws σ(z) and, dashed, σ′(z) of each activation for −4 ≤ z ≤ 4, with its kinks marked.

    Up to four charts lie side by side. At a kink σ′ jumps, and its curve has a gap. ``projector`` makes type and lines
    larger. The result is a Figure of Matplotlib.

    Raises InputError without a σ, for a vector-valued one, which is no function of one z alone; MissingExtra if
    Matplotlib is not installed; UnknownName for an unknown name.

    >>> import chainrule as cr
    >>> [axes.get_title(loc="left") for axes in cr.plot.sigma("relu", "tanh").axes]
    ['relu', 'tanh']

    Source: Lecture, Def. 4.1 (L1 – L3).
    """
    if not sigmas:
        raise InputError('sigmas must be one σ or more, such as "relu" or cr.tanh; got none.')
    chosen = []
    for given in sigmas:
        own = activations.get(given)
        if not isinstance(own, Activation):
            raise InputError(f"{own.name} is no function of one z alone; give an entrywise σ.")
        chosen.append(own)
    figure, panels = new_panels(len(chosen), WIDTH, HEIGHT, projector)
    entries: dict[str, Any] = {}  # of the legend, which all charts share
    for axes, own in zip(panels, chosen, strict=True):
        _chart(axes, own)
        entries |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=len(entries), frameon=False)
    return figure


def _chart(axes: Axes, sigma: Activation) -> None:
    kinks = np.array([] if sigma.smooth else [kink for kink in sigma.kinks if abs(kink) < RANGE])
    ends = [-RANGE, *kinks, RANGE]
    for n, (start, end) in enumerate(pairwise(ends)):
        z = np.linspace(np.nextafter(start, end), np.nextafter(end, start), POINTS)
        axes.plot(z, sigma(z), color=BLUE, label="" if n else "σ(z)")
        axes.plot(z, sigma.derivative(z), "--", color=VERMILION, label="" if n else "σ′(z)")
    if kinks.size:
        axes.plot(kinks, sigma(kinks), "o", color=BLUE, markersize=5, label="kink")
    axes.set_xlabel("z")
    finish(axes, sigma.name)
