"""The score of predictions: accuracy for classes, R² for numbers, D² for quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import Target

TINY = float(np.finfo(np.float64).tiny)


def score_name(target: Target) -> str:
    """Returns the name of the score for this target.

    >>> score_name(ClassLabels.fit(["yes", "no"])), score_name(NumericLabels.fit([1.0, 2.0]))
    ('accuracy', 'R²')
    """
    if isinstance(target, NumericLabels):
        return "D²" if isinstance(target, QuantileLabels) else "R²"
    return "accuracy" if isinstance(target, ClassLabels) else "subset accuracy"


def accuracy(numbers: NDArray[np.intp], predicted: NDArray[np.intp], weights: Array | None) -> float:
    """Returns the (weighted) share of rows whose class number is predicted, for two arrays (t,).

    >>> accuracy(np.array([0, 1, 1]), np.array([0, 1, 0]), np.array([1.0, 1.0, 2.0]))
    0.5
    """
    return float(np.average(numbers == predicted, weights=weights))


def subset_accuracy(indicators: NDArray[np.intp], predicted: NDArray[np.bool_], weights: Array | None) -> float:
    """Returns the (weighted) share of rows of which every label is predicted, for two arrays (t, q).

    >>> subset_accuracy(np.array([[0, 1], [1, 1]]), np.array([[False, True], [True, False]]), None)
    0.5
    """
    return float(np.average((indicators == predicted).all(axis=1), weights=weights))


def log_losses(indicators: NDArray[np.intp], P: Floats, least: float = TINY) -> Floats:
    """Returns −log P of what each of several labels is, (t, q), where P (t, q) is the probability of having it.

    >>> log_losses(np.array([[1, 0]]), np.array([[0.5, 0.75]])).round(3).tolist()
    [[0.693, 1.386]]
    """
    losses: Floats = -np.log(np.maximum(np.where(indicators == 1, P, 1.0 - P), least))
    return losses


def class_log_losses(classes: NDArray[np.intp], P: Floats, least: float = TINY) -> Floats:
    """Returns −log P of the class of each row (t,), where P (t, k) has the probabilities of the classes.

    >>> class_log_losses(np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]])).round(3).tolist()
    [0.693, 1.386]
    """
    losses: Floats = -np.log(np.maximum(P[np.arange(len(classes)), classes], least))
    return losses


def r_squared(Y: Floats, P: Floats, weights: Array | None) -> float:
    """Returns R² = 1 − Σ w (y − p)² / Σ w (y − ȳ)² of predictions P (t, m), its mean over the m targets.

    A constant target has R² = 1 if it is predicted exactly, else 0, as in scikit-learn.

    >>> r_squared(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]), None)
    0.5
    """
    errors = np.average((Y - P) ** 2, axis=0, weights=weights)
    variance = np.average((Y - np.average(Y, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    is_constant = (Y == Y[:1]).all(axis=0) | (variance == 0.0)  # a weighted mean of equal numbers is rounded
    of_constant = np.where(errors == 0.0, 1.0, 0.0)
    return float(np.where(is_constant, of_constant, 1.0 - errors / np.where(is_constant, 1.0, variance)).mean())


def pooled_r_squared(Y: NDArray[Any], P: Floats) -> float:
    """Returns R² of predictions P (t, m) of all m targets together; 1 if the targets are constant.

    >>> pooled_r_squared(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([[1.0, 0.5], [2.0, 0.0]]))
    0.375
    """
    spread = float(((Y - Y.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((P - Y) ** 2).sum()) / spread if spread else 1.0
