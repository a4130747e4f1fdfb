"""The metric of an estimator in a unit that its user knows, per epoch and on held-out rows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.costs import AbsoluteError, Cost, CrossEntropy, LogLikelihood, Quantile, SumOfSquares
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.scores import score_name
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.training import History
from chainrule.training.callbacks.early_stopping import MetricCourse


class MetricCourses(NamedTuple):
    """A metric after each epoch: of held-out rows, and of training rows if it is known, one array for each network."""

    name: str
    held_out: list[Floats]
    training: list[Floats]
    is_J: bool = False  # the values are those of J itself, as the history has them


def metric_courses(estimator: Any) -> MetricCourses:
    """Returns the metric of ``scoring``; else J as a measure in a unit that a user knows, where it is one; else J."""
    histories: tuple[History, ...] = estimator.histories_
    if estimator.metric_courses_:
        pairs = zip(histories, estimator.metric_courses_, strict=True)
        return MetricCourses(
            estimator.metric_name_, [by_epoch(course, history.epochs) for history, course in pairs], []
        )
    cost, J, validation_J = estimator.recipe_.cost, [h.J for h in histories], [h.validation_J for h in histories]
    measure = measure_of(cost, estimator.target_) if cost.mean else None
    if measure is None:
        return MetricCourses(f"J: {cost.name.replace('_', ' ')}", validation_J, J, is_J=True)
    training = [] if cost.l1 or cost.l2 else [measure.of(each) for each in J]
    return MetricCourses(measure.name, [measure.of(each) for each in validation_J], training, measure.is_J)


class Measure(NamedTuple):
    """A measure of errors that is a function of a mean cost: factor · J, or of a mean square factor · √(2 J)."""

    name: str
    factor: float = 1.0
    is_root: bool = False

    @property
    def is_J(self) -> bool:
        """True if the measure is J itself."""
        return self.factor == 1.0 and not self.is_root

    def of(self, J: Floats) -> Floats:
        """Returns the measure for values of J."""
        return self.factor * (np.sqrt(2.0 * J) if self.is_root else J)


def measure_of(cost: Cost, target: Target) -> Measure | None:
    """Returns the measure that the mean cost is for labels of this target, or None if it is not a well-known one.

    Of numbers it is in their unit. Several targets have several, and their errors are in standard deviations.

    >>> import chainrule as cr
    >>> measure_of(cr.AbsoluteError(mean=True), NumericLabels.fit([16.0, 48.0]))
    Measure(name='mean absolute error', factor=16.0, is_root=False)
    """
    if isinstance(target, NumericLabels):
        m, is_in_unit = target.width, isinstance(target, QuantileLabels) or target.width == 1
        unit, of = (float(target.deviation[0]), "") if is_in_unit else (1.0, ", in standard deviations")
        known: dict[type, Measure] = {
            SumOfSquares: Measure(f"RMSE{of}", unit / math.sqrt(m), is_root=True),
            AbsoluteError: Measure(f"mean absolute error{of}", unit / m),
            Quantile: Measure(f"pinball loss{of}", unit / m),
        }
        return known.get(type(cost))
    if isinstance(target, IndicatorLabels):
        return Measure("log-loss of a label", 1.0 / target.m) if type(cost) is LogLikelihood else None
    if type(cost) is CrossEntropy:
        of = f" (labels smoothed by {cost.label_smoothing:g})" if cost.label_smoothing else ""
        return Measure(f"log-loss{of}")
    return Measure("log-loss") if type(cost) is LogLikelihood and len(target) == 2 else None


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
