"""The course of training runs over the epochs: J, its rate, its slopes, θ (Lecture, L12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule._internal.naming import resolve
from chainrule.costs.training_set import evenly_spaced
from chainrule.errors import InputError
from chainrule.plot.charts.courses import Course, draw_courses
from chainrule.plot.charts.figure import BLUE, GREY, INK, finish, mark_whole_numbers, new_figure
from chainrule.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 7.0, 4.2  # of the chart of J, in inches
LOWER = 2.2  # the height of each other chart
DASHES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))  # of the layers 1, 2, …; then again
MOST_ENTRIES = 500  # of θ that are drawn


def history(*runs: History, show: str | Sequence[str] = "J", title: str = "", projector: bool = False) -> Figure:
    """Draws J(θ) and the validation J at each epoch θ := θ − α ∇J(θ), with the epoch of the lowest validation J.

    ``show`` names the charts, from above: "J", "learning_rate" (α of the last step of an epoch), "gradient"
    (‖∂J/∂W[i]‖ of each layer i, after each epoch) and "theta" (each entry of θ; of more than 500, evenly chosen ones).
    The last two are for one run, with ``record=["gradient"]`` or ``["theta"]``. Several runs, such as those of an
    ensemble, have thin curves and their mean with a band of one standard deviation, in which a run that has ended
    counts with its last value. The axis is logarithmic where J falls by more than a factor of 5; otherwise the first
    epochs may leave the picture at the top, with a note. ``projector`` makes type and lines larger. The result is a
    Figure of Matplotlib, which has ``savefig("curves.pdf")`` and ``axes``; a notebook shows it.

    Raises InputError without a run, for what is no `History`, and for what was not recorded or is for one run alone;
    MissingExtra if Matplotlib is not installed; UnknownName for an unknown chart.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 1])
    >>> run = cr.train(net, [[0.0], [1.0]], [1.0, 3.0], epochs=5, record=["theta", "gradient"])
    >>> len(cr.plot.history(run, show=["J", "learning_rate", "gradient", "theta"]).axes)
    4

    Source: Lecture, L12.
    """
    given: tuple[object, ...] = runs
    if not given or not all(isinstance(run, History) for run in given):
        raise InputError(f"runs must be one History or more, as cr.train returns; got {shown(given)}.")
    names = [show] if isinstance(show, str) else list(show)
    draw = [resolve("chart of a history", name, CHARTS) for name in names]
    if not draw:
        raise InputError('show must name a chart or more, such as "J"; got none.')
    if len(runs) > 1 and (single := [name for name in names if name in ("gradient", "theta")]):
        raise InputError(f'show="{single[0]}" is for one run; got {len(runs)}.')
    heights = [HEIGHT if name == "J" else LOWER for name in names]
    figure = new_figure(WIDTH, max(sum(heights), HEIGHT), projector)
    panels = np.ravel(figure.subplots(len(names), 1, sharex=True, height_ratios=heights))
    for n, (name, chart, axes) in enumerate(zip(names, draw, panels, strict=True)):
        chart(axes, runs)
        mark_whole_numbers(axes.xaxis)
        axes.set_xlabel("epoch" if n == len(names) - 1 else "")
        axes.set_ylabel(LABELS[name])
        finish(axes, "" if n else title)
    return figure


def _draw_J(axes: Axes, runs: Sequence[History]) -> None:
    kept = [run.best_epoch for run in runs]
    courses = [Course("training J", [run.J for run in runs], False)]
    courses.append(Course("validation J", [run.validation_J for run in runs], True, kept))
    name = "best epoch of each"
    if len(runs) == 1 and (best := kept[0]) is not None:
        name = f"best: epoch {best}, {runs[0].validation_J[best - 1]:.4g}"
    draw_courses(axes, courses, name)


def _draw_learning_rate(axes: Axes, runs: Sequence[History]) -> None:
    for run in runs:
        axes.step(np.arange(1, run.epochs + 1), run.learning_rate, where="mid", color=INK, linewidth=1.2)
    axes.set_ylim(bottom=0.0)


def _draw_gradient(axes: Axes, runs: Sequence[History]) -> None:
    norms = runs[0].layer_gradient_norms
    r = norms.shape[1]
    for i in range(r):
        colour = (BLUE, INK, GREY)[(i // len(DASHES)) % 3]
        dashes = DASHES[i % len(DASHES)]
        axes.plot(_epochs(norms), norms[:, i], linestyle=dashes, color=colour, linewidth=1.2, label=f"i = {i + 1}")
    if (norms[np.isfinite(norms)] > 0.0).all() and np.isfinite(norms).any():
        axes.set_yscale("log")
    if r <= 12:
        axes.legend(frameon=False, ncols=-(-r // 3), fontsize="small")


def _draw_theta(axes: Axes, runs: Sequence[History]) -> None:
    thetas = runs[0].theta
    chosen = evenly_spaced(thetas.shape[1], MOST_ENTRIES)
    axes.plot(_epochs(thetas), thetas[:, chosen], color=BLUE, linewidth=0.8, alpha=max(0.08, 1.0 / len(chosen) ** 0.5))
    axes.axhline(0.0, color=GREY, linewidth=0.6)


def _epochs(recorded: Array) -> range:
    return range(len(recorded))


CHARTS: dict[str, Callable[[Any, Sequence[History]], None]] = {
    "J": _draw_J,
    "learning_rate": _draw_learning_rate,
    "gradient": _draw_gradient,
    "theta": _draw_theta,
}
LABELS = {"J": "J", "learning_rate": "α", "gradient": "‖∂J/∂W[i]‖", "theta": "entries of θ"}
