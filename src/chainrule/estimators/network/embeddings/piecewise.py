"""The piecewise linear embedding of numbers, for functions with thresholds, as trees represent them."""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array, Floats
from chainrule.activations import Parametric
from chainrule.network import BlockDiagonal, Factors, Layer

BINS, FEATURES = 16, 4  # bins per number, and features per number
NARROWEST = 1e-2  # width of a bin, so that W stays below 200
RATE = 0.1


def piecewise(X: Array, weights: Array | None, n_others: int, rng: np.random.Generator) -> list[Layer]:
    """Returns two layers that map each number x to (x, V e(x) + c) ∈ ℝ⁴, and pass other features through.

    e(x) has one entry for each bin between two neighbouring quantiles q, q′ of the rows X (t, n), of weights (t,): −1
    below the bin, 1 above it, and linear in between, the hard tanh of 2 (x − q)/(q′ − q) − 1. W, b and κ of this layer
    stay as they are. A unit beside these passes x through (κ = 0). The second layer is linear, W = diag(V₁, …) with a
    block (4, 1 + bins) for each number.

    Source: Y. Gorishniy, I. Rubachev & A. Babenko, On embeddings for numerical features in tabular deep learning,
    NeurIPS 2022 (piecewise linear encoding).
    """
    slopes, offsets, kappa, V, c = [], [], [], [], []
    for x in X.T:
        q = edges(x, weights)
        width = np.diff(q)
        slopes.append(np.concatenate([[1.0], 2.0 / width]))
        offsets.append(np.concatenate([[0.0], -2.0 * q[:-1] / width - 1.0]))
        kappa.append(np.concatenate([[0.0], np.ones(len(width))]))
        block = rng.uniform(-1.0, 1.0, (FEATURES, 1 + len(width))) / math.sqrt(max(1, len(width)))
        block[:, 0] = 0.0
        block[0] = 0.0
        block[0, 0] = 1.0
        V.append(block)
        c.append(np.concatenate([[0.0], rng.uniform(-1.0, 1.0, FEATURES - 1) / math.sqrt(BINS)]))
    passed: list[Array] = [np.ones((1, 1))] * n_others
    zeros = np.zeros(n_others)
    return [
        Layer(
            BlockDiagonal([*(w[:, None] for w in slopes), *passed]),
            np.concatenate([*offsets, zeros]),
            Parametric("hard_tanh"),
            kappa=np.concatenate([*kappa, zeros]),
            rate=Factors(W=0.0, b=0.0, kappa=0.0),
        ),
        Layer(
            BlockDiagonal([*V, *passed]),
            np.concatenate([*c, zeros]),
            "identity",
            rate=Factors(W=RATE, b=RATE),
        ),
    ]


def edges(x: Array, weights: Array | None = None) -> Floats:
    """Returns the quantiles of x (t,) that bound its bins, without those closer than `NARROWEST` to the one before.

    They are numbers of x; a row of weight 2 counts as two.

    >>> edges(np.array([0.0, 0.0, 0.0, 1.0, 2.0])).tolist()
    [0.0, 1.0, 2.0]
    """
    kept: list[float] = []
    w = None if weights is None else np.asarray(weights, np.float64)
    levels = np.linspace(0.0, 1.0, 1 + BINS)
    quantiles: Floats = np.quantile(np.asarray(x, np.float64), levels, method="inverted_cdf", weights=w)
    for q in quantiles.tolist():
        if not kept or q - kept[-1] >= NARROWEST:
            kept.append(q)
    return np.array(kept)
