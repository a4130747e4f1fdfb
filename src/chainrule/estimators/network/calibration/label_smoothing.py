"""The share of the smoothing of labels that is taken out of probabilities, chosen by held-out rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.estimators.network.calibration.clear_difference import CLEARLY, mean_and_error
from chainrule.estimators.network.calibration.ensemble_temperature import ensemble_temperature
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.tables.calibration import Calibration, best_temperature, tempered
from chainrule.tables.scores import class_log_losses

PARTS = (0.25, 0.5, 0.75, 1.0)  # of the smoothing


def ensemble_calibration(
    held_out: HeldOutPredictions, classes: NDArray[np.intp], k: int, epsilon: float
) -> Calibration:
    """Returns the calibration of the average of k networks, by the classes (t,) of held-out rows.

    The networks were trained on labels that were smoothed by ε, y′ = (1 − ε) y + ε/m for m classes. Of noisy classes
    they learn probabilities that are too even, most of all the small ones, which no temperature mends. Networks that
    know the classes of their training rows do not reach those of y′, and nothing should be taken out. So a part of ε/m
    is taken out if the log-loss of held-out rows, at the temperature of single networks, is then lower by at least two
    standard errors: the part with the lowest.

    Source: M. Lukasik, S. Bhojanapalli, A. Menon & S. Kumar, Does label smoothing mitigate label noise?, ICML 2020
    (networks learn the smoothed labels).
    """
    most, smoothing, found = 0.0, 0.0, held_out
    before = _log_losses(held_out, classes)
    for part in PARTS if epsilon > 0.0 else ():
        s = part * epsilon / held_out.P.shape[1]
        without = held_out.unsmoothed(s)
        gain, error = mean_and_error(before - _log_losses(without, classes), held_out.weights)
        if gain > max(most, CLEARLY * error):
            most, smoothing, found = gain, s, without
    return Calibration(ensemble_temperature(found, classes, k), smoothing)


def _log_losses(held_out: HeldOutPredictions, classes: NDArray[np.intp]) -> Floats:
    """Returns the log-loss of each row (t,) at the temperature of single networks, as the mean over them."""
    if held_out.single is None:
        P, of = held_out.P, np.arange(len(held_out.P))
    else:
        P, of = held_out.single
    weights = None if held_out.weights is None else held_out.weights[of]
    Q = tempered(P, best_temperature(P, classes[of], weights))
    means: Floats = np.bincount(of, class_log_losses(classes[of], Q)) / np.bincount(of)
    return means
