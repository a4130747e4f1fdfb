"""The metric of an estimator in a unit that its user knows, per epoch and on held-out rows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.costs import SumOfSquares
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.scores import score_name
from chainrule.tables.target_decoder import NumericLabels
from chainrule.training import History
from chainrule.training.callbacks.early_stopping import MetricCourse


class MetricCourses(NamedTuple):
    """A metric after each epoch: of held-out rows, and of training rows if it is known, one array for each network."""

    name: str
    held_out: list[Floats]
    training: list[Floats]


def metric_courses(estimator: Any) -> MetricCourses:
    """Returns the metric of ``scoring``; else the RMSE in the target's unit, where J is the mean square; else J."""
    histories: tuple[History, ...] = estimator.histories_
    if estimator.metric_courses_:
        pairs = zip(histories, estimator.metric_courses_, strict=True)
        return MetricCourses(
            estimator.metric_name_, [by_epoch(course, history.epochs) for history, course in pairs], []
        )
    J, validation_J = [h.J for h in histories], [h.validation_J for h in histories]
    cost, target = estimator.recipe_.cost, estimator.target_
    if type(cost) is SumOfSquares and cost.mean and isinstance(target, NumericLabels) and target.m == 1:
        unit = float(target.deviation[0])
        held_out, training = ([unit * np.sqrt(2.0 * each) for each in these] for these in (validation_J, J))
        return MetricCourses("RMSE", held_out, training if not (cost.l1 or cost.l2) else [])
    return MetricCourses(f"J: {cost.name.replace('_', ' ')}", validation_J, J)


def by_epoch(course: MetricCourse, epochs: int) -> Floats:
    """Returns the value of a metric after each epoch (epochs,), NaN where it was not computed."""
    values = np.full(max([epochs, *course.epochs]), np.nan)
    values[np.array(course.epochs, dtype=np.intp) - 1] = course.values
    return values[:epochs]


def held_out_score(estimator: Any) -> tuple[str, float] | None:
    """Returns name and value of the score on held-out rows: (subset) accuracy, R² or D²; None without such rows."""
    score = estimator.validation_score_
    if score is None or not math.isfinite(score):
        return None
    return score_name(estimator.target_), score


def rmse(rows: LabelledRows) -> float | None:
    """Returns the root of the mean squared error in the target's unit; None for classes and for several targets."""
    target = rows.model.target
    if not isinstance(target, NumericLabels) or target.m > 1:
        return None
    return float(np.sqrt(((rows.outputs - rows.labels) ** 2).mean()) * target.deviation[0])
