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
    has_several = held_out.counts > 1
    if (held_out.counts == k).all():
        return best_temperature(held_out.P, classes, w)
    of_single, w_single = classes[held_out.place], w[held_out.place]
    T = best_temperature(held_out.single, of_single, w_single)
    if not has_several.any():
        return T
    of_several = has_several[held_out.place]
    T_alone = best_temperature(held_out.single[of_several], of_single[of_several], w_single[of_several])
    T_averaged = best_temperature(held_out.P[has_several], classes[has_several], w[has_several])
    c = 1.0 / float(np.mean(1.0 / held_out.counts[has_several]))
    rho = min(max((c * T_averaged / T_alone - 1.0) / (c - 1.0), 0.0), 1.0)
    return T * (rho + (1.0 - rho) / k)
