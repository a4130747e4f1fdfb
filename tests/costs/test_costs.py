"""Each cost: its values by hand, its derivative by the complex step, its closed forms by the chain rule, its border."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule import costs
from chainrule.costs import check_cost

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
    cr.Poisson(),
]
CANONICAL: list[tuple[cr.Cost, Any]] = [
    (cr.LogLikelihood(), cr.sigmoid),
    (cr.CrossEntropy(), cr.softmax),
    (cr.CrossEntropy(label_smoothing=0.2), cr.softmax),
    (cr.Poisson(), cr.exp),
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


# ---- values ----------------------------------------------------------------------------------------------------------

LOG2, LOG3 = np.log(2.0), np.log(3.0)
BY_HAND: list[tuple[cr.Cost, list[float], list[float], float, list[float]]] = [
    (cr.SumOfSquares(), [3.0, -1.0], [1.0, 1.0], 4.0, [2.0, -2.0]),
    (cr.AbsoluteError(), [3.0, -1.0], [1.0, 1.5], 4.5, [1.0, -1.0]),
    (cr.AbsoluteError(), [2.0, 2.0], [2.0, 2.0], 0.0, [0.0, 0.0]),
    (cr.Huber(), [3.0, 0.5], [0.0, 0.0], 2.5 + 0.125, [1.0, 0.5]),
    (cr.Huber(threshold=2.0), [-5.0, 1.0], [0.0, 0.0], 2 * (5 - 1) + 0.5, [-2.0, 1.0]),
    (cr.Quantile(q=0.25), [1.0, 5.0], [3.0, 3.0], 0.25 * 2 + 0.75 * 2, [-0.25, 0.75]),
    (cr.Quantile(q=0.25), [3.0, 3.0], [3.0, 3.0], 0.0, [0.0, 0.0]),
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
    """At z = 0, a = ½ and softplus(0) = log 2; at z = log 3, σ = ¾."""
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
    """A certain and right a costs 0, with derivative 0 in the impossible class; a certain and wrong one costs ∞."""
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


# ---- derivatives -----------------------------------------------------------------------------------------------------


def complex_step(losses: Callable[[Array, Array], Array], A: Array, Y: Array) -> Array:
    """∂ losses/∂A, column by column."""
    slopes = np.empty(A.shape)
    for k in range(A.shape[1]):
        shifted = A.astype(complex)
        shifted[:, k] += 1j * H
        slopes[:, k] = losses(shifted, Y).imag / H
    return slopes


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_the_derivative_is_the_complex_step(cost: cr.Cost, soft: bool) -> None:
    """∂ℓ/∂a equals Im ℓ(a + ih)/h to rounding, for every cost, at labels of both kinds."""
    A, Y = examples(cost, soft)
    np.testing.assert_allclose(cost.derivative(A, Y), complex_step(cost.losses, A, Y), rtol=1e-14, atol=1e-15)
    assert check_cost(cost, A, Y) < 1e-4


@pytest.mark.parametrize("soft", [True, False])
@pytest.mark.parametrize(("cost", "sigma"), CANONICAL, ids=repr)
def test_the_closed_form_is_the_chain_rule(cost: cr.Cost, sigma: Any, soft: bool) -> None:
    """Away from rounding, ℓ(σ(z)) and (∂σ/∂z)ᵀ ∂ℓ/∂a equal the closed forms, and these their complex step."""
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


def test_a_cost_without_closed_form_says_so() -> None:
    """Asking SumOfSquares for one is a programming error with a name."""
    with pytest.raises(NotImplementedError, match="SumOfSquares"):
        cr.SumOfSquares().canonical_delta(np.zeros((1, 1)), np.zeros((1, 1)))
    with pytest.raises(NotImplementedError, match="SumOfSquares"):
        cr.SumOfSquares().canonical_losses(np.zeros((1, 1)), np.zeros((1, 1)))


# ---- exactness -------------------------------------------------------------------------------------------------------

LARGE = np.concatenate([np.geomspace(1e-300, 1e3, 60), [36.0, 37.5, 700.0, 709.0]])


@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_log_likelihood_over_sigmoid_is_exact_in_both_tails(y: float) -> None:
    """ℓ = y softplus(−z) + (1 − y) softplus(z) to 4 ulp at every z, and δ too for labels 0 and 1."""
    mp = pytest.importorskip("mpmath")
    cost, z = cr.LogLikelihood(), np.concatenate([-LARGE, LARGE])[:, None]
    Y = np.full_like(z, y)
    losses, delta = cost.canonical_losses(z, Y), cost.canonical_delta(z, Y)
    with mp.workdps(400):
        for j, zj in enumerate(z[:, 0]):
            e = mp.exp(mp.mpf(float(zj)))
            truth = y * mp.log1p(1 / e) + (1 - mp.mpf(y)) * mp.log1p(e)
            assert abs(mp.mpf(float(losses[j])) - truth) <= 4 * ULP * truth + 1e-320
            slope = e / (1 + e) - mp.mpf(y)
            scale = abs(slope) if y in (0.0, 1.0) else 1
            assert abs(mp.mpf(float(delta[j, 0])) - slope) <= 4 * ULP * scale + 1e-320


def test_cross_entropy_over_softmax_is_exact_where_it_rounds() -> None:
    """ℓ and δ to 8 ulp for one-hot labels, also where the right class has a = 1 − 1e-20 or a = 1e-300."""
    mp = pytest.importorskip("mpmath")
    rng = np.random.default_rng(2)
    Z = np.vstack([rng.normal(0, s, (6, 4)) for s in (1e-8, 1.0, 30.0, 300.0)])
    Y = np.eye(4)[rng.integers(0, 4, len(Z))]
    Y[::2] = np.eye(4)[Z[::2].argmax(axis=1)]
    cost = cr.CrossEntropy()
    losses, delta = cost.canonical_losses(Z, Y), cost.canonical_delta(Z, Y)
    with mp.workdps(700):
        for z, y, loss, d in zip(Z, Y, losses, delta, strict=True):
            e = [mp.exp(mp.mpf(float(v))) for v in z]
            right = int(y.argmax())
            truth = mp.log1p(sum(e[k] for k in range(4) if k != right) / e[right])
            # The differences z − max z are rounded in the input's own units: their rounding enters ℓ and δ absolutely.
            tolerance = 8 * ULP + 2 * ULP * float(np.ptp(z))
            assert abs(mp.mpf(float(loss)) - truth) <= tolerance * truth + 1e-320
            for k in range(4):
                slope = e[k] / sum(e) if k != right else -sum(e[i] for i in range(4) if i != right) / sum(e)
                assert abs(mp.mpf(float(d[k])) - slope) <= tolerance * abs(slope) + 1e-320


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_closed_forms_are_finite_at_any_z(dtype: type[np.floating[Any]]) -> None:
    """No log 0 and no overflow for |z| as large as ℓ itself can be in the dtype; δ is the mistake exactly."""
    big = 0.3 * np.finfo(dtype).max
    z = np.array([[big, 0.0], [0.0, big], [-big, 0.0]], dtype)
    Y = np.array([[1, 0], [1, 0], [0, 1]], dtype)
    for cost in (cr.LogLikelihood(), cr.CrossEntropy()):
        assert np.isfinite(cost.canonical_losses(z, Y)).all()
        assert np.isfinite(cost.canonical_delta(z, Y)).all()
    np.testing.assert_array_equal(cr.CrossEntropy().canonical_losses(z, Y), np.array([0, big, 0], dtype))
    np.testing.assert_array_equal(cr.CrossEntropy().canonical_delta(z, Y), [[0, 0], [-1, 1], [0, 0]])
    huge = np.array([[np.finfo(dtype).max], [-np.finfo(dtype).max]], dtype)
    for y, expected in ((0.0, [np.finfo(dtype).max, 0.0]), (1.0, [0.0, np.finfo(dtype).max])):
        np.testing.assert_array_equal(cr.LogLikelihood().canonical_losses(huge, np.full_like(huge, y)), expected)
    assert cr.CrossEntropy().canonical_losses(np.array([[-1e38, 3e38, 3e38]]), np.array([[0.0, 1, 0]]))[0] == LOG2
    far = np.array([[-np.finfo(dtype).max, np.finfo(dtype).max]])  # z − max z is −∞, but y = 0 there
    assert cr.CrossEntropy().canonical_losses(far, np.array([[0.0, 1.0]], dtype))[0] == 0.0


@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_single_precision_stays_single(cost: cr.Cost) -> None:
    """ℓ, ∂ℓ/∂a, the closed forms, the labels and the penalty's gradient keep float32, within its rounding."""
    A, Y = examples(cost)
    A32, Y32 = A.astype(np.float32), cost.targets(Y, 3, np.float32)
    assert Y32.dtype == np.float32
    results = [(cost.losses(A32, Y32), cost.losses(A, Y)), (cost.derivative(A32, Y32), cost.derivative(A, Y))]
    if cost.canonical:
        results += [
            (cost.canonical_losses(A32, Y32), cost.canonical_losses(A, Y)),
            (cost.canonical_delta(A32, Y32), cost.canonical_delta(A, Y)),
        ]
    for single, double in results:
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=2e-5, atol=2e-6)
    assert dataclasses.replace(cost, l1=0.1, l2=0.2).penalty_gradient(A32).dtype == np.float32


@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_overflow_is_an_answer_not_a_warning(cost: cr.Cost) -> None:
    """Outputs near the largest double give ∞ or a number in silence (the suite makes warnings errors)."""
    A, Y = np.full((1, 2), 1e308), np.array([[0.0, 1.0]])
    for B in (A, -A, np.zeros_like(A), np.full_like(A, np.nan)):
        cost.losses(B, Y)
        cost.derivative(B, Y)
        if cost.canonical:
            cost.canonical_losses(B, Y)
            cost.canonical_delta(B, Y)
    dataclasses.replace(cost, l1=1.0, l2=1.0).penalty([A])


# ---- PyTorch ---------------------------------------------------------------------------------------------------------


def test_costs_equal_pytorch() -> None:
    """Values and gradients of eleven losses equal PyTorch's to 1e-13."""
    torch = pytest.importorskip("torch")
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


# ---- penalties -------------------------------------------------------------------------------------------------------


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


# ---- the border ------------------------------------------------------------------------------------------------------

GOOD_LABELS: list[tuple[cr.Cost, Any, int, Any]] = [
    (cr.SumOfSquares(), [1, 2, 3], 1, [[1], [2], [3]]),
    (cr.SumOfSquares(), [[1.5], [2]], 1, [[1.5], [2]]),
    (cr.SumOfSquares(), [[1, 2], [3, 4]], 2, [[1, 2], [3, 4]]),
    (cr.LogLikelihood(), [True, False], 1, [[1], [0]]),
    (cr.LogLikelihood(), [[0.0, 0.5, 1.0]], 3, [[0, 0.5, 1]]),
    (cr.Poisson(), np.array([0, 7], np.uint8), 1, [[0], [7]]),
    (cr.CrossEntropy(), [2, 0], 3, [[0, 0, 1], [1, 0, 0]]),
    (cr.CrossEntropy(), np.array([1, 0], np.uint8), 2, [[0, 1], [1, 0]]),
    (cr.CrossEntropy(), [True, False], 2, [[0, 1], [1, 0]]),
    (cr.CrossEntropy(), [[0.25, 0.75]], 2, [[0.25, 0.75]]),
    (cr.CrossEntropy(), [[0, 1], [1, 0]], 2, [[0, 1], [1, 0]]),
    (cr.CrossEntropy(label_smoothing=0.5), [0], 2, [[1, 0]]),  # smoothing is the loss's part
]


@pytest.mark.parametrize(("cost", "Y", "m", "expected"), GOOD_LABELS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_labels_are_encoded(cost: cr.Cost, Y: Any, m: int, expected: Any, dtype: Any) -> None:
    """`targets` gives a contiguous (t, m) of the dtype (its real kin), and the same again from its own result."""
    encoded = cost.targets(Y, m, dtype)
    np.testing.assert_array_equal(encoded, expected)
    assert encoded.dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert encoded.flags.c_contiguous
    np.testing.assert_array_equal(cost.targets(encoded, m, dtype), encoded)


def test_distributions_are_scaled_to_sum_to_one() -> None:
    """Rows rounded to single precision are accepted and sum to 1 in double precision, as δ = a − y supposes."""
    Y = np.random.default_rng(0).dirichlet(np.ones(7), 20).astype(np.float32)
    encoded = cr.CrossEntropy().targets(Y, 7)
    np.testing.assert_allclose(encoded.sum(axis=1), 1.0, rtol=4 * ULP)
    np.testing.assert_allclose(encoded, Y, rtol=1e-6)


def test_labels_that_fit_are_not_copied() -> None:
    """A contiguous (t, m) array of the right dtype passes through."""
    Y = np.ones((4, 2))
    assert cr.SumOfSquares().targets(Y, 2) is Y


BAD_LABELS: list[tuple[cr.Cost, Any, int, str]] = [
    (cr.SumOfSquares(), [1.0, 2.0], 3, r"shape \(t, 3\)"),
    (cr.SumOfSquares(), [1, 2], 3, "CrossEntropy"),
    (cr.SumOfSquares(), [[1.0, 2.0]], 3, r"shape \(t, 3\)"),
    (cr.SumOfSquares(), 1.0, 1, "shape"),
    (cr.SumOfSquares(), np.zeros((2, 2, 1)), 1, "shape"),
    (cr.SumOfSquares(), np.zeros((0, 1)), 1, "at least one example"),
    (cr.SumOfSquares(), [], 1, "at least one example"),
    (cr.SumOfSquares(), [np.nan], 1, "finite"),
    (cr.SumOfSquares(), [[1.0], [np.inf]], 1, r"finite.*index \(1, 0\)"),
    (cr.SumOfSquares(), ["a", "b"], 1, "Encode"),
    (cr.SumOfSquares(), [1 + 2j], 1, "real"),
    (cr.SumOfSquares(), [[1.0], [1.0, 2.0]], 1, "different lengths"),
    (cr.LogLikelihood(), [0, 2], 1, r"\[0, 1\].*got 2 at index \(1, 0\).*CrossEntropy"),
    (cr.LogLikelihood(), [-1, 1], 1, r"\[0, 1\].*got -1"),
    (cr.Poisson(), [3.0, -0.5], 1, r"\[0, inf\).*got -0.5.*SumOfSquares"),
    (cr.CrossEntropy(), [0, 3], 3, "0 … 2.*got 3 at index 1"),
    (cr.CrossEntropy(), [-1, 0], 3, "got -1 at index 0"),
    (cr.CrossEntropy(), [0.0, 1.0], 2, "astype"),
    (cr.CrossEntropy(), ["cat", "dog"], 2, "np.unique"),
    (cr.CrossEntropy(), np.array([], int), 2, "at least one example"),
    (cr.CrossEntropy(), [[0], [1]], 2, r"Y\[:, 0\]"),
    (cr.CrossEntropy(), [[0.5, 0.6]], 2, "sum to 1; got the sum 1.1 in row 0"),
    (cr.CrossEntropy(), [[1.5, -0.5]], 2, r"\[0, 1\]"),
    (cr.CrossEntropy(), [[0.5, np.nan]], 2, "finite"),
    (cr.CrossEntropy(), [[0.5, 0.5], [1.0]], 2, "different lengths"),
    (cr.CrossEntropy(), [[0.2, 0.3, 0.5]], 2, "shape"),
]


@pytest.mark.parametrize(("cost", "Y", "m", "message"), BAD_LABELS, ids=repr)
def test_bad_labels_are_refused(cost: cr.Cost, Y: Any, m: int, message: str) -> None:
    """The error names Y, what was expected, what came and what to do."""
    with pytest.raises(cr.InputError, match=message) as refusal:
        cost.targets(Y, m)
    assert str(refusal.value).startswith("Y ")


def test_a_label_too_large_for_single_precision_is_refused() -> None:
    """1e300 is finite, but not in float32."""
    with pytest.raises(cr.InputError, match="does not fit into float32"):
        cr.SumOfSquares().targets([1e300], 1, np.float32)


OWN = cr.Activation(lambda z: 0.5 + 0.5 * np.sin(z), lambda z: 0.5 * np.cos(z), name="own")
OWN_RANGE = cr.Activation(np.sin, np.cos, name="own", range=(-1.0, 1.0))


@pytest.mark.parametrize(
    ("cost", "sigma", "m"),
    [
        *((cost, sigma, 1) for cost in (cr.SumOfSquares(), cr.Huber()) for sigma in (cr.identity, cr.relu)),
        (cr.LogLikelihood(), cr.sigmoid, 1),
        (cr.LogLikelihood(), cr.softmax, 3),
        (cr.LogLikelihood(), cr.gaussian, 2),
        (cr.LogLikelihood(), OWN, 1),
        (cr.CrossEntropy(), cr.softmax, 2),
        (cr.CrossEntropy(), OWN, 2),
        (cr.Poisson(), cr.exp, 1),
        (cr.Poisson(), cr.softplus, 1),
    ],
    ids=repr,
)  # fmt: skip
def test_outputs_that_fit_are_accepted(cost: cr.Cost, sigma: Any, m: int) -> None:
    """Built-in σ by their range; a user's σ without a stated range is trusted."""
    cost.check_output(sigma, m)


@pytest.mark.parametrize(
    ("cost", "sigma", "m", "message"),
    [
        (cr.LogLikelihood(), cr.identity, 1, r'\[0, 1\].*identity.*output="sigmoid"'),
        (cr.LogLikelihood(), cr.tanh, 1, 'output="sigmoid"'),
        (cr.LogLikelihood(), cr.relu, 1, 'output="sigmoid"'),
        (cr.LogLikelihood(), OWN_RANGE, 1, 'output="sigmoid"'),
        (cr.CrossEntropy(), cr.identity, 3, 'output="softmax"'),
        (cr.CrossEntropy(), cr.log_softmax, 3, 'log_softmax.*output="softmax"'),
        (cr.CrossEntropy(), cr.sigmoid, 3, 'sum to 1.*sigmoid.*output="softmax".*LogLikelihood'),
        (cr.CrossEntropy(), cr.softmax, 1, "m ≥ 2; got m = 1.*LogLikelihood"),
        (cr.Poisson(), cr.identity, 1, r'\[0, inf\).*output="exp"'),
        (cr.Poisson(), cr.tanh, 1, 'output="exp"'),
    ],
    ids=repr,
)
def test_outputs_that_do_not_fit_are_refused(cost: cr.Cost, sigma: Any, m: int, message: str) -> None:
    """The error names the cost, σ[r] and the output to take instead."""
    with pytest.raises(cr.InputError, match=message):
        cost.check_output(sigma, m)


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        (lambda: cr.SumOfSquares(l1=-1.0), "l1"),
        (lambda: cr.SumOfSquares(l2=-0.1), "l2"),
        (lambda: cr.SumOfSquares(l2=np.inf), "l2"),
        (lambda: cr.SumOfSquares(l1=np.nan), "l1"),
        (lambda: cr.SumOfSquares(l2="0.1"), "l2"),  # type: ignore[arg-type]
        (lambda: cr.SumOfSquares(mean=1), "mean"),  # type: ignore[arg-type]
        (lambda: cr.Huber(threshold=0.0), "threshold"),
        (lambda: cr.Huber(-1.0), "threshold"),
        (lambda: cr.Quantile(q=0.0), "q"),
        (lambda: cr.Quantile(q=1.0), "q"),
        (lambda: cr.Quantile(q=np.nan), "q"),
        (lambda: cr.CrossEntropy(label_smoothing=1.0), "label_smoothing"),
        (lambda: cr.CrossEntropy(label_smoothing=-0.1), "label_smoothing"),
        (lambda: cr.CustomCost(3), "losses"),  # type: ignore[arg-type]
        (lambda: cr.CustomCost(squares, 3), "derivative"),  # type: ignore[arg-type]
        (lambda: cr.CustomCost(squares, name=""), "name"),
        (lambda: cr.CustomCost(squares, l2=-1.0), "l2"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[], cr.Cost], symbol: str) -> None:
    """The error begins with the setting's name."""
    with pytest.raises(cr.InputError, match=rf"^{symbol} must"):
        make()


# ---- costs as values -------------------------------------------------------------------------------------------------


def test_costs_are_frozen_values() -> None:
    """Equal settings make equal costs with equal hashes; nothing can be assigned; numbers become floats."""
    assert cr.Huber(2, l2=np.float64(0.5)) == cr.Huber(threshold=2.0, l2=0.5)
    assert hash(cr.Huber(2)) == hash(cr.Huber(2.0))
    assert cr.Huber(2.0) != cr.Huber(1.0)
    assert len({cr.SumOfSquares(), cr.AbsoluteError(), cr.SumOfSquares()}) == 2
    assert type(cr.SumOfSquares(l2=np.float64(0.5)).l2) is float
    with pytest.raises(dataclasses.FrozenInstanceError):
        cr.SumOfSquares().l2 = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("cost", [*ALL, cr.Huber(0.1, mean=True, l1=0.5)], ids=repr)
def test_the_representation_makes_the_cost_again(cost: cr.Cost) -> None:
    """repr shows what was asked for, as one would write it."""
    assert eval(repr(cost), vars(costs)) == cost  # noqa: S307  # our own text


def test_costs_by_name() -> None:
    """Each name gives the cost with its defaults; a cost passes through; an unknown name hears the nearest one."""
    assert {name: costs.get(name).name for name in costs.COSTS} == {name: name for name in costs.COSTS}
    assert costs.get("cross_entropy") == cr.CrossEntropy()
    own = cr.Huber(3.0)
    assert costs.get(own) is own
    with pytest.raises(cr.UnknownName, match="did you mean 'sum_of_squares'"):
        costs.get("sum_of_square")
    with pytest.raises(cr.InputError, match="cost must be a cost"):
        costs.get(cr.Huber)  # type: ignore[arg-type]


def test_J_worked_by_hand() -> None:
    """J(net, X, Y) is the sum, the weighted sum, or the weighted mean of the losses, plus the penalty on W alone."""
    net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])  # N(x) = 2x + 1
    X, Y = [[0.0], [1.0]], [0.0, 1.0]  # e = 1, 2
    assert cr.SumOfSquares()(net, X, Y) == 2.5
    assert cr.SumOfSquares(mean=True)(net, X, Y) == 1.25
    assert cr.SumOfSquares()(net, X, Y, weights=[2.0, 1.0]) == 3.0
    assert cr.SumOfSquares(mean=True)(net, X, Y, weights=[3.0, 1.0]) == (1.5 + 2.0) / 4
    assert cr.SumOfSquares(mean=True, l1=1.0, l2=0.5)(net, X, Y) == 1.25 + 2.0 + 1.0


# ---- a user's own ----------------------------------------------------------------------------------------------------


def squares(A: Array, Y: Array) -> Array:
    """½ ‖a − y‖²."""
    half: Array = 0.5 * ((A - Y) ** 2).sum(axis=1)
    return half


def test_a_custom_cost_is_the_built_in_one() -> None:
    """With and without its derivative the user's sum of squares has the losses and δ of the built-in one."""
    A, Y = examples(cr.SumOfSquares())
    for own in (cr.CustomCost(squares), cr.CustomCost(squares, lambda A, Y: A - Y)):
        np.testing.assert_allclose(own.losses(A, Y), cr.SumOfSquares().losses(A, Y), rtol=1e-15)
        np.testing.assert_allclose(own.derivative(A, Y), A - Y, rtol=1e-15)
        single = own.derivative(A.astype(np.float32), Y.astype(np.float32))
        assert single.dtype == np.float32
        own.check_output(cr.relu, 3)
        assert not own.closed_form(cr.sigmoid)


def test_a_custom_cost_is_a_value() -> None:
    """Name, penalties and equality work as for the built-in ones."""
    own = cr.CustomCost(squares, name="mine", mean=True, l2=0.5)
    assert repr(own) == "CustomCost(mine, mean=True, l2=0.5)"
    assert (own.name, own.mean, own.l2) == ("mine", True, 0.5)
    assert own == cr.CustomCost(squares, name="mine", mean=True, l2=0.5)
    assert own != cr.CustomCost(squares, name="other", mean=True, l2=0.5)
    assert hash(own) == hash(cr.CustomCost(squares, name="mine", mean=True, l2=0.5))
    assert own.penalty([np.array([[2.0]])]) == 1.0


def test_a_custom_cost_may_have_kinks() -> None:
    """A derivative between the one-sided ones at the kink is accepted, one outside is not."""
    A, Y = np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]])
    good = cr.CustomCost(lambda A, Y: abs(A - Y).sum(axis=1), lambda A, Y: np.sign(A - Y))
    np.testing.assert_array_equal(good.derivative(A, Y), [[0.0], [1.0]])
    bad = cr.CustomCost(lambda A, Y: abs(A - Y).sum(axis=1), lambda A, Y: np.where(A == Y, 2.0, np.sign(A - Y)))
    with pytest.raises(cr.InputError, match="got 2 at a = 1, y = 1"):
        bad.derivative(A, Y)


@pytest.mark.parametrize(
    ("losses", "derivative", "message"),
    [
        (squares, lambda A, Y: 2 * (A - Y), "must be ∂ℓ/∂a; got.*Correct it"),
        (squares, lambda A, Y: np.full_like(A, np.nan), "got nan"),
        (squares, lambda A, Y: (A - Y).sum(axis=1), r"shape of A, \(5, 2\)"),
        (lambda A, Y: abs(A - Y).sum(axis=1), None, "give derivative"),
        (lambda A, Y: np.asarray((A - Y).astype(float) ** 2).sum(axis=1), None, "give derivative"),
        (lambda A, Y: squares(A, Y).sum(), lambda A, Y: A - Y, r"one number per example, shape \(5,\)"),
        (lambda A, Y: (A - Y) ** 2, None, r"Sum over the outputs only"),
        (lambda A, Y: squares(A, Y) / len(A), lambda A, Y: (A - Y) / len(A), "that example alone"),
        (lambda A, Y: squares(A, Y + "x"), None, "failed on A"),
    ],
)
def test_bad_custom_costs_are_refused_at_first_use(losses: Any, derivative: Any, message: str) -> None:
    """The first use of the derivative finds what is wrong, and says where and what to do."""
    A, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
    with pytest.raises(cr.InputError, match=message):
        cr.CustomCost(losses, derivative).derivative(A, Y)


def test_the_check_skips_what_has_no_differences() -> None:
    """At a = 1e-9 the left quotient of −log a is no number; outputs that are not finite are training's to report."""
    own = cr.CustomCost(lambda A, Y: -np.log(A).sum(axis=1), lambda A, Y: -1 / A)
    np.testing.assert_allclose(own.derivative(np.array([[1e-9]]), np.array([[0.0]])), [[-1e9]])
    fresh = cr.CustomCost(squares)
    assert np.isnan(fresh.derivative(np.array([[np.nan]]), np.array([[0.0]]))).all()


def test_the_check_needs_a_table() -> None:
    """A and Y of `check_cost` have the same shape (t, m)."""
    with pytest.raises(cr.InputError, match="same shape"):
        check_cost(cr.SumOfSquares(), np.zeros((2, 2)), np.zeros((2, 1)))


def test_complex_outputs_need_a_written_derivative() -> None:
    """The complex step cannot be taken inside a complex step."""
    A, Y = np.array([[1.0 + 1j]]), np.array([[0.0]])
    with pytest.raises(cr.InputError, match="give derivative"):
        cr.CustomCost(squares).derivative(A, Y)
    np.testing.assert_array_equal(cr.CustomCost(squares, lambda A, Y: A - Y).derivative(A, Y), A)
