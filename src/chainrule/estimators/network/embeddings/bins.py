"""Bins of a number, for its piecewise linear embeddings: arrays (k, 2) of their lower and upper bounds."""

from __future__ import annotations

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from chainrule._internal.checks import Array, Floats

BINS = 16  # per number
THRESHOLDS = BINS // 2  # of a tree, which take the place of every other quantile
SMALLEST_LEAF = 0.005  # of the weight of the rows
NARROWEST, NARROWEST_STEP = 1e-2, 4e-3  # widths of bins, so that W stays below 200, or 500


def between_quantiles(x: Array, weights: Array | None = None) -> Floats:
    """Returns the bins between neighbouring quantiles of x (t,)."""
    return _between(quantiles(x, weights))


def between_thresholds(x: Array, Y: Array, weights: Array | None = None) -> Floats:
    """Returns the bins between quantiles of x (t,) for half of them, and `THRESHOLDS` of a tree (`divisions`).

    >>> between_thresholds(np.arange(1000.0), np.arange(1000.0)[:, None] >= 333.0)[2:4].tolist()
    [[249.0, 332.5], [332.5, 374.0]]
    """
    q = quantiles(x, weights, BINS - THRESHOLDS)
    return _between(_apart(np.sort(np.concatenate([q, divisions(x, Y, THRESHOLDS, weights).mean(axis=1)]))))


def steps(x: Array, Y: Array, weights: Array | None = None) -> Floats:
    """Returns the gaps at which a tree divides x (t,) to predict Y (t, m) (`divisions`), widened to `NARROWEST_STEP`.

    The hard tanh of such a bin is a step: it is −1 at the numbers below, and 1 at those above.

    >>> steps(np.arange(1000.0), np.arange(1000.0)[:, None] >= 333.0)[0].tolist()
    [332.0, 333.0]
    """
    gaps = divisions(x, Y, BINS, weights)
    middles, halves = gaps.mean(axis=1), np.maximum(np.diff(gaps)[:, 0], NARROWEST_STEP) / 2.0
    return np.stack([middles - halves, middles + halves], axis=1)


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


def divisions(x: Array, Y: Array, most: int, weights: Array | None = None) -> Floats:
    """Returns up to ``most`` gaps (k, 2) between neighbours in x (t,) at which a tree divides it to predict Y (t, m).

    Each division lessens the squared error of Y most, and leaves `SMALLEST_LEAF` of the weight on either side. The tree
    sees the ranks of x, since it would round x to float32.

    >>> divisions(np.array([0.0, 1.0, 5.0]), np.array([[0.0], [0.0], [1.0]]), 8).tolist()
    [[1.0, 5.0]]
    """
    counts = np.ones(len(x), np.bool_) if weights is None else weights > 0.0
    values, ranks = np.unique(np.asarray(x, np.float64)[counts], return_inverse=True)
    tree = DecisionTreeRegressor(max_leaf_nodes=1 + most, min_weight_fraction_leaf=SMALLEST_LEAF, random_state=0)
    tree.fit(ranks[:, None], _rounded(Y[counts]), sample_weight=None if weights is None else weights[counts])
    below = np.sort(tree.tree_.threshold[tree.tree_.children_left >= 0].astype(np.intp))
    return np.stack([values[below], values[below + 1]], axis=1)


def _rounded(Y: Array) -> Floats:
    """Rounds Y to 24 bits below its largest entry: sums of it are exact, so that equal divisions tie in every order."""
    bits = 24 - int(np.frexp(np.abs(Y).max(initial=0.0))[1])
    rounded: Floats = np.ldexp(np.rint(np.ldexp(np.asarray(Y, np.float64), bits)), -bits)
    return rounded


def _between(bounds: Floats) -> Floats:
    return np.stack([bounds[:-1], bounds[1:]], axis=1)


def _apart(q: Floats) -> Floats:
    """Returns the numbers q, which ascend, without those closer than `NARROWEST` to the one before."""
    kept: list[float] = []
    for bound in q.tolist():
        if not kept or bound - kept[-1] >= NARROWEST:
            kept.append(bound)
    return np.array(kept)
