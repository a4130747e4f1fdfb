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
    kept = estimator.kept_epochs_ if kept is None else kept
    name, courses = courses_of(estimator, kept)
    figure = new_figure(WIDTH, HEIGHT, projector)
    axes = figure.add_subplot()
    draw_courses(axes, courses, kept_in_words(kept))
    axes.set_ylabel(name)
    finish(axes, _title(estimator) if title is None else title)
    return figure


def courses_of(estimator: Any, kept: Sequence[int | None]) -> tuple[str, list[Course]]:
    """Returns the name of the metric, and those of its courses that have numbers: on training and on held-out rows."""
    name, held_out, training, _ = metric_courses(estimator)
    courses = Course("training", training, False), Course("held out", held_out, True, kept)
    return name, [course for course in courses if course.has_numbers]


def kept_in_words(kept: Sequence[int | None]) -> str:
    """Returns "kept: epoch 11 to 66", or "" if no network has chosen an epoch."""
    known = [epoch for epoch in kept if epoch]
    return f"kept: epoch {words.span(known)}" if known else ""


def _title(estimator: Any) -> str:
    """Returns "titanic.csv: Survived, 5 networks, held-out accuracy 0.8146"."""
    count = len(estimator.histories_)
    parts = [words.name_of(estimator), f"{count} networks" if count > 1 else "one network"]
    if (score := held_out_score(estimator)) is not None:
        parts.append(f"held-out {score[0]} {score[1]:.4g}")
    return ", ".join(parts)
