"""Temperature scaling: one number that makes probabilities as sure as they are right on held-out rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats

LEAST, MOST = 0.05, 20.0  # bounds of β = 1/T
HALVINGS = 60


def tempered(P: Floats, temperature: float) -> Floats:
    """Probabilities p (t, k) at temperature T: p_c^(1/T) / Σ p^(1/T), which is softmax(z/T) where p = softmax(z).

    >>> tempered(np.array([[0.8, 0.2]]), 2.0).round(4).tolist()
    [[0.6667, 0.3333]]
    """
    if temperature == 1.0:
        return P
    beta = 1.0 / temperature
    Q: Floats = (P / P.max(axis=1, keepdims=True)) ** beta
    Q /= Q.sum(axis=1, keepdims=True)
    return Q


def best_temperature(P: Floats, classes: NDArray[np.intp], weights: NDArray[np.floating] | None = None) -> float:
    """The T > 0 that makes −Σ w Σ_c y′_c log p_c^(1/T) least over held-out rows, P (t, k), classes (t,), w (t,).

    With β = 1/T and ζ = log p its derivative Σ w (E_q ζ − Σ y′ ζ), q the tempered probabilities, rises with β: its
    zero is found by halving. The labels y′ are drawn a little to 1/k, by the weight of one row, so that a few
    rows that are all right do not make every probability 1 (Platt 1999).

    >>> P = np.array([[0.9, 0.1]] * 10)                  # 90 % sure of each, right in 6 of 10
    >>> best_temperature(P, np.array([0] * 6 + [1] * 4)) > 2.0
    True

    Source: C. Guo, G. Pleiss, Y. Sun & K. Weinberger, On calibration of modern neural networks, ICML 2017; J. Platt,
    Probabilistic outputs for support vector machines, 1999.
    """
    t = len(P)
    w = np.ones(t) if weights is None else np.asarray(weights, dtype=np.float64)
    if not w.any():
        return 1.0
    zeta = np.log(np.maximum(P, np.finfo(np.float32).tiny))
    drawn = 1.0 / (np.count_nonzero(w) + 1.0)
    of_label = (1.0 - drawn) * zeta[np.arange(t), classes] + drawn * zeta.mean(axis=1)  # Σ y′ ζ, (t,)

    def slope(beta: float) -> float:
        e = np.exp(beta * (zeta - zeta.max(axis=1, keepdims=True)))
        expected = (e * zeta).sum(axis=1) / e.sum(axis=1)
        return float((w * (expected - of_label)).sum())

    low, high = np.log(LEAST), np.log(MOST)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(float(np.exp(middle))) < 0.0 else (low, middle)
    return float(np.exp(-0.5 * (low + high)))
