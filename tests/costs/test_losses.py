"""Losses, derivatives, closed forms and penalties: by hand, by complex steps, by the chain rule and by PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.cost_examples import ALL, LOG2, LOG3, ULP, Array, H, complex_step, examples
from support.pytorch import pytorch

import chainrule as cr
from chainrule.costs import check_cost

CANONICAL: list[tuple[cr.Cost, Any]] = [
    (cr.LogLikelihood(), cr.sigmoid),
    (cr.CrossEntropy(), cr.softmax),
    (cr.CrossEntropy(label_smoothing=0.2), cr.softmax),
    (cr.Poisson(), cr.exp),
]
BY_HAND: list[tuple[cr.Cost, list[float], list[float], float, list[float]]] = [
    (cr.SumOfSquares(), [3.0, -1.0], [1.0, 1.0], 4.0, [2.0, -2.0]),
    (cr.AbsoluteError(), [3.0, -1.0], [1.0, 1.5], 4.5, [1.0, -1.0]),
    (cr.AbsoluteError(), [2.0, 2.0], [2.0, 2.0], 0.0, [0.0, 0.0]),
    (cr.Huber(), [3.0, 0.5], [0.0, 0.0], 2.5 + 0.125, [1.0, 0.5]),
    (cr.Huber(threshold=2.0), [-5.0, 1.0], [0.0, 0.0], 2 * (5 - 1) + 0.5, [-2.0, 1.0]),
    (cr.Quantile(q=0.25), [1.0, 5.0], [3.0, 3.0], 0.25 * 2 + 0.75 * 2, [-0.25, 0.75]),
    (cr.Quantile(q=0.25), [3.0, 3.0], [3.0, 3.0], 0.0, [0.0, 0.0]),
    (cr.Quantile(q=(0.25, 0.5)), [1.0, 5.0], [3.0, 3.0], 0.25 * 2 + 0.5 * 2, [-0.25, 0.5]),
    (cr.Poisson(), [2.0, 4.0], [1.0, 0.0], 2 - LOG2 + 4, [0.5, 1.0]),
    (cr.LogLikelihood(), [0.5, 0.25], [1.0, 0.0], LOG2 + np.log(4 / 3), [-2.0, 4 / 3]),
    (cr.LogLikelihood(), [0.25, 0.25], [0.5, 0.5], np.log(4) + np.log(4 / 3), [2 / 3 - 2, 2 / 3 - 2]),
    (cr.CrossEntropy(), [0.25, 0.75], [1.0, 0.0], np.log(4.0), [-4.0, 0.0]),
    (cr.CrossEntropy(label_smoothing=0.5), [0.25, 0.75], [1.0, 0.0], 0.75 * 2 * LOG2 + 0.25 * (2 * LOG2 - LOG3),
     [-3.0, -1 / 3]),
]  # fmt: skip


@pytest.mark.parametrize(("cost", "a", "y", "loss", "slope"), BY_HAND, ids=lambda v: repr(v)[:40])
def test_losses_and_derivatives_worked_by_hand(
    cost: cr.Cost, a: list[float], y: list[float], loss: float, slope: list[float]
) -> None:
    """ℓ(a, y) and ∂ℓ/∂a of one example are the numbers worked by hand."""
    A, Y = np.array([a]), np.array([y])
    np.testing.assert_allclose(cost.losses(A, Y), [loss], rtol=2 * ULP)
    np.testing.assert_allclose(cost.derivative(A, Y), [slope], rtol=2 * ULP)


def test_closed_forms_worked_by_hand() -> None:
    """The closed forms are the numbers worked by hand: a = ½ and softplus(0) = log 2 at z = 0, a = ¾ at z = log 3."""
    z, y = np.array([[0.0, LOG3]]), np.array([[1.0, 0.0]])
    J: cr.Cost = cr.LogLikelihood()
    np.testing.assert_allclose(J.canonical_losses(z, y), [LOG2 + 2 * LOG2], rtol=2 * ULP)
    np.testing.assert_allclose(J.canonical_delta(z, y), [[-0.5, 0.75]], rtol=2 * ULP)
    J = cr.CrossEntropy()  # softmax(0, log 3) = (¼, ¾)
    np.testing.assert_allclose(J.canonical_losses(z, y), [2 * LOG2], rtol=2 * ULP)
    np.testing.assert_allclose(J.canonical_delta(z, y), [[-0.75, 0.75]], rtol=2 * ULP)
    J = cr.Poisson()
    np.testing.assert_allclose(J.canonical_losses(z, np.array([[2.0, 1.0]])), [1 + 3 - LOG3], rtol=2 * ULP)
    np.testing.assert_allclose(J.canonical_delta(z, np.array([[2.0, 1.0]])), [[-1.0, 2.0]], rtol=2 * ULP)


def test_zero_times_log_zero_is_zero_and_the_impossible_costs_infinity() -> None:
    """A certain, right output has loss 0, with derivative 0 in the impossible class; a certain, wrong one has ∞."""
    sure = np.array([[1.0, 0.0]])
    for cost in (cr.LogLikelihood(), cr.CrossEntropy()):
        assert cost.losses(sure, sure)[0] == 0.0
        assert cost.losses(sure, sure[:, ::-1])[0] == np.inf
    np.testing.assert_array_equal(cr.LogLikelihood().derivative(sure, sure), [[-1.0, 1.0]])
    np.testing.assert_array_equal(cr.CrossEntropy().derivative(sure, sure), [[-1.0, 0.0]])
    zero, one = np.array([[0.0]]), np.array([[1.0]])
    assert cr.Poisson().losses(zero, zero)[0] == 0.0
    assert cr.Poisson().derivative(zero, zero)[0, 0] == 1.0
    assert cr.Poisson().losses(zero, one)[0] == np.inf


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_the_derivative_is_the_complex_step(cost: cr.Cost, soft: bool) -> None:
    """∂ℓ/∂a equals Im ℓ(a + ih)/h to rounding, for every cost and for hard and soft labels."""
    A, Y = examples(cost, soft)
    np.testing.assert_allclose(cost.derivative(A, Y), complex_step(cost.losses, A, Y), rtol=1e-14, atol=1e-15)
    assert check_cost(cost, A, Y) < 1e-4


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize(("cost", "sigma"), CANONICAL, ids=repr)
def test_the_closed_form_is_the_chain_rule(cost: cr.Cost, sigma: Any, soft: bool) -> None:
    """The closed forms equal ℓ(σ(z)) and (∂σ/∂z)ᵀ ∂ℓ/∂a, and the complex step of the closed ℓ, up to rounding."""
    _, Y = examples(cost, soft, t=50)
    Z = np.random.default_rng(1).normal(0.0, 3.0, Y.shape)
    A = sigma(Z)
    np.testing.assert_allclose(cost.canonical_losses(Z, Y), cost.losses(A, Y), rtol=1e-12, atol=1e-15)
    chain = sigma.pullback(Z, cost.derivative(A, Y))
    np.testing.assert_allclose(cost.canonical_delta(Z, Y), chain, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(
        cost.canonical_delta(Z, Y), complex_step(cost.canonical_losses, Z, Y), rtol=1e-12, atol=1e-15
    )
    np.testing.assert_array_equal(cost.example_losses(Z, A, Y, sigma), cost.canonical_losses(Z, Y))
    np.testing.assert_array_equal(cost.output_delta(Z, A, Y, sigma), cost.canonical_delta(Z, Y))


def test_only_the_built_in_canonical_output_takes_the_closed_form() -> None:
    """A user's σ of the same name, and another built-in σ, go through ∂ℓ/∂a and the pullback."""
    own = cr.Activation(lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2, name="sigmoid")
    cost, Z, Y = cr.LogLikelihood(), np.array([[0.3], [-1.2]]), np.array([[1.0], [0.0]])
    assert cost.closed_form(cr.sigmoid)
    assert not cost.closed_form(own)
    assert not cost.closed_form(cr.softmax)
    A = own(Z)
    np.testing.assert_array_equal(cost.output_delta(Z, A, Y, own), own.pullback(Z, cost.derivative(A, Y)))
    np.testing.assert_array_equal(cost.example_losses(Z, A, Y, own), cost.losses(A, Y))
    np.testing.assert_allclose(cost.output_delta(Z, A, Y, own), cost.output_delta(Z, A, Y, cr.sigmoid), rtol=1e-14)


def test_a_cost_without_closed_form_refuses_one() -> None:
    """The closed form of SumOfSquares is a NotImplementedError that names the cost."""
    with pytest.raises(NotImplementedError, match="SumOfSquares"):
        cr.SumOfSquares().canonical_delta(np.zeros((1, 1)), np.zeros((1, 1)))
    with pytest.raises(NotImplementedError, match="SumOfSquares"):
        cr.SumOfSquares().canonical_losses(np.zeros((1, 1)), np.zeros((1, 1)))


def test_costs_equal_pytorch() -> None:
    """Values and gradients of eleven losses equal PyTorch's to 1e-13."""
    torch = pytorch()
    F = torch.nn.functional
    logits = F.binary_cross_entropy_with_logits
    rng = np.random.default_rng(3)
    real, other = rng.normal(0, 2, (9, 4)), rng.normal(0, 2, (9, 4))
    yes, classes, counts = rng.integers(0, 2, (9, 4)).astype(float), rng.integers(0, 4, 9), rng.poisson(2.0, (9, 4))
    unit, shares = rng.uniform(0.1, 0.9, (9, 4)), rng.dirichlet(np.ones(4), 9)
    one_hot, labels, n = np.eye(4)[classes], torch.from_numpy(classes), counts.astype(float)
    CE = cr.CrossEntropy(label_smoothing=0.1)

    def both(cost: cr.Cost) -> tuple[Any, Any]:
        return cost.losses, cost.derivative

    def closed(cost: cr.Cost) -> tuple[Any, Any]:
        return cost.canonical_losses, cost.canonical_delta

    table: list[tuple[tuple[Any, Any], Array, Array, Callable[[Any, Any], Any]]] = [
        (both(cr.SumOfSquares()), real, other, lambda a, y: 0.5 * F.mse_loss(a, y, reduction="sum")),
        (both(cr.AbsoluteError()), real, other, lambda a, y: F.l1_loss(a, y, reduction="sum")),
        (both(cr.Huber(0.7)), real, other, lambda a, y: F.huber_loss(a, y, reduction="sum", delta=0.7)),
        (both(cr.LogLikelihood()), unit, shares, lambda a, y: F.binary_cross_entropy(a, y, reduction="sum")),
        (closed(cr.LogLikelihood()), real, yes, lambda z, y: logits(z, y, reduction="sum")),
        (closed(cr.CrossEntropy()), real, one_hot, lambda z, y: F.cross_entropy(z, labels, reduction="sum")),
        (closed(cr.CrossEntropy()), real, shares, lambda z, y: F.cross_entropy(z, y, reduction="sum")),
        (closed(CE), real, one_hot, lambda z, y: F.cross_entropy(z, labels, reduction="sum", label_smoothing=0.1)),
        (closed(CE), real, shares, lambda z, y: F.cross_entropy(z, y, reduction="sum", label_smoothing=0.1)),
        (both(cr.Poisson()), unit, n, lambda a, y: F.poisson_nll_loss(a, y, False, eps=0.0, reduction="sum")),
        (closed(cr.Poisson()), real, n, lambda z, y: F.poisson_nll_loss(z, y, True, reduction="sum")),
    ]
    for (losses, slope), A, Y, peer in table:
        a = torch.from_numpy(A).requires_grad_()
        J = peer(a, torch.from_numpy(Y))
        J.backward()
        np.testing.assert_allclose(losses(A, Y).sum(), J.item(), rtol=1e-13)
        np.testing.assert_allclose(slope(A, Y), a.grad.numpy(), rtol=1e-13, atol=1e-14)


def test_penalties_worked_by_hand() -> None:
    """λ₁ Σ|W| + λ₂/2 Σ‖W‖² over the layers, with gradient λ₁ sign(W) + λ₂ W, which is 0 for |W| at W = 0."""
    cost, W = cr.SumOfSquares(l1=0.5, l2=0.25), [np.array([[1.0, -2.0]]), np.array([[0.0], [4.0]])]
    assert cost.penalty(W) == 0.5 * (1 + 2 + 4) + 0.125 * (1 + 4 + 16)
    np.testing.assert_array_equal(cost.penalty_gradient(W[0]), [[0.75, -1.0]])
    np.testing.assert_array_equal(cost.penalty_gradient(W[1]), [[0.0], [1.5]])
    assert cr.SumOfSquares().penalty(W) == 0.0
    np.testing.assert_array_equal(cr.SumOfSquares().penalty_gradient(W[0]), [[0.0, 0.0]])
    stepped = complex(cost.penalty([W[0] + np.array([[1j * H, 0.0]])]))
    assert stepped.imag / H == pytest.approx(0.75, rel=1e-15)


def test_J_worked_by_hand() -> None:
    """J(net, X, Y) is the sum, the weighted sum, or the weighted mean of the losses, plus the penalty on W alone."""
    net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])  # N(x) = 2x + 1
    X, Y = [[0.0], [1.0]], [0.0, 1.0]  # e = 1, 2
    assert cr.SumOfSquares()(net, X, Y) == 2.5
    assert cr.SumOfSquares(mean=True)(net, X, Y) == 1.25
    assert cr.SumOfSquares()(net, X, Y, weights=[2.0, 1.0]) == 3.0
    assert cr.SumOfSquares(mean=True)(net, X, Y, weights=[3.0, 1.0]) == (1.5 + 2.0) / 4
    assert cr.SumOfSquares(mean=True, l1=1.0, l2=0.5)(net, X, Y) == 1.25 + 2.0 + 1.0


@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_second_derivatives_are_complex_steps(cost: cr.Cost) -> None:
    """(∂²ℓ/∂a²) u is Im ∂ℓ/∂a(a + ihu)/h away from kinks; in closed form (∂δ/∂z) u is Im δ(z + ihu)/h."""
    A, Y = examples(cost)
    U = np.random.default_rng(1).standard_normal(A.shape)
    truth = np.imag(cost.derivative(A + 1e-30j * U, Y)) / 1e-30
    np.testing.assert_allclose(cost.hessian_product(A, Y, U), truth, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(cr.Cost.hessian_product(cost, A, Y, U), truth, rtol=1e-13, atol=1e-15)
    if cost.canonical is not None:
        Z = 3 * np.random.default_rng(2).standard_normal(A.shape)
        truth = cost.canonical_delta(Z + 1e-30j * U, Y).imag / 1e-30
        np.testing.assert_allclose(cost.canonical_hessian_product(Z, Y, U), truth, rtol=1e-12, atol=1e-15)
        by_default = cr.Cost.canonical_hessian_product(cost, Z, Y, U)
        np.testing.assert_allclose(by_default, truth, rtol=1e-12, atol=1e-15)


def test_a_wrong_cost_has_no_second_derivative() -> None:
    """A derivative of a subclass that drops imaginary parts is refused, with both numbers and the remedy."""

    class Wrong(cr.SumOfSquares):
        def derivative(self, A: Array, Y: Array) -> Array:
            return np.asarray((A - Y).real)

        hessian_product = cr.Cost.hessian_product

    with pytest.raises(cr.InputError, match=r"gives 0, differences give 1\. Define hessian_product"):
        Wrong().hessian_product(np.array([[3.0]]), np.array([[1.0]]), np.array([[1.0]]))
