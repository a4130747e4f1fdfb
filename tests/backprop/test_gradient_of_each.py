"""∇J of each example alone."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array

X, Y = [[1.0], [2.0]], [[1.0], [5.0]]


def constrained_case() -> tuple[cr.Network, Array, Array, Array]:
    """A network with a block-diagonal W[1] and a κ[2], with X, Y and weights, one of them 0."""
    rng = np.random.default_rng(4)
    net = cr.Network(
        [
            cr.Layer(cr.BlockDiagonal([rng.normal(size=(1, 2)), rng.normal(size=(2, 1))]), rng.normal(size=3), cr.tanh),
            cr.Layer(rng.normal(size=(2, 3)), rng.normal(size=2), cr.Parametric("sigmoid")),
        ]
    )
    labels = rng.normal(size=(6, 2))
    return net, rng.normal(size=(6, 3)), labels, np.array([1.0, 0.0, 2.0, 0.5, 1.5, 3.0])


def test_two_examples_by_hand() -> None:
    """N(x) = 2x: δ = 2 − 1 = 1 and 4 − 5 = −1, so that the two gradients are (1, 1) and (−2, −1)."""
    net = cr.Network([cr.Layer([[2.0]], [0.0], cr.identity)])
    g = cr.gradient(net, cr.SumOfSquares(), X, Y, each=True)
    assert g.each is not None
    assert g.each.tolist() == [[1.0, 1.0], [-2.0, -1.0]]
    assert g.theta.tolist() == [-1.0, 0.0]


@pytest.mark.parametrize("mean", [False, True])
def test_gradients_add_up(mean: bool) -> None:
    """The rows of ``each`` add up to ∇J(θ), and each is ∇J of its example alone, times its share."""
    cost = cr.SumOfSquares(mean=mean)
    net, X, Y, w = constrained_case()
    g = cr.gradient(net, cost, X, Y, w, each=True)
    assert g.each is not None
    np.testing.assert_allclose(g.each.sum(axis=0), g.theta, rtol=1e-13, atol=1e-14)
    for j in range(len(X)):
        share = w[j] / (w.sum() if mean else 1.0)
        alone = cr.gradient(net, cr.SumOfSquares(), X[j], Y[j]).theta
        np.testing.assert_allclose(g.each[j], share * alone, rtol=1e-13, atol=1e-15)


def test_penalties_belong_to_no_example() -> None:
    """With l2 the rows add up to ∇J(θ) less λ₂ W."""
    net = cr.Network([cr.Layer([[2.0]], [0.0], cr.identity)])
    g = cr.gradient(net, cr.SumOfSquares(l2=3.0), X, Y, each=True)
    assert g.each is not None
    assert (g.theta - g.each.sum(axis=0)).tolist() == [6.0, 0.0]


def test_one_example_has_one_row() -> None:
    """For a single x, ``each`` is ∇J(θ) itself, (d,); and it is None unless it is asked for."""
    net = cr.Network.dense([2, 3, 1], hidden="tanh", seed=0)
    g = cr.gradient(net, cr.SumOfSquares(), [1.0, 2.0], [3.0], each=True)
    assert g.each is not None
    np.testing.assert_allclose(g.each, g.theta, rtol=1e-14)
    assert cr.gradient(net, cr.SumOfSquares(), [1.0, 2.0], [3.0]).each is None


def test_sparse_rows() -> None:
    """The rows of a sparse X give the same numbers as those of the dense one."""
    sparse = pytest.importorskip("scipy.sparse")
    net = cr.Network.dense([3, 2, 1], hidden="tanh", seed=0)
    dense = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    one = cr.gradient(net, cr.SumOfSquares(), dense, [[1.0], [2.0]], each=True).each
    other = cr.gradient(net, cr.SumOfSquares(), sparse.csr_array(dense), [[1.0], [2.0]], each=True).each
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(other, one, rtol=1e-14, atol=1e-16)
