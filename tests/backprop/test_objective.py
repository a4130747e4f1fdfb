"""J as the lecture's map ℝᵈ → ℝ."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

# J(W, b) = ½ (3W + b − 5)² + ½ (W + b)²: ∇J(2, 1) = (6 + 3, 2 + 3), ∇²J = [[10, 4], [4, 2]]
X, Y = [[3.0], [1.0]], [[5.0], [0.0]]


def by_hand() -> cr.Objective:
    """J(W, b), at θ = (2, 1)."""
    return cr.SumOfSquares().of(cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)]), X, Y)


def test_linear_regression_by_hand() -> None:
    """J(2, 1) = ½ 2² + ½ 3² = 6.5, with its gradient and Hessian; J(0, 0) = 12.5."""
    J = by_hand()
    assert J() == J([2.0, 1.0]) == 6.5
    assert J([0.0, 0.0]) == 12.5
    assert J.gradient().tolist() == [9.0, 5.0]
    np.testing.assert_allclose(J.hessian(), [[10.0, 4.0], [4.0, 2.0]], rtol=1e-15)


def test_network_is_not_touched() -> None:
    """Neither of network and objective changes the other."""
    net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    J = cr.SumOfSquares().of(net, cr.TrainingSet(np.array(X), np.array(Y)))
    J.gradient([7.0, 7.0])
    assert net.theta.tolist() == [2.0, 1.0]
    net.theta = [0.0, 0.0]
    assert J() == 6.5
    assert J.theta.tolist() == [2.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        J.theta[0] = 1.0


@pytest.mark.parametrize("cost", [cr.SumOfSquares(), cr.CrossEntropy(mean=True, l2=0.1)], ids=str)
def test_the_same_numbers_as_the_cost_and_the_gradient(cost: cr.Cost) -> None:
    """J_theta(θ) is J(net, X, Y), its gradient ∇J, bit by bit; the Hessian is symmetric, as differences are."""
    rng = np.random.default_rng(0)
    net = cr.Network.dense([3, 4, 3], hidden="tanh", output="softmax", seed=1)
    examples, labels = rng.normal(size=(9, 3)), np.eye(3)[rng.integers(3, size=9)]
    weights = rng.uniform(size=9)
    J = cost.of(net, examples, labels, weights)
    assert J(net.theta) == cost(net, examples, labels, weights)
    assert np.array_equal(J.gradient(), cr.gradient(net, cost, examples, labels, weights).theta)
    H, h = J.hessian(), 1e-6
    np.testing.assert_allclose(H, H.T, rtol=1e-12, atol=1e-14)
    u = rng.normal(size=net.d)
    measured = (J.gradient(net.theta + h * u) - J.gradient(net.theta - h * u)) / (2 * h)
    np.testing.assert_allclose(H @ u, measured, rtol=1e-6, atol=1e-8)


def test_complex_theta() -> None:
    """Im J(θ + ih u)/h is uᵀ∇J(θ): the complex step."""
    J = by_hand()
    assert np.imag(J(J.theta + 1e-30j * np.array([1.0, 2.0]))) / 1e-30 == 9.0 + 2 * 5.0


def test_along_a_line_and_a_plane() -> None:
    """Along u and v the values are those at θ + s u + t v."""
    J = by_hand()
    s, t, values = J.along([1.0, 0.0], size=3)
    assert (s.tolist(), t) == ([-1.0, 0.0, 1.0], None)
    assert values.tolist() == [J([1.0, 1.0]), J([2.0, 1.0]), J([3.0, 1.0])]
    plane = J.along([1.0, 0.0], [0.0, 1.0], theta=[0.0, 0.0], span=0.5, size=2)
    assert plane.t is not None
    assert plane.t.tolist() == [-0.5, 0.5]
    assert plane.J.tolist() == [[J([-0.5, -0.5]), J([-0.5, 0.5])], [J([0.5, -0.5]), J([0.5, 0.5])]]


def test_wrong_arguments() -> None:
    """A θ or a direction of another shape, a span of 0 and a size of 1 are refused by name."""
    J = by_hand()
    for wrong, words in (
        (lambda: J([1.0]), r"theta must have shape \(2,\)"),
        (lambda: J([1.0, np.nan]), "theta must be finite"),
        (lambda: J.along([1.0]), r"u must be a direction in ℝᵈ, of shape \(2,\); got \(1,\)"),
        (lambda: J.along([1.0, 0.0], 3.0), "v must be a direction"),
        (lambda: J.along([1.0, 0.0], span=0.0), "span"),
        (lambda: J.along([1.0, 0.0], size=1), "size"),
    ):
        with pytest.raises(cr.InputError, match=words):
            wrong()


def test_float32_and_sparse_rows() -> None:
    """A float32 network keeps its number type, and X may be sparse."""
    sparse = pytest.importorskip("scipy.sparse")
    net = cr.Network.dense([2, 1], seed=0).astype("float32")
    dense = np.array([[0.0, 1.0], [2.0, 0.0]])
    J = cr.SumOfSquares().of(net, sparse.csr_array(dense), [[1.0], [0.0]])
    assert J.gradient().dtype == np.float32
    assert J() == pytest.approx(cr.SumOfSquares()(net, dense, [[1.0], [0.0]]), rel=1e-6)
