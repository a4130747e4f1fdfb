"""How much of the smoothing of labels held-out rows take out of probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.estimators.network.calibration.ensemble_temperature import ensemble_temperature
from chainrule.estimators.network.calibration.label_smoothing import ensemble_calibration
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.tables.calibration import Calibration

EPSILON = 0.05


def noisy(t: int, seed: int = 0) -> tuple[Floats, NDArray[np.intp]]:
    """True probabilities (t, 2) of two classes, of which the second is rare, and the classes (t,)."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.5, 4.0, t)
    return np.column_stack([1.0 - p, p]), (rng.random(t) < p).astype(np.intp)


def held_out(P: Floats, weights: Floats | None = None) -> HeldOutPredictions:
    """Predictions of rows that are all held out by all networks."""
    return HeldOutPredictions(P, np.arange(len(P)), weights)


def test_networks_that_have_learned_the_smoothed_labels() -> None:
    """All of ε/k is taken out of exact probabilities of smoothed labels, and T is then 1."""
    p, classes = noisy(20_000)
    smoothed = (1.0 - EPSILON) * p + EPSILON / 2
    found = ensemble_calibration(held_out(smoothed), classes, 8, EPSILON)
    assert found.smoothing == EPSILON / 2
    assert found.temperature == pytest.approx(1.0, abs=0.03)
    losses = [-np.log(one.probabilities(smoothed)[np.arange(20_000), classes]).mean() for one in (found, Calibration())]
    assert losses[0] < losses[1] - 0.005


def test_networks_that_have_not() -> None:
    """Nothing is taken out of the true probabilities, nor where the labels were not smoothed."""
    p, classes = noisy(20_000)
    assert ensemble_calibration(held_out(p), classes, 8, EPSILON).smoothing == 0.0
    smoothed = (1.0 - EPSILON) * p + EPSILON / 2
    assert ensemble_calibration(held_out(smoothed), classes, 8, 0.0).smoothing == 0.0


def test_few_rows_take_nothing_out() -> None:
    """Without a clear gain on held-out rows the calibration is the temperature alone."""
    p, classes = noisy(60)
    smoothed = held_out((1.0 - EPSILON) * p + EPSILON / 2)
    found = ensemble_calibration(smoothed, classes, 8, EPSILON)
    assert found == Calibration(ensemble_temperature(smoothed, classes, 8))


def test_rows_count_by_their_weights() -> None:
    """Rows without weight do not decide."""
    p, classes = noisy(20_000)
    P = np.concatenate([(1.0 - EPSILON) * p + EPSILON / 2, p])
    weights = np.repeat([1.0, 0.0], 20_000)
    found = ensemble_calibration(held_out(P, weights), np.concatenate([classes, classes]), 8, EPSILON)
    assert found.smoothing == EPSILON / 2
