"""Calibrated probabilities: smoothing of labels is taken out, and a temperature makes them as sure as right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats

LEARNED = 0.2  # the least part of an output that remains when the smoothing of labels is taken out
LEAST, MOST = 0.05, 20.0  # bounds of β = 1/T
MOST_STEPS = 60
ENOUGH = 1e-8  # the last step of log β by Newton's method, which squares the error


@dataclass(frozen=True)
class Calibration:
    """The map of the mean outputs p (t, k) of networks to probabilities: ``unsmoothed`` by s, then ``tempered`` by T.

    T > 0 is the ``temperature``, and 0 ≤ s < 1/k the ``smoothing``.

    >>> Calibration(0.5, 0.05).probabilities(np.array([[0.725, 0.275]])).round(4).tolist()
    [[0.9, 0.1]]
    """

    temperature: float = 1.0
    smoothing: float = 0.0

    def probabilities(self, P: Floats) -> Floats:
        """Returns the probabilities (t, k) for mean outputs P (t, k)."""
        return tempered(unsmoothed(P, self.smoothing), self.temperature)


UNCALIBRATED = Calibration()  # changes nothing
Calibrations: TypeAlias = Calibration | tuple[Calibration, ...]  # of classes that exclude each other, or of each label


def calibrated(P: Floats, calibration: Calibrations) -> Floats:
    """Returns calibrated probabilities (t, k) of classes, or (t, q) of labels, each as the second of two classes.

    >>> calibrated(np.array([[0.8, 0.8]]), (Calibration(2.0), Calibration())).round(4).tolist()
    [[0.6667, 0.8]]
    """
    if isinstance(calibration, Calibration):
        return calibration.probabilities(P)
    each = zip(P.T, calibration, strict=True)
    return np.column_stack([one.probabilities(of_two(p))[:, 1] for p, one in each])


def calibration_parts(calibration: Calibrations) -> dict[str, Any]:
    """Returns the fields of a file's header; with a smoothing under a name that earlier readers do not know."""
    each = calibration if isinstance(calibration, tuple) else (calibration,)
    numbers = {"temperature": [one.temperature for one in each], "smoothing": [one.smoothing for one in each]}
    has_smoothing = any(numbers["smoothing"])
    found = numbers if isinstance(calibration, tuple) else {name: number for name, [number] in numbers.items()}
    return {"calibration": found} if has_smoothing else {"temperature": found["temperature"]}


def calibration_from_parts(header: Mapping[str, Any]) -> Calibrations:
    """Builds what `calibration_parts` described. Raises KeyError, TypeError or ValueError unless it is complete."""
    found = header["calibration"] if "calibration" in header else {"temperature": header["temperature"]}
    temperature = found["temperature"]
    is_of_labels = isinstance(temperature, list)
    T = temperature if is_of_labels else [temperature]
    smoothing = found.get("smoothing", [0.0] * len(T) if is_of_labels else 0.0)
    s = smoothing if is_of_labels else [smoothing]
    if not all(_is_number(one) and 0.0 < one < math.inf for one in T):
        raise ValueError(f"the temperature must be positive; got {temperature}")
    if not all(_is_number(one) and 0.0 <= one < 0.5 for one in s):
        raise ValueError(f"the smoothing must lie in [0, 1/2); got {smoothing}")
    each = tuple(Calibration(float(one), float(part)) for one, part in zip(T, s, strict=True))
    return each if is_of_labels else each[0]


def _is_number(entry: object) -> bool:
    return isinstance(entry, (int, float)) and not isinstance(entry, bool)


def unsmoothed(P: Floats, smoothing: float) -> Floats:
    """Takes the smoothing s of labels out of probabilities P (t, k): max(p − s, p/5), divided by their sum.

    Networks that were trained on labels y′ = (1 − ε) y + ε/k estimate p = (1 − ε) P(c | x) + ε/k, so that P(c | x) is
    proportional to p − s with s = ε/k. Where they say p < s, or hardly more, they are surer than they were taught to
    be, and a fifth of p remains.

    >>> unsmoothed(np.array([[0.875, 0.125]]), 0.05).round(4).tolist()
    [[0.9167, 0.0833]]
    """
    if smoothing == 0.0:
        return P
    Q = np.maximum(P - smoothing, LEARNED * P)
    Q /= Q.sum(axis=1, keepdims=True)
    return Q


def tempered(P: Floats, temperature: float) -> Floats:
    """Returns probabilities P (t, k) at temperature T: p_c^(1/T) / Σ p^(1/T), or softmax(z/T) if p = softmax(z).

    >>> tempered(np.array([[0.8, 0.2]]), 2.0).round(4).tolist()
    [[0.6667, 0.3333]]
    """
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
