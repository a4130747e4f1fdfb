"""Initial values from data in the estimators: from rows drawn at random, not from the first ones."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule._internal.sparse_rows import SparseRows
from chainrule.estimators.examples import Examples
from chainrule.estimators.network.initial_network import ROWS_FOR_INITIAL, Shape, network
from chainrule.estimators.network.recipes.presets import preset

T = 20_000
SIMPLE = preset("best", "regression", T)[3]


def test_the_rows_are_drawn_from_all() -> None:
    """The units of a layer have unit variance over every tenth row of a sorted table, to 5 standard errors."""
    X = np.sort(np.random.default_rng(0).normal(size=T))[:, None] * [1.0, 2.0]
    net = network(SIMPLE, Shape(2, 2, 1), "regression", Examples(X, X[:, :1], None), 0, "float64")
    np.testing.assert_allclose(net.forward(X[::10]).z[2].std(axis=0), 1.0, atol=5 * (2 * ROWS_FOR_INITIAL) ** -0.5)


def test_a_seed_draws_the_same_rows() -> None:
    """Equal seeds give equal values, others draw other rows."""
    X = np.random.default_rng(0).normal(size=(T, 2))
    examples = Examples(X, X[:, :1], None)
    first, again, other = (network(SIMPLE, Shape(2, 2, 1), "regression", examples, k, "float64") for k in (1, 1, 2))
    assert first.theta.tobytes() == again.theta.tobytes()
    assert first.theta.tobytes() != other.theta.tobytes()


def test_sparse_rows_are_the_dense_rows() -> None:
    """Sparse rows give the values of the same rows as an array."""
    X = np.random.default_rng(0).normal(size=(3_000, 4)) * (np.arange(4) < 2)
    rows = SparseRows(np.arange(0, 6_001, 2), np.tile(np.arange(2, dtype=np.int32), 3_000), X[:, :2].ravel(), X.shape)
    sparse, dense = (
        network(SIMPLE, Shape(4, 4, 1), "regression", Examples(Z, X[:, :1], None), 1, "float64") for Z in (rows, X)
    )
    assert sparse.theta.tobytes() == dense.theta.tobytes()
