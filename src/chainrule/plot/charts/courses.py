"""A quantity over the epochs: one curve of a network, or the mean, the band and the faint curves of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.plot.charts.figure import BLUE, GREY, VERMILION, mark_whole_numbers, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_RANGE = 5.0  # the ratio of the largest to the smallest value above which the axis is logarithmic
FAINT = 0.5  # opacity of the curves of single networks beside their mean
FIRST = 0.1  # share of the epochs that may leave the picture at the top
LARGEST_CUT = 3.0  # times as high as the later epochs must the whole range be
BAND = 0.18  # opacity of the band


class Course(NamedTuple):
    """A quantity of one network or several: its values (epochs,) after the epochs 1, 2, … of each."""

    name: str
    values: Sequence[Floats]
    is_held_out: bool  # vermilion and dashed; of the training rows blue and solid
    kept: Sequence[int | None] = ()  # the epoch that each network has kept, from 1 on; None: the last, unmarked

    @property
    def has_numbers(self) -> bool:
        """True if there is a finite value."""
        return any(np.isfinite(each).any() for each in self.values)

    @property
    def table(self) -> Floats:
        """The values (networks, epochs), NaN where a network has none."""
        table = np.full((len(self.values), max(map(len, self.values))), np.nan)
        for row, each in zip(table, self.values, strict=True):
            row[: len(each)] = each
        table[~np.isfinite(table)] = np.nan
        return table

    @property
    def continued(self) -> Floats:
        """The table of the networks with numbers, in which one that ended keeps its last value beside others.

        So a mean over the networks does not jump where one of them ends.
        """
        table = self.table
        table = table[np.isfinite(table).any(axis=1)]
        last = np.maximum.accumulate(np.where(np.isfinite(table), np.arange(table.shape[1]), 0), axis=1)
        return np.where(np.isfinite(table).any(axis=0), np.take_along_axis(table, last, axis=1), np.nan)

    @property
    def marks(self) -> list[tuple[int, float]]:
        """The kept epochs, with the value of each."""
        pairs = zip(self.kept, self.values, strict=False)
        return [(k, float(each[k - 1])) for k, each in pairs if k and k <= len(each)]


def draw_courses(axes: Axes, courses: Sequence[Course], kept_name: str = "", start: int = 0) -> None:
    """Draws each course, and on the last one the epoch that each network has kept.

    Several networks have thin curves and their mean with the band of one standard deviation around it, in which a
    network that has ended counts with its last value. The axis is logarithmic where values differ by more than a factor
    of 5; otherwise the first epochs may leave the picture at the top. A thin line is drawn after ``start`` epochs, if
    that is not 0: training continued on other rows.
    """
    drawn = [course for course in courses if course.has_numbers]
    for course in drawn:
        _draw(axes, course, start)
    if drawn:
        if start:
            axes.axvline(start + 0.5, color=GREY, linewidth=0.8, label="new rows", zorder=1)
        if marks := drawn[-1].marks:
            colour = VERMILION if drawn[-1].is_held_out else BLUE
            axes.plot(
                *np.transpose(marks),
                "o",
                color=colour,
                markersize=6,
                markeredgecolor="white",
                label=kept_name,
                zorder=4,
            )
        values = np.concatenate([course.table.ravel() for course in drawn])
        values = values[np.isfinite(values)]
        if (values > 0).all() and values.max() > LOG_RANGE * values.min():
            _as_logarithmic(axes)
        else:
            _cut_first_epochs(axes, drawn)
            shorten(axes.yaxis)
        axes.legend(frameon=False)
    mark_whole_numbers(axes.xaxis)
    axes.set_xlabel("epoch")


def _draw(axes: Axes, course: Course, start: int) -> None:
    colour, dashes = (VERMILION, "--") if course.is_held_out else (BLUE, "-")
    table = course.table
    networks, length = table.shape
    epochs = np.arange(1, length + 1)
    points: dict[str, Any] = {}
    if length - start < 3:  # a line through one point is invisible
        points = {"marker": "o", "markevery": slice(start, None)}
    if networks == 1:
        axes.plot(epochs, table[0], dashes, color=colour, label=course.name, linewidth=1.4, **points)
        return
    for each in course.values:
        axes.plot(np.arange(1, len(each) + 1), each, "-", color=colour, alpha=FAINT, linewidth=0.6)
    table = course.continued
    mean, deviation, low = table.mean(axis=0), table.std(axis=0), table.min(axis=0)
    low = np.maximum(mean - deviation, low)  # an end that is not positive would have no place on a logarithmic axis
    axes.fill_between(epochs, low, mean + deviation, color=colour, alpha=BAND, linewidth=0.0)
    axes.plot(epochs, mean, dashes, color=colour, label=f"{course.name}, mean", linewidth=1.8, **points)


def _cut_first_epochs(axes: Axes, courses: Sequence[Course]) -> None:
    """Lets the first epochs leave the picture at the top, with a note, if most of its height would be theirs."""
    tables = [course.table for course in courses]
    first = max(1, round(FIRST * max(table.shape[1] for table in tables)))
    rest = [table[:, first:][np.isfinite(table[:, first:])] for table in tables]
    later = np.concatenate(rest)
    highest = max(float(np.nanmax(table)) for table in tables)
    if (
        not later.size
        or highest - later.min() < LARGEST_CUT * (later.max() - later.min())
        or later.max() <= later.min()
    ):
        return
    margin = 0.25 * (later.max() - later.min())
    axes.set_ylim(later.min() - margin, later.max() + margin)
    above = max(int(np.flatnonzero((table > later.max() + margin).any(axis=0)).max(initial=-1)) for table in tables) + 1
    if above:
        words = f"epochs 1 – {above} are above" if above > 1 else "epoch 1 is above"
        axes.annotate(words, (0.01, 1.0), xycoords="axes fraction", va="top", color=GREY, fontsize="small")


def _as_logarithmic(axes: Axes) -> None:
    """Makes the y axis logarithmic, with numbers a reader knows: 0.02 and 20,000, not 2 × 10⁻²."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    digits = (1.0, 2.0, 5.0) if high < 1000.0 * low else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=digits))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
