"""Every cost, and examples in its domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

Array = NDArray[Any]
ULP = np.finfo(np.float64).eps
H = 1e-30
ALL: list[cr.Cost] = [
    cr.SumOfSquares(),
    cr.LogLikelihood(),
    cr.CrossEntropy(),
    cr.CrossEntropy(label_smoothing=0.1),
    cr.AbsoluteError(),
    cr.Huber(),
    cr.Huber(threshold=0.1),
    cr.Quantile(),
    cr.Quantile(q=0.9),
    cr.Quantile(q=(0.1, 0.5, 0.9)),
    cr.Poisson(),
]


def examples(cost: cr.Cost, soft: bool = True, t: int = 7, m: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """Outputs A and labels Y (t, m) inside the cost's domain, away from its kinks."""
    rng = np.random.default_rng(seed)
    A = rng.uniform(0.05, 0.9, (t, m))
    Y: Array = rng.uniform(0.0, 1.0, (t, m))
    if isinstance(cost, cr.CrossEntropy):
        A /= A.sum(axis=1, keepdims=True)
        Y = Y / Y.sum(axis=1, keepdims=True) if soft else np.eye(m)[rng.integers(0, m, t)]
    elif isinstance(cost, cr.Poisson):
        A, Y = 5 * A, rng.poisson(3.0, (t, m)).astype(float)
    elif not soft:
        Y = np.round(Y)
    return A, Y


LOG2, LOG3 = np.log(2.0), np.log(3.0)


def complex_step(losses: Callable[[Array, Array], Array], A: Array, Y: Array) -> Array:
    """∂ losses/∂A (t, m) by complex steps, column by column."""
    slopes = np.empty(A.shape)
    for k in range(A.shape[1]):
        shifted = A.astype(complex)
        shifted[:, k] += 1j * H
        slopes[:, k] = losses(shifted, Y).imag / H
    return slopes


def squares(A: Array, Y: Array) -> Array:
    """½ ‖a − y‖²."""
    half: Array = 0.5 * ((A - Y) ** 2).sum(axis=1)
    return half
