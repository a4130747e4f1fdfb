"""Miscalibration: probabilities that are not the frequencies with which predictions are right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.diagnosis.change import Change
from chainrule.diagnosis.finding import Finding
from chainrule.tables.diagnosis.case import TableCase
from chainrule.tables.target_decoder import NumericLabels

ROWS = 100
BINS = 10  # of equally many rows
DRAWS = 200  # of labels from the probabilities themselves
CHANCE = 5.0  # standard deviations of the error by chance, above its mean
LEAST = 0.1  # by which the error exceeds chance, to matter


def miscalibration(case: TableCase) -> Iterator[Finding]:
    """Finds a calibration error beyond what calibrated probabilities would give by chance.

    On rows that the model may have been trained on, more predictions are right than their probabilities say, which is
    no fault; there only too large probabilities are.
    """
    rows = case.new
    if isinstance(rows.model.target, NumericLabels) or rows.t < ROWS:
        return
    is_right = (rows.predicted == rows.labels).ravel()  # (t,), or of several labels (t q,)
    confidence = rows.outputs.max(axis=1)
    if not case.is_classification:
        confidence = np.maximum(rows.outputs, 1.0 - rows.outputs).ravel()
    if case.held_out is None and confidence.mean() <= is_right.mean():
        return
    error = calibration_error(confidence, is_right[None])[0]
    drawn = np.random.default_rng(0).random((DRAWS, len(confidence))) < confidence
    by_chance = calibration_error(confidence, drawn)
    if error > by_chance.mean() + max(CHANCE * by_chance.std(), LEAST):
        yield Finding(
            "miscalibration",
            f"the expected calibration error is {error:.3f} on {rows.t} {case.where}; calibrated probabilities would "
            f"give {by_chance.mean():.3f} ± {by_chance.std():.3f} by chance. Predictions have the mean probability "
            f"{confidence.mean():.3f}, and {is_right.mean():.3f} of them are right.",
            "Train again on rows like these, with held-out rows (validation_fraction > 0): they calibrate the model.",
            Change(metric="cross-entropy"),
        )


def calibration_error(confidence: Floats, is_right: NDArray[np.bool_]) -> Floats:
    """Computes Σ_b (t_b/t) |mean confidence − accuracy| over 10 bins b of equally many rows, for each row of (k, t).

    >>> import numpy as np
    >>> calibration_error(np.array([0.9] * 10), np.array([[True] * 5 + [False] * 5])).round(2)
    array([0.4])

    Source: C. Guo, G. Pleiss, Y. Sun & K. Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    order = np.argsort(confidence, kind="stable")
    gaps = is_right[:, order].astype(np.float64) - confidence[order]
    t = len(confidence)
    starts = np.unique(np.linspace(0, t, min(BINS, t) + 1).astype(np.intp))[:-1]
    starts = starts[np.append(True, np.diff(confidence[order][starts]) > 0)]  # equal confidences share a bin
    error: Floats = np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1) / t
    return error
