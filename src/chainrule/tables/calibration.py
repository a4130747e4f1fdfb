"""Temperature scaling: a number T, of all classes or of each label, that calibrates probabilities on held-out rows."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats

Temperature: TypeAlias = float | tuple[float, ...]  # of classes that exclude each other, or of each of several labels

LEAST, MOST = 0.05, 20.0  # bounds of β = 1/T
MOST_STEPS = 60
ENOUGH = 1e-8  # the last step of log β by Newton's method, which squares the error


def tempered(P: Floats, temperature: Temperature) -> Floats:
    """Returns probabilities P (t, k) at temperature T: p_c^(1/T) / Σ p^(1/T), or softmax(z/T) if p = softmax(z).

    The probability of each of several labels has a T of its own, and becomes p^(1/T) / (p^(1/T) + (1 − p)^(1/T)).

    >>> tempered(np.array([[0.8, 0.2]]), 2.0).round(4).tolist()
    [[0.6667, 0.3333]]
    >>> tempered(np.array([[0.8, 0.8]]), (2.0, 1.0)).round(4).tolist()
    [[0.6667, 0.8]]
    """
    if isinstance(temperature, tuple):
        pairs = zip(P.T, temperature, strict=True)
        return np.column_stack([tempered(of_two(p), T)[:, 1] for p, T in pairs])
    if temperature == 1.0:
        return P
    beta = 1.0 / temperature
    Q: Floats = (P / P.max(axis=1, keepdims=True)) ** beta
    Q /= Q.sum(axis=1, keepdims=True)
    return Q


def of_two(p: Floats) -> Floats:
    """Returns the probabilities (t, 2) of not having a label, and of having it with the probabilities p (t,)."""
    return np.column_stack([1.0 - p, p])


def best_temperature(P: Floats, classes: NDArray[np.intp], weights: NDArray[np.floating] | None = None) -> float:
    """Returns the T > 0 that minimises the cross-entropy of the tempered probabilities q on held-out rows.

    The cross-entropy is −Σ w Σ_c y′_c log q_c, for P (t, k), class numbers (t,) and weights w (t,). With β = 1/T and
    ζ = log p its derivative by β is Σ w (E_q ζ − Σ y′ ζ), which increases with β at the rate Σ w Var_q ζ; Newton's
    method finds its zero, by bisection where a step would leave the bounds. The labels y′ are smoothed towards 1/k by
    the weight of one row: otherwise a few rows that are all predicted correctly would make every probability 1 (Platt
    1999).

    >>> P = np.array([[0.9, 0.1]] * 10)                  # 90 % confident, but right in 6 of 10
    >>> best_temperature(P, np.array([0] * 6 + [1] * 4)) > 2.0
    True

    Source: C. Guo, G. Pleiss, Y. Sun & K. Weinberger, On calibration of modern neural networks, ICML 2017; J. Platt,
    Probabilistic outputs for support vector machines, 1999.
    """
    t = len(P)
    w = np.ones(t) if weights is None else weights
    if not w.any():
        return 1.0
    zeta = np.log(np.maximum(P, np.finfo(np.float32).tiny))
    zeta -= zeta.max(axis=1, keepdims=True)
    smoothing = 1.0 / (np.count_nonzero(w) + 1.0)
    of_label = (1.0 - smoothing) * zeta[np.arange(t), classes] + smoothing * zeta.mean(axis=1)  # Σ y′ ζ, (t,)

    def slope_and_rate(beta: float) -> tuple[float, float]:
        q = np.exp(beta * zeta)
        total = q.sum(axis=1)
        mean = (q := q * zeta).sum(axis=1) / total
        variance = np.einsum("tk,tk->t", q, zeta) / total - mean**2
        return float(w @ (mean - of_label)), float(w @ variance)

    low, high, log_beta = np.log(LEAST), np.log(MOST), 0.0
    for _ in range(MOST_STEPS):
        beta = float(np.exp(log_beta))
        slope, rate = slope_and_rate(beta)
        low, high = (log_beta, high) if slope < 0.0 else (low, log_beta)
        step = -slope / (beta * rate) if rate > 0.0 else math.inf
        is_last = abs(step) <= ENOUGH
        if not is_last and not low <= log_beta + step <= high:
            step = 0.5 * (low + high) - log_beta
        log_beta += step
        if is_last:
            break
    return float(np.exp(-log_beta))
