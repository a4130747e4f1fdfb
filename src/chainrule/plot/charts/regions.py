"""The classes that a network finds in a plane: shaded regions, the lines of a layer's units, the examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Array
from chainrule.costs import CrossEntropy, LogLikelihood
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.plot.charts.figure import BLUE, INK, VERMILION

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    Handle: TypeAlias = Artist | tuple[Artist, ...]

Classes: TypeAlias = NDArray[np.intp]

POINTS = 201  # of the grid, in each direction
MOST_NUMBERED = 12  # lines with the number of their unit
# The colours of Okabe and Ito, told apart by every colour vision; markers and hatches need no colour.
COLOURS = (BLUE, VERMILION, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
TINTS = ("#e1eef6", "#f9e7db", "#dcf0e9", "#f7ecf2", "#fbf0d8", "#eaf5fc", "#e6e6e6")
HATCHES = ("", "//", "..", "\\\\", "--", "xx", "||", "++", "oo")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "<", ">")


def as_classes(net: Network, Y: ArrayLike, t: int) -> Classes:
    """Returns the class of each of t examples, (t,): 0 or 1 for one output, otherwise the index of an output.

    Raises InputError for labels that are no classes, and for another number of them.
    """
    m = net.m[-1]
    if m == 1:
        labels = LogLikelihood().targets(Y, 1)[:, 0]
        if not np.isin(labels, (0.0, 1.0)).all():
            j = int(np.argmin(np.isin(labels, (0.0, 1.0))))
            raise InputError(f"Y must hold the classes 0 and 1 of one output; got {labels[j]:g} at index {j}.")
        classes = labels.astype(np.intp)
    else:
        classes = CrossEntropy().targets(Y, m).argmax(axis=1)
    if len(classes) != t:
        raise InputError(f"Y must hold one label per row of X, {t}; got {len(classes)}.")
    return classes


def leads(A: Array) -> Array:
    """Returns by how much each class leads at the outputs A (t, m), as (t, 2) if m = 1 and (t, m) otherwise.

    Class 1 of one output leads by a − ½, and class k of several by aₖ − maxⱼ aⱼ over the others. The lead is positive
    in the region of the class.
    """
    if A.shape[1] == 1:
        return np.concatenate([0.5 - A, A - 0.5], axis=1)
    second, first = np.sort(A, axis=1)[:, -2:].T
    is_first = np.arange(A.shape[1]) == A.argmax(axis=1)[:, None]
    lead: Array = A - np.where(is_first, second[:, None], first[:, None])
    return lead


def draw_regions(axes: Axes, outputs: Callable[[Array], Array], low: Array, high: Array) -> dict[int, Artist]:
    """Shades the region of each class between the corners low (2,) and high (2,); returns a patch of each for a legend.

    ``outputs`` maps points (p, 2) to (p, m).
    """
    from matplotlib.patches import Patch

    u, v = np.linspace(low, high, POINTS).T
    grid = np.stack(np.meshgrid(u, v), axis=-1)
    lead = np.ma.masked_invalid(leads(outputs(grid.reshape(-1, 2)))).reshape(POINTS, POINTS, -1)
    patches: dict[int, Artist] = {}
    for k in range(lead.shape[2]):
        tint, hatch, highest = TINTS[k % len(TINTS)], HATCHES[k % len(HATCHES)], lead[..., k].max()
        patches[k] = Patch(facecolor=tint, hatch=hatch, edgecolor=INK, linewidth=0.3, alpha=0.6)
        if highest > 0:
            region = axes.contourf(u, v, lead[..., k], levels=[0.0, 2.0 * highest], colors=[tint], hatches=[hatch])
            region.set(edgecolor="#b0b0b0", linewidth=0.0)  # of the hatch
            if lead[..., k].min() < 0:
                axes.contour(u, v, lead[..., k], levels=[0.0], colors=[INK], linewidths=1.6)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return patches


def draw_lines(axes: Axes, W: Array, b: Array, low: Array, high: Array) -> list[Artist]:
    """Draws the line Wₖ₁ u + Wₖ₂ v + bₖ = 0 of each unit, W (p, 2), b (p,), with its number k if they are few."""
    lines: list[Artist] = []
    is_numbered = len(b) <= MOST_NUMBERED
    for k, (w, bias) in enumerate(zip(W, b, strict=True), 1):
        if (ends := segment(w, bias, low, high)) is not None:
            lines += axes.plot(*ends.T, "--", color=INK, linewidth=0.9 if is_numbered else 0.4)
            if is_numbered:
                box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": INK, "linewidth": 0.5}
                u, v = ends[1] + 0.06 * (ends[0] - ends[1])
                axes.text(u, v, str(k), fontsize=7, ha="center", va="center", bbox=box)
    return lines


def segment(w: Array, b: float, low: Array, high: Array) -> Array | None:
    """Returns the ends (2, 2) of the line w · x + b = 0 in the rectangle, from left to right, or None outside it."""
    points = []
    for axis in (0, 1):
        if w[axis] != 0:
            for side in (low[1 - axis], high[1 - axis]):
                point = np.full(2, side)
                point[axis] = -(b + w[1 - axis] * side) / w[axis]
                if low[axis] <= point[axis] <= high[axis]:
                    points.append(tuple(point.tolist()))
    return np.array([min(points), max(points)]) if len(set(points)) > 1 else None


def draw_examples(axes: Axes, points: Array, classes: Classes) -> dict[int, Artist]:
    """Draws each example (t, 2) with the marker of its class; returns the artist of each class for a legend."""
    drawn: dict[int, Artist] = {}
    for k in map(int, np.unique(classes)):
        marker = MARKERS[k] if k < len(MARKERS) else f"${k}$"
        u, v = points[classes == k].T
        (drawn[k],) = axes.plot(u, v, linestyle="", marker=marker, color=COLOURS[k % len(COLOURS)], markersize=6)
        drawn[k].set(markeredgecolor=INK, markeredgewidth=0.7)  # bright markers are seen in black and white too
    return drawn


def draw_legend(axes: Axes, patches: dict[int, Artist], drawn: dict[int, Artist], lines: list[Artist], z: str) -> None:
    """Names the classes, each with its shade and marker, and the lines z, at the right of the chart."""
    names: dict[str, Handle] = {}
    for k in sorted({*patches, *drawn}):
        names[f"class {k}"] = tuple(shown[k] for shown in (patches, drawn) if k in shown)
    if lines:
        names[z] = lines[0]
    axes.legend(
        list(names.values()), list(names), frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=2.4,
        handleheight=1.6,
    )  # fmt: skip
