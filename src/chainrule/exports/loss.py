"""The change of results by weights of fewer bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.exports.result import Numbers, Result, labels_by


@dataclass(frozen=True)
class Loss:
    """The differences on the test rows between a model and the same model with integer weights.

    ``deviation`` is the largest one of a probability, or of a number in standard deviations of the target; ``changed``
    of ``labels`` labels differ.

    >>> print(Loss("int8", 0.012, 1, 128))
    int8 weights change probabilities by at most 0.012, and 1 of 128 labels
    """

    weights: str
    deviation: float
    changed: int
    labels: int  # 0 of a model of numbers

    @classmethod
    def between(cls, result: Result, weights: str, given: Floats, values: Floats) -> Loss:
        """Returns the loss for the values (t, m) of the model, and those with integer weights."""
        difference = np.abs(values - given)
        if isinstance(result, Numbers):
            return cls(weights, float((difference / result.deviation).max()), 0, 0)
        before, after = (np.ravel(np.array(labels_by(result, p), dtype=object)) for p in (given, values))
        return cls(weights, float(difference.max()), int((before != after).sum()), len(before))

    def __str__(self) -> str:
        if not self.labels:
            return f"{self.weights} weights change numbers by at most {self.deviation:.2g} deviations of the target"
        return (
            f"{self.weights} weights change probabilities by at most {self.deviation:.2g}, and {self.changed} of "
            f"{self.labels} labels"
        )
