"""The courses of a fitted estimator as its charts have them: passes over later rows begin at one place."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import metric_courses
from chainrule.plot.charts.courses import Course


class ChartedCourses(NamedTuple):
    """The courses of a metric that have numbers, on training and on held-out rows, and what is kept, in words.

    Later rows begin after epoch ``start``, which is 0 if there are none, or if all rows are later ones.
    """

    metric: str
    courses: list[Course]
    kept: str
    start: int


def charted_courses(estimator: Any, kept_pass: int | None = None) -> ChartedCourses:
    """Returns the courses of an estimator with histories, with marks on the epochs that are kept.

    After ``partial_fit`` the last epoch is kept, and the marks are those from which the later passes began, those that
    ``fit`` has kept; or, of passes of which one was chosen, that one, counted from the first pass since ``fit``.
    """
    found, later = metric_courses(estimator), estimator._later
    fit_epochs, start = (0,) * len(found.held_out), 0
    if later is not None:
        fit_epochs, start = later.fit_epochs or fit_epochs, max(later.fit_epochs, default=0)

    def aligned(values: list[Floats]) -> list[Floats]:
        gaps = [np.full(start - epochs, np.nan) for epochs in fit_epochs]
        return [np.concatenate([v[:k], gap, v[k:]]) for v, k, gap in zip(values, fit_epochs, gaps, strict=True)]

    kept, meaning = estimator.kept_epochs_, "kept: epoch"
    if later is not None and not any(later.kept):
        kept, meaning = later.fit_kept, "kept by fit: epoch"
    numbers = [epoch for epoch in kept if epoch]
    marks = [k and k + (start - epochs) * (k > epochs) for k, epochs in zip(kept, fit_epochs, strict=True)]
    if kept_pass is not None:
        numbers, marks, meaning = [kept_pass], [start + kept_pass] * len(fit_epochs), "kept: pass"
    training = Course("training", aligned(found.training) if found.training else [], False)
    courses = training, Course("held out", aligned(found.held_out), True, marks)
    name = f"{meaning} {words.span(numbers)}" if numbers else ""
    return ChartedCourses(found.name, [course for course in courses if course.has_numbers], name, start)
