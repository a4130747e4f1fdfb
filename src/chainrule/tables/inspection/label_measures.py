"""Measures of the probabilities of several labels, beside a baseline that ignores the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.tables.inspection.measures import Measure, area, error_of_calibration, mean_of_known
from chainrule.tables.scores import log_losses, subset_accuracy
from chainrule.tables.targets.indicator_labels import IndicatorLabels


class OfLabel(NamedTuple):
    """The rows that have a label, its AUC, the share of them that is found, and of those found that are right."""

    name: str
    rows: int
    auc: float
    recall: float
    precision: float
    f1: float
    log_loss: float


@dataclass(frozen=True, eq=False)
class LabelResults:
    """Probabilities P (t, q) of several labels beside the indicators (t, q) of those that the rows have.

    A label is predicted where P > ½. The baseline predicts each label for all rows or for none, whichever is more
    frequent in the training rows, with its share there as probability.

    >>> labels = IndicatorLabels.fit([[0, 1], [0, 1], [1, 0]])
    >>> results = LabelResults(labels, np.array([[0, 1], [1, 1]]), np.array([[0.1, 0.8], [0.4, 0.9]]))
    >>> [(measure.name, round(measure.network, 3)) for measure in results.measures][:3]
    [('subset accuracy', 0.5), ('Hamming loss', 0.25), ('log-loss, mean of labels', 0.338)]
    """

    labels: IndicatorLabels
    true: NDArray[np.intp]
    P: Floats

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The indicators (t, q) of the predicted labels."""
        return (self.P > 0.5).astype(np.intp)

    @cached_property
    def measures(self) -> list[Measure]:
        """Subset accuracy, Hamming loss, and the means over the labels of log-loss, AUC, F1 and calibration error.

        The subset accuracy is the share of rows of which all labels are right, the Hamming loss that of single wrong
        ones. Labels that all rows have, or none, have no AUC.
        """
        shares = np.broadcast_to(self.labels.shares, self.P.shape)
        constant = LabelResults(self.labels, self.true, shares)
        auc = mean_of_known(np.array([label.auc for label in self.by_label]))
        pairs: list[tuple[str, Callable[[LabelResults], float]]] = [
            ("subset accuracy", lambda of: subset_accuracy(of.true, of.predicted == 1, None)),
            ("Hamming loss", lambda of: float((of.true != of.predicted).mean())),
            ("log-loss, mean of labels", lambda of: float(log_losses(of.true, of.P).mean())),
            ("AUC, mean of labels", lambda of: auc if of is self or math.isnan(auc) else 0.5),
            ("F1, mean of labels", lambda of: float(np.mean([label.f1 for label in of.by_label]))),
            ("calibration error, mean of labels", lambda of: of._calibration_error()),
        ]
        return [Measure(name, measure(self), measure(constant)) for name, measure in pairs]

    @cached_property
    def by_label(self) -> list[OfLabel]:
        """The results of each label."""
        has, found = self.true == 1, self.predicted == 1
        rows, predicted, right = has.sum(axis=0), found.sum(axis=0), (has & found).sum(axis=0)
        loss = log_losses(self.true, self.P).mean(axis=0)
        return [
            OfLabel(
                self.labels.title(k), int(rows[k]), area(self.P[:, k], has[:, k]), _share(right[k], rows[k]),
                _share(right[k], predicted[k]), 2.0 * float(right[k]) / max(int(rows[k] + predicted[k]), 1),
                float(loss[k]),
            )
            for k in range(self.labels.m)
        ]  # fmt: skip

    def _calibration_error(self) -> float:
        pairs = zip(self.P.T, self.true.T == 1, strict=True)
        return float(np.mean([error_of_calibration(p, has) for p, has in pairs]))


def _share(part: int, whole: int) -> float:
    return float(part) / float(whole) if whole else math.nan
