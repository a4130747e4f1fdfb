"""The learning curves: J and the validation J of training runs over the epochs (Lecture, L12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.plot.charts.figure import BLUE, VERMILION, finish, new_figure
from chainrule.training import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOG_RANGE = 20.0  # the ratio of the largest to the smallest J above which the axis is logarithmic
WIDTH, HEIGHT = 7.0, 4.2  # in inches


def history(*runs: History, title: str = "", projector: bool = False) -> Figure:
    """Draws J(θ) and the validation J at each epoch θ := θ − α ∇J(θ), with the epoch of the lowest validation J.

    The curves of several runs, such as those of an ensemble, lie in one chart. The axis is logarithmic where J falls by
    more than a factor of 20. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib, which has
    ``savefig("curves.pdf")`` and ``axes``; a notebook shows it.

    Raises InputError without a run, for what is no `History`, and if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> run = cr.train(cr.Network.dense([1, 1]), [[0.0], [1.0]], [1.0, 3.0], epochs=5)
    >>> len(cr.plot.history(run).axes)
    1

    Source: Lecture, L12.
    """
    given: tuple[object, ...] = runs
    if not given or not all(isinstance(run, History) for run in given):
        raise InputError(f"runs must be one History or more, as cr.train returns; got {shown(given)}.")
    figure = new_figure(WIDTH, HEIGHT, projector)
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_subplot()
    faint = 1.0 if len(runs) == 1 else 0.55
    for k, run in enumerate(runs):
        epochs = np.arange(1, run.epochs + 1)
        marker = "o" if run.epochs < 3 else ""  # a line through one point is invisible
        curves = ((run.J, "training J", BLUE, "-"), (run.validation_J, "validation J", VERMILION, "--"))
        for J, name, colour, dashes in curves:
            if np.isfinite(J).any():
                label = "" if k else name
                axes.plot(epochs, J, dashes, color=colour, label=label, marker=marker, alpha=faint, linewidth=1.2)
        if (best := run.best_epoch) is not None:
            lowest = run.validation_J[best - 1]
            label = f"best: epoch {best}, {lowest:.4g}" if len(runs) == 1 else "" if k else "best epoch"
            axes.plot(best, lowest, "o", color=VERMILION, label=label, markersize=5)
    values = np.concatenate([J for run in runs for J in (run.J, run.validation_J)])
    values = values[np.isfinite(values)]
    if values.size and (values > 0).all() and values.max() > LOG_RANGE * values.min():
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel("J")
    finish(axes, title)
    if values.size:
        axes.legend(frameon=False)
    return figure
