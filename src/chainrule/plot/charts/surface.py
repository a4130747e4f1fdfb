"""J as a surface over a plane through ℝᵈ (Lecture, L9, L12)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.plot.charts.figure import GREY, INK

ELEVATION, AZIMUTH = 38.0, -58.0  # of the eye, in degrees
CONTOURS = 9
FLOOR = 0.35  # depth of the contours below the surface, as a share of its height


def draw_surface(axes: Any, s: Floats, t: Floats, J: Floats) -> None:
    """Draws J (t, s) over the axes s and t, on three-dimensional axes, and its contours on the floor."""
    from matplotlib.ticker import MaxNLocator

    J = np.where(np.isfinite(J), J, np.nan)
    if np.isfinite(J).any():
        S, T = np.meshgrid(s, t)
        low, high = float(np.nanmin(J)), float(np.nanmax(J))
        floor = low - FLOOR * ((high - low) or 1.0)
        axes.plot_surface(
            S, T, J, cmap="Greys", vmin=low - (high - low), vmax=high + (high - low), alpha=0.75, linewidth=0.2,
            edgecolor=GREY, rstride=2, cstride=2,
        )  # fmt: skip
        if high > low:
            levels = np.unique(np.nanquantile(J, np.linspace(0.05, 0.95, CONTOURS)))
            axes.contour(S, T, J, levels, zdir="z", offset=floor, colors=[INK], linewidths=0.6)
        axes.set_zlim(floor, high if high > low else low + 1.0)
        axes.set_zticks([tick for tick in MaxNLocator(4).tick_values(low, high) if low <= tick <= high])
    axes.computed_zorder = False  # what is drawn later is above: a path is seen as a whole
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.labelpad = 8
    axes.set_zlabel("J")
    axes.view_init(ELEVATION, AZIMUTH)
    axes.set_box_aspect(None, zoom=0.88)  # room for the name of the vertical axis
