"""Measures of predictions on rows with known labels, beside a baseline that ignores the inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.tables.diagnosis.calibration import calibration_error
from chainrule.tables.scores import class_log_losses
from chainrule.tables.target_decoder import ClassLabels, NumericLabels


class Measure(NamedTuple):
    """A measure of the networks, and of a baseline; NaN where it is not defined."""

    name: str
    network: float
    baseline: float


class OfClass(NamedTuple):
    """The rows of a class, the share of them that is predicted as it, and of those predicted as it that are right."""

    value: object
    rows: int
    recall: float
    precision: float
    f1: float


@dataclass(frozen=True, eq=False)
class ClassResults:
    """Probabilities P (t, k) beside the true class numbers (t,).

    The most probable class is predicted; or, for two classes with a ``threshold``, the second where P ≥ threshold. The
    baseline predicts the most frequent class of the training rows, with their shares as probabilities.

    >>> classes = ClassLabels.fit(["no", "no", "yes"])
    >>> results = ClassResults(classes, np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]))
    >>> [(measure.name, round(measure.network, 3)) for measure in results.measures][:3]
    [('accuracy', 0.667), ('log-loss', 0.415), ('AUC', 1.0)]
    >>> results.confusion.tolist()
    [[1, 0], [1, 1]]
    """

    classes: ClassLabels
    true: NDArray[np.intp]
    P: Floats
    threshold: float | None = None

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The numbers of the predicted classes (t,)."""
        return self.classes.most_probable(self.P, self.threshold)

    @cached_property
    def confusion(self) -> NDArray[np.intp]:
        """The counts of rows (k, k) by true class and predicted class."""
        counts = np.zeros((len(self.classes), len(self.classes)), dtype=np.intp)
        np.add.at(counts, (self.true, self.predicted), 1)
        return counts

    @cached_property
    def measures(self) -> list[Measure]:
        """Accuracy, log-loss (in nats), AUC, mean recall and F1 of the classes, and the expected calibration error.

        The AUC of more than two classes is the mean of each against the others; means are over classes that occur.
        """
        t, shares = len(self.true), self.classes.shares
        with np.errstate(divide="ignore"):
            ours, theirs = class_log_losses(self.true, self.P, 0.0), -np.log(shares[self.true])
        constant = np.zeros_like(self.confusion)
        constant[:, shares.argmax()] = self.confusion.sum(axis=1)
        is_most_frequent = self.true == shares.argmax()
        if len(self.classes) > 2:
            confidence, is_so = self.P.max(axis=1), self.P.argmax(axis=1) == self.true
            share, of_share = np.full(t, shares.max()), is_most_frequent
        else:
            confidence, is_so = self.P[:, 1], self.true == 1
            share, of_share = np.full(t, shares[1]), is_so
        return [
            Measure("accuracy", float((self.predicted == self.true).mean()), float(is_most_frequent.mean())),
            Measure("log-loss", float(ours.mean()), float(theirs.mean())),
            Measure("AUC", self.auc, 0.5 if not math.isnan(self.auc) else math.nan),
            Measure(
                "recall, mean of classes", mean_of_known(_recall(self.confusion)), mean_of_known(_recall(constant))
            ),
            Measure("F1, mean of classes", mean_of_known(_f1(self.confusion)), mean_of_known(_f1(constant))),
            Measure(
                "calibration error", error_of_calibration(confidence, is_so), error_of_calibration(share, of_share)
            ),
        ]

    @property
    def auc(self) -> float:
        """The area under the ROC curve: P(a row of the class gets a larger probability than another row).

        NaN if all rows have one class.
        """
        k = len(self.classes)
        areas = [area(self.P[:, c], self.true == c) for c in ([1] if k == 2 else range(k))]
        return mean_of_known(np.array(areas))

    @property
    def by_class(self) -> list[OfClass]:
        """The results of each class."""
        rows, recall, f1 = self.confusion.sum(axis=1), _recall(self.confusion), _f1(self.confusion)
        precision = _recall(self.confusion.T)
        columns = zip(self.classes.values.tolist(), *(x.tolist() for x in (rows, recall, precision, f1)), strict=True)
        return [OfClass(*row) for row in columns]


def _recall(confusion: NDArray[np.intp]) -> Floats:
    """Returns the share of each class's rows on the diagonal (k,), NaN for a class without rows."""
    rows = confusion.sum(axis=1)
    return np.where(rows > 0, np.diag(confusion) / np.maximum(rows, 1), np.nan)


def _f1(confusion: NDArray[np.intp]) -> Floats:
    """Returns 2 · right / (true + predicted) of each class (k,), NaN for a class without rows."""
    rows, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    return np.where(rows > 0, 2.0 * np.diag(confusion) / np.maximum(rows + predicted, 1), np.nan)


def mean_of_known(values: Floats) -> float:
    """Returns the mean of values that are not NaN, or NaN if all are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan


def area(p: Floats, is_of_class: NDArray[np.bool_]) -> float:
    """Returns the area under the ROC curve, (Σ ranks of the class − c(c + 1)/2) / (c · (t − c)).

    Equal p share their mean rank. It is NaN if all rows, or none, are of the class.
    """
    count = int(is_of_class.sum())
    if count in (0, len(p)):
        return math.nan
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0
    return float((ranks[inverse][is_of_class].sum() - count * (count + 1) / 2.0) / (count * (len(p) - count)))


def error_of_calibration(probability: Floats, is_so: NDArray[np.bool_]) -> float:
    """Returns the expected calibration error of probabilities (t,) of what is so, or not."""
    return float(calibration_error(probability, is_so[None])[0])


@dataclass(frozen=True, eq=False)
class NumberResults:
    """Predictions (t, m) beside the true numbers (t, m); intervals (t, m, 2) with their coverage, if there are some.

    The baseline predicts the mean of the training rows, with an interval of the same width around it.

    >>> results = NumberResults(NumericLabels.fit([1.0, 3.0]), np.array([[1.0], [4.0]]), np.array([[2.0], [4.0]]))
    >>> [(measure.name, round(measure.network, 3), round(measure.baseline, 3)) for measure in results.measures]
    [('RMSE', 0.707, 1.581), ('MAE', 0.5, 1.5), ('R²', 0.778, -0.111)]
    """

    target: NumericLabels
    true: Floats
    predicted: Floats
    intervals: Floats | None = None
    coverage: float = 0.9

    @cached_property
    def measures(self) -> list[Measure]:
        """RMSE and MAE in the target's unit, R², and the share of rows in their intervals.

        Several targets have these measures each, after the means of those that have no unit.
        """
        m = self.true.shape[1]
        if m == 1:
            return self.of_target(0)
        of_each = [self.of_target(k) for k in range(m)]
        means = [
            Measure(
                f"{name}, mean of targets",
                *(float(np.mean([getattr(measure, part) for measure in of])) for part in ("network", "baseline")),
            )
            for of in zip(*of_each, strict=True)
            if "R²" in (name := of[0].name) or name.startswith("in ")
        ]
        named = [
            measure._replace(name=f"{measure.name} of {self.target.title(k)}")
            for k, of in enumerate(of_each)
            for measure in of
        ]
        return means + named

    def of_target(self, k: int) -> list[Measure]:
        """Returns the measures of target k, counted from 0."""
        y = self.true[:, k]
        errors, baseline, deviations = y - self.predicted[:, k], y - self.target.mean[k], y - y.mean()
        total = float(deviations @ deviations)

        def r_squared(e: Floats) -> float:
            return 1.0 - float(e @ e) / total if total > 0.0 else math.nan

        found = [
            Measure("RMSE", math.sqrt(float((errors**2).mean())), math.sqrt(float((baseline**2).mean()))),
            Measure("MAE", float(np.abs(errors).mean()), float(np.abs(baseline).mean())),
            Measure("R²", r_squared(errors), r_squared(baseline)),
        ]
        if self.intervals is not None:
            low, high = self.intervals[:, k].T
            inside = float(((low <= y) & (y <= high)).mean())
            found.append(Measure(f"in {100.0 * self.coverage:g} % interval", inside, math.nan))
            found.append(Measure("mean interval width", float((high - low).mean()), math.nan))
        return found
