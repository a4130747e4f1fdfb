"""The learning curves of a fitted estimator, in a unit that its user knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import held_out_score, metric_courses
from chainrule.plot.charts.courses import Course, draw_courses
from chainrule.plot.charts.figure import finish, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.0, 3.8  # in inches


def learning_curves(
    estimator: Any, title: str | None = None, projector: bool = False, kept: Sequence[int | None] | None = None
) -> Figure:
    """Draws the metric of the networks over the epochs, with the epochs that are kept, by default the estimator's."""
    courses, kept = metric_courses(estimator), estimator.kept_epochs_ if kept is None else kept
    figure = new_figure(WIDTH, HEIGHT, projector)
    axes = figure.add_subplot()
    drawn = [Course("training", courses.training, False)] if courses.training else []
    drawn.append(Course("held out", courses.held_out, True))
    known = [epoch for epoch in kept if epoch]
    kept_name = f"kept: epoch {words.span(known)}" if known else ""
    draw_courses(axes, drawn, kept, kept_name)
    axes.set_ylabel(courses.name)
    finish(axes, _title(estimator) if title is None else title)
    return figure


def _title(estimator: Any) -> str:
    """Returns "titanic.csv: Survived, 5 networks, held-out accuracy 0.8146"."""
    count = len(estimator.histories_)
    parts = [words.name_of(estimator), f"{count} networks" if count > 1 else "one network"]
    if (score := held_out_score(estimator)) is not None:
        parts.append(f"held-out {score[0]} {score[1]:.4g}")
    return ", ".join(parts)
