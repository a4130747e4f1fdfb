"""The piecewise linear embeddings of numbers, for functions with thresholds, as trees represent them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from chainrule._internal.checks import Array, Floats
from chainrule.activations import Parametric
from chainrule.network import BlockDiagonal, Factors, Layer

BINS, FEATURES = 16, 4  # bins per number, and features per number
THRESHOLDS = BINS // 2  # of a tree, which take the place of every other quantile
SMALLEST_LEAF = 0.005  # of the weight of the rows
NARROWEST = 1e-2  # width of a bin, so that W stays below 200
RATE = 0.1


def piecewise(bounds: Sequence[Floats], n_others: int, rng: np.random.Generator) -> list[Layer]:
    """Returns two layers that map each number x to (x, V e(x) + c) ∈ ℝ⁴, and pass other features through.

    e(x) has one entry for each bin between two neighbouring bounds q, q′ of the number: −1 below the bin, 1 above it,
    and linear in between, the hard tanh of 2 (x − q)/(q′ − q) − 1. W, b and κ of this layer stay as they are. A unit
    beside these passes x through (κ = 0). The second layer is linear, W = diag(V₁, …) with a block (4, 1 + bins) for
    each number.

    Source: Y. Gorishniy, I. Rubachev & A. Babenko, On embeddings for numerical features in tabular deep learning,
    NeurIPS 2022 (piecewise linear encoding, with bins by quantiles and by trees).
    """
    slopes, offsets, kappa, V, c = [], [], [], [], []
    for q in bounds:
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


def quantiles(x: Array, weights: Array | None = None, bins: int = BINS) -> Floats:
    """Returns the quantiles of x (t,) that bound ``bins`` bins of equal weight, the least and the largest among them.

    They are numbers of x; a row of weight 2 counts as two. Those closer than `NARROWEST` to the one before are left
    out.

    >>> quantiles(np.array([0.0, 0.0, 0.0, 1.0, 2.0])).tolist()
    [0.0, 1.0, 2.0]
    """
    w = None if weights is None else np.asarray(weights, np.float64)
    levels = np.linspace(0.0, 1.0, 1 + bins)
    return _apart(np.quantile(np.asarray(x, np.float64), levels, method="inverted_cdf", weights=w))


def thresholds(x: Array, Y: Array, weights: Array | None = None) -> Floats:
    """Returns quantiles of x (t,) for half of the bins, and `THRESHOLDS` at which a tree divides x to predict Y (t, m).

    Each division lessens the squared error of Y most, and leaves `SMALLEST_LEAF` of the weight on either side. It lies
    midway between two neighbours; the tree sees their ranks, since it would round x to float32.

    >>> thresholds(np.arange(1000.0), np.arange(1000.0)[:, None] >= 333.0)[2:5].tolist()
    [249.0, 332.5, 374.0]
    """
    counts = np.ones(len(x), np.bool_) if weights is None else weights > 0.0
    values, ranks = np.unique(np.asarray(x, np.float64)[counts], return_inverse=True)
    tree = DecisionTreeRegressor(max_leaf_nodes=1 + THRESHOLDS, min_weight_fraction_leaf=SMALLEST_LEAF, random_state=0)
    tree.fit(ranks[:, None], _rounded(Y[counts]), sample_weight=None if weights is None else weights[counts])
    below = tree.tree_.threshold[tree.tree_.children_left >= 0].astype(np.intp)
    q = quantiles(x, weights, BINS - THRESHOLDS)
    return _apart(np.sort(np.concatenate([q, (values[below] + values[below + 1]) / 2.0])))


def _rounded(Y: Array) -> Floats:
    """Rounds Y to 24 bits below its largest entry: sums of it are exact, so that equal divisions tie in every order."""
    bits = 24 - int(np.frexp(np.abs(Y).max(initial=0.0))[1])
    rounded: Floats = np.ldexp(np.rint(np.ldexp(np.asarray(Y, np.float64), bits)), -bits)
    return rounded


def _apart(q: Floats) -> Floats:
    """Returns the numbers q, which ascend, without those closer than `NARROWEST` to the one before."""
    kept: list[float] = []
    for bound in q.tolist():
        if not kept or bound - kept[-1] >= NARROWEST:
            kept.append(bound)
    return np.array(kept)
