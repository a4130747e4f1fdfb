"""The matrices W[1] … W[r] as images (Lecture, Def. 4.2; L5, L6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.network import Network
from chainrule.plot.charts.figure import PROJECTED, finish, mark_whole_numbers, new_figure, new_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

MOST_NUMBERED = 10  # rows, and columns, of a matrix with its numbers in the image
WIDTH, HEIGHT = 4.2, 3.4  # of one chart, in inches
CELLS = 0.65 * WIDTH * 72 / 0.75  # points of the width of all cells, in units of the width of a character
MOST_IMAGES, IMAGES_IN_A_ROW, IMAGE = 64, 8, 1.1  # the last is the side of one, in inches


def weights(net: Network, *, images: tuple[int, int] | None = None, projector: bool = False) -> Figure:
    """Draws each W[i] (mᵢ, mᵢ₋₁) as an image with row k and column l: black is negative, white positive, mid-grey 0.

    Each image has its own scale, from −max |W[i]| to max |W[i]|. A matrix of at most 10 rows and columns has its
    numbers too. An entry that is not finite is left out.

    Where x is an image, ``images=(height, width)`` draws W[1] alone: the row of each unit k as an image of that shape,
    all on one scale. Of more than 64 units the first are drawn. ``projector`` makes type and lines larger. The result
    is a Figure of Matplotlib.

    Raises InputError for a network of complex numbers, and for ``images`` with another number of pixels than x;
    MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> figure = cr.plot.weights(cr.Network.dense([5, 3, 2, 1]))
    >>> [axes.get_title(loc="left") for axes in figure.axes[:3]]
    ['W[1], 3 × 5', 'W[2], 2 × 3', 'W[3], 1 × 2']

    Source: Lecture, Def. 4.2 (L5, L6).
    """
    require_real(net)
    if images is not None:
        return _rows_as_images(np.asarray(net.W[1]), _as_shape(images, net.m[0]), projector)
    figure, panels = new_panels(net.r, WIDTH, HEIGHT, projector)
    for i, axes in enumerate(panels, 1):
        _image(axes, np.asarray(net.W[i]), f"W[{i}]", PROJECTED if projector else 1.0)
    return figure


def _as_shape(images: object, n: int) -> tuple[int, int]:
    """Returns the height and the width of images of n pixels."""
    pair = list(images) if isinstance(images, tuple | list) else []
    if len(pair) == 2 and all(isinstance(size, int) and size > 0 for size in pair) and pair[0] * pair[1] == n:
        return pair[0], pair[1]
    raise InputError(f"images must be a height and a width whose product is n = {n}; got {shown(images)}.")


def _rows_as_images(W: Array, shape: tuple[int, int], projector: bool) -> Figure:
    """Draws each row of W (m, height · width) as an image."""
    drawn = min(len(W), MOST_IMAGES)
    rows = -(-drawn // IMAGES_IN_A_ROW)
    columns = -(-drawn // rows)
    limit = _largest(W)
    height = IMAGE * shape[0] / shape[1] + 0.2
    figure = new_figure(max(columns, 4) * IMAGE + 0.8, rows * height + 0.3, projector)
    panels = figure.subplots(rows, columns, squeeze=False)
    for k, axes in enumerate(panels.ravel(), 1):
        axes.axis("off")
        if k <= drawn:
            image = _draw(axes, W[k - 1].reshape(shape), limit)
            axes.set_title(str(k), fontsize=8, pad=2.0)
    _add_scale(image, panels, limit)
    more = "" if drawn == len(W) else f", rows 1 … {drawn}"
    figure.suptitle(f"W[1], {len(W)} × {W.shape[1]}{more}", fontsize=10, x=0.01, ha="left")
    return figure


def _draw(axes: Axes, W: Array, limit: float) -> AxesImage:
    """Draws W as an image: black is −limit, white is limit."""
    return axes.imshow(np.ma.masked_invalid(W), cmap="gray", vmin=-limit, vmax=limit, interpolation="none")


def _add_scale(image: AxesImage, panels: Any, limit: float) -> None:
    """Adds the scale of the colours beside the charts."""
    ticks = [-limit, 0.0, limit]
    image.figure.colorbar(image, ax=panels, ticks=ticks, format=lambda value, _: _number(f"{value:.2g}"))


def _number(text: str) -> str:
    """Returns a number with the minus sign that axes have."""
    return text.replace("-", "−")


def _largest(W: Array) -> float:
    """Returns max |W| over its finite entries, or 1 if that is 0."""
    return float(np.abs(W[np.isfinite(W)]).max(initial=0.0)) or 1.0


def _image(axes: Axes, W: Array, name: str, scale: float) -> None:
    m, n = W.shape
    limit = _largest(W)
    image = _draw(axes, W, limit)
    image.set_extent((0.5, n + 0.5, m + 0.5, 0.5))  # entry (k, l) lies around l, k
    axes.set_aspect("auto")
    _add_scale(image, axes, limit)
    if max(m, n) <= MOST_NUMBERED:
        texts = [_number(f"{value:+.2g}") for value in W.flat]
        size = min(7.0, scale * CELLS / n / max(map(len, texts)))
        for (k, l), text in zip(np.ndindex(W.shape), texts, strict=True):
            ink = "black" if W[k, l] > 0 else "white"
            axes.text(l + 1, k + 1, text, color=ink, fontsize=size, ha="center", va="center")
    mark_whole_numbers(axes.xaxis)
    mark_whole_numbers(axes.yaxis)
    axes.set(xlabel="column l", ylabel="row k")
    finish(axes, f"{name}, {m} × {n}")
    axes.grid(visible=False)
