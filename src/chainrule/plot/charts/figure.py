"""A figure of Matplotlib in the size of a screen or of a projector, and the look that all charts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule._internal.checks import Array
from chainrule.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

DOTS_PER_INCH = 150
PROJECTED = 0.6  # of the size, with more dots per inch: all type and lines are larger
BLUE, VERMILION = "#0072b2", "#d55e00"  # told apart by every colour vision; dashes tell them apart in black and white
INK, GREY = "#333333", "#666666"
MOST_COLUMNS = 4
LARGE = 10_000.0  # numbers that are written with k and M
MARGIN = 0.15  # of the range of the examples, on each side


def new_figure(width: float, height: float, projector: bool, below: float = 0.0) -> Figure:
    """Returns an empty figure of this size in inches, which suits type of 10 points, with room for type ``below``.

    Raises MissingExtra if Matplotlib is not installed.
    """
    try:
        from chainrule.plot.charts.chart import Chart
    except ImportError as error:
        raise MissingExtra("charts need Matplotlib; install it with: pip install matplotlib") from error
    scale = PROJECTED if projector else 1.0
    return Chart(figsize=(width * scale, height * scale + below), dpi=DOTS_PER_INCH / scale, layout="constrained")


def new_panels(
    count: int, width: float, height: float, projector: bool, across: int = MOST_COLUMNS, below: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Returns a figure of ``count`` charts of this size in inches, at most ``across`` side by side, as `new_figure`.

    Raises MissingExtra if Matplotlib is not installed.
    """
    columns = min(count, across)
    rows = -(-count // columns)
    figure = new_figure(width * columns, height * rows, projector, below)
    return figure, [figure.add_subplot(rows, columns, n) for n in range(1, count + 1)]


def finish(axes: Axes, title: str) -> None:
    """Gives a chart its title, a grid, and no frame above and at the right; a long title is broken into lines."""
    axes.set_title(title, loc="left", fontsize=10, parse_math=False, wrap=True)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def shorten(axis: Axis, ticks: int = 5) -> None:
    """Writes the numbers of a linear axis as 200k, at this many places, if they are large."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    if max(map(abs, axis.get_view_interval())) >= LARGE:
        axis.set_major_locator(MaxNLocator(ticks))
        axis.set_major_formatter(EngFormatter(sep=""))


def mark_whole_numbers(axis: Axis) -> None:
    """Puts the numbers of an axis that counts at whole numbers, even at a single one."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def abridged(name: str, most: int) -> str:
    """Returns a name of at most this many letters, of a longer one the start and the end."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - 1) // 2 :]}"


def widened(X: Array) -> tuple[Array, Array]:
    """Returns the ends of an axis for each column of X (t, n), with a margin around its values."""
    low, high = X.min(axis=0), X.max(axis=0)
    margin = MARGIN * (high - low) + (high == low)  # of a single value, 1
    return low - margin, high + margin
