"""The data that every peer gets: X, Y, θ₀ and the order of the rows; and N(x) and J(θ) in float64 for the checks.

All data are drawn in float64 from fixed seeds and then rounded, so that float32 and float64 pose the same problem.
θ is one vector in the lecture's order, W[1] row by row, b[1], W[2], …, with W[i] (mᵢ, mᵢ₋₁).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.workloads import Prediction, Training

Array = NDArray[Any]

SEED = 0  # for the order of the rows
CHECKED_ROWS = 4096  # at most, for the check of J: enough to distinguish one θ from another


def inputs(n: int, t: int) -> Array:
    """Returns X (t, n) with entries from N(0, 1)."""
    return np.random.default_rng(1).standard_normal((t, n))


def labels(workload: Training, X: Array) -> Array:
    """Returns Y (t, m): y = tanh(P x), which a network can learn, or the exponential of the 2 × 2 matrix x."""
    if workload.labels == "matrix_exponential":
        return matrix_exponential(X)
    n, m = workload.sizes[0], workload.sizes[-1]
    P = np.random.default_rng(2).standard_normal((m, n)) / np.sqrt(n)
    Y: Array = np.tanh(X @ P.T)
    return Y


def matrix_exponential(X: Array) -> Array:
    """Returns exp of each row (a, b, c, d) of X (t, 4), read as the matrix ((a, b), (c, d)).

    With s half the trace, B = A − s I has B² = q I, so exp A = eˢ (cosh √q I + (sinh √q / √q) B); √q may be imaginary.
    """
    A = X.reshape(-1, 2, 2)
    s = 0.5 * (A[:, 0, 0] + A[:, 1, 1])[:, None, None]
    B = A - s * np.eye(2)
    root = np.sqrt((B @ B)[:, :1, :1] + 0j)  # never exactly 0 for these random numbers
    E: Array = (np.exp(s) * (np.cosh(root) * np.eye(2) + np.sinh(root) / root * B)).real
    return E.reshape(-1, 4)


def training_set(workload: Training, dtype: str) -> tuple[Array, Array]:
    """Returns X (t, n) and Y (t, m) in the dtype."""
    X = inputs(workload.sizes[0], workload.t)
    return X.astype(dtype), labels(workload, X).astype(dtype)


def prediction_inputs(workload: Prediction, dtype: str) -> list[Array]:
    """Returns the argument of each call, (rows, n); a few different arrays alternate."""
    few = max(2, min(64, workload.calls, 4096 // workload.rows))
    X = inputs(workload.sizes[0], few * workload.rows).astype(dtype).reshape(few, workload.rows, workload.sizes[0])
    return [X[k % few] for k in range(workload.calls)]


def initial_theta(sizes: Sequence[int], hidden: str, dtype: str) -> Array:
    """Returns θ₀ (d,): normal weights of variance 2/n under ReLU (He) and 2/(m + n) otherwise (Glorot), biases 0."""
    rng = np.random.default_rng(3)
    parts = []
    for n, m in pairwise(sizes):
        variance = 2 / n if hidden == "relu" else 2 / (m + n)
        parts += [np.sqrt(variance) * rng.standard_normal(m * n), np.zeros(m)]
    return np.concatenate(parts).astype(dtype)


def parts(theta: Array, sizes: Sequence[int]) -> list[tuple[Array, Array]]:
    """Returns (W[i], b[i]) for i = 1 … r as views into θ."""
    views, start = [], 0
    for n, m in pairwise(sizes):
        views.append((theta[start : start + m * n].reshape(m, n), theta[start + m * n : start + m * (n + 1)]))
        start += m * (n + 1)
    return views


def joined(layers: Sequence[tuple[Array, Array]]) -> Array:
    """Returns θ (d,) from (W[1], b[1]), (W[2], b[2]), …"""
    return np.concatenate([np.concatenate([W.ravel(), b]) for W, b in layers])


def row_order(workload: Training) -> Array:
    """Returns the rows of every step, (steps, batch size), in the order of ``cr.train(seed=SEED)``."""
    from chainrule.rows.order import shuffled

    stream = np.random.PCG64(SEED)
    order = np.concatenate([shuffled(stream, workload.t) for _ in range(workload.epochs)])
    return order.astype(np.int32).reshape(workload.units, workload.batch_size)


def outputs(theta: Array, sizes: Sequence[int], hidden: str, X: Array) -> Array:
    """Returns N(x) for each row of X (t, n) in float64, by the plain formula and without any engine."""
    A = X.astype(np.float64)
    for i, (W, b) in enumerate(parts(theta.astype(np.float64), sizes), 1):
        Z = A @ W.T + b
        A = Z if i == len(sizes) - 1 else SIGMAS[hidden](Z)
    return A


SIGMAS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda Z: np.maximum(Z, 0.0),
    "tanh": np.tanh,
    "sigmoid": lambda Z: 0.5 * (1.0 + np.tanh(0.5 * Z)),
}


def J(workload: Training, theta: Array, X: Array, Y: Array) -> float:
    """Returns J(θ) = (1/t) Σ ½ ‖N(x) − y‖² over the first rows, in float64; it is not finite if θ is not."""
    X, Y = X[:CHECKED_ROWS], Y[:CHECKED_ROWS]
    with np.errstate(all="ignore"):
        return float(0.5 * np.square(outputs(theta, workload.sizes, workload.hidden, X) - Y).sum() / len(X))


def deviation(workload: Prediction, theta: Array, X: Array, A: Array) -> float:
    """Returns max |A − N(x)| / max |N(x)| for the outputs A (rows, m)."""
    truth = outputs(theta, workload.sizes, workload.hidden, X)
    return float(abs(np.asarray(A, dtype=np.float64).reshape(truth.shape) - truth).max() / abs(truth).max())
