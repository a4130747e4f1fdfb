"""The temperature of the average of several networks, from rows that only some of them held out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.tables.calibration import best_temperature


def ensemble_temperature(held_out: HeldOutPredictions, classes: NDArray[np.intp], k: int) -> float:
    """Returns the temperature for the average of k networks, by the classes (t,) of held-out rows.

    A network's log odds are μ(x) + noise, where networks differ in their noise. The average of c of them has the
    variance V + S/c over the rows, of which V, that of μ, agrees with the labels. The temperature T(c) that suits it
    divides by its reliability, as in every regression on a variable with noise: T(c) ∝ (V + S/c)/V, so that

        T(k) = T(1) (ρ + (1 − ρ)/k),   where   ρ = V/(V + S)   is the correlation of two networks.

    T(1) is fitted to the predictions of single networks. Rows that c > 1 of the k networks held out give T(c) and
    T(1) on the same rows, and thereby ρ = (c T(c)/T(1) − 1)/(c − 1). Without such rows T(1) is returned; if all k
    networks held out every row, it is T(k) itself.

    Source: C. Spearman, The proof and measurement of association between two things, 1904 (attenuation).
    """
    w = np.ones(len(classes)) if held_out.weights is None else held_out.weights
    single = held_out.single
    counts = np.ones(len(classes)) if single is None else np.bincount(single.of)
    several = counts > 1
    if single is None or (counts == k).all():
        return best_temperature(held_out.P, classes, w)
    T = best_temperature(single.P, classes[single.of], w[single.of])
    if not several.any():
        return T
    P_alone, alone = single.P[several[single.of]], single.of[several[single.of]]
    T_alone = best_temperature(P_alone, classes[alone], w[alone])
    T_averaged = best_temperature(held_out.P[several], classes[several], w[several])
    c = 1.0 / float(np.mean(1.0 / counts[several]))
    rho = min(max((c * T_averaged / T_alone - 1.0) / (c - 1.0), 0.0), 1.0)
    return T * (rho + (1.0 - rho) / k)
