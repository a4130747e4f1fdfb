"""∇²J(θ) v equals it by three other ways, on each engine, for every σ, every cost that it fits, r = 1 … 4.

These are the complex step of ∇J, differences of ∇J, and PyTorch. Examples stay away from kinks, as in test_gradients.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from support.constrained import SHAPES, random_constrained_case
from support.cost_examples import squares
from support.derivatives import torch_losses, torch_sigmas
from support.pytorch import pytorch
from support.strategies import Case, random_case, random_labels, random_network, relative_error

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import as_sparse_rows
from chainrule.activations import ACTIVATIONS
from chainrule.backprop import Hessian, backpropagate
from chainrule.costs import COSTS, Cost
from chainrule.network.forward import forward

COMPLEX_STEP, DIFFERENCES, AUTOGRAD = 1e-12, 1e-8, 1e-12  # the allowed relative errors
H = 1e-30

TABLE = [
    pytest.param(sigma, kind(), id=f"{sigma}-{kind.name}") for sigma in sorted(ACTIVATIONS) for kind in COSTS.values()
]


@functools.cache
def cases(sigma: str, cost: cr.Cost) -> list[Case]:
    """A network of r = 1 … 4 layers each (r = 2 … 4 where σ does not fit the cost as an output activation)."""
    drawn = [random_case(ACTIVATIONS[sigma], cost, r) for r in range(1, 5)]
    return [case for case in drawn if case is not None]


def direction(net: cr.Network, seed: int = 0) -> Array:
    """A random v (d,)."""
    return np.random.default_rng(seed).standard_normal(net.d)


def by_complex_step(net: cr.Network, cost: cr.Cost, X: Array, Y: Array, v: Array, w: Array | None = None) -> Array:
    """Im ∇J(θ + ihv)/h (d,)."""
    shifted = net.astype(np.complex128)
    shifted.theta = shifted.theta + 1j * H * v
    return np.asarray(backpropagate(shifted, cost, forward(shifted, X), Y, w).theta.imag / H)


def by_differences(net: cr.Network, cost: cr.Cost, X: Array, Y: Array, v: Array, h: float = 1e-4) -> Array:
    """(∇J(θ + hv) − ∇J(θ − hv))/2h (d,), extrapolated to h = 0 from h, h/2 and h/4."""

    def slope(s: float) -> Array:
        moved = net.copy()
        moved.theta = net.theta + s * v
        return backpropagate(moved, cost, forward(moved, X), Y).theta

    wide, half, quarter = ((slope(s) - slope(-s)) / (2 * s) for s in (h, h / 2, h / 4))
    finer, finest = (4 * half - wide) / 3, (4 * quarter - half) / 3
    return np.asarray((16 * finest - finer) / 15)


def by_autograd(net: cr.Network, cost: cr.Cost, X: Array, Y: Array, v: Array) -> Array:
    """∇(∇J(θ)ᵀ v) (d,) by PyTorch, which differentiates twice."""
    torch: Any = pytorch()
    theta, start = torch.tensor(net.theta, requires_grad=True), 0
    a, y, sigmas = torch.tensor(X), torch.tensor(Y), torch_sigmas(torch)
    for layer in net.layers:
        middle, end = start + layer.W.size, start + layer.W.size + layer.m
        z = torch.nn.functional.linear(a, theta[start:middle].reshape(layer.W.shape), theta[middle:end])
        a, start = sigmas[layer.sigma.name](z), end
    if isinstance(cost, cr.LogLikelihood):  # PyTorch's own is inexact when it is differentiated twice: it adds 1e-12
        J = -(y * torch.log(a) + (1 - y) * torch.log1p(-a)).sum()
    else:
        J = torch_losses(torch, cost, net.sigma[net.r].name, z, a, y).sum()
    (g,) = torch.autograd.grad(J, theta, create_graph=True)
    if not g.requires_grad:  # J is linear in θ
        return np.zeros(net.d)
    (product,) = torch.autograd.grad(g @ torch.tensor(v), theta, allow_unused=True)
    return np.zeros(net.d) if product is None else np.asarray(product.numpy())


def scale(net: cr.Network, cost: cr.Cost, X: Array, Y: Array) -> float:
    """‖∇J(θ)‖: a product that is 0 in exact numbers is rounded relative to it."""
    return float(np.linalg.norm(backpropagate(net, cost, forward(net, X), Y).theta))


@pytest.mark.parametrize(("sigma", "cost"), TABLE)
def test_the_complex_step_gives_the_same_product(sigma: str, cost: cr.Cost, engine: str) -> None:
    """∇²J(θ) v is Im ∇J(θ + ihv)/h, h = 1e-30."""
    for net, _, X, Y in cases(sigma, cost):
        v = direction(net)
        product, truth = (
            cr.hessian_vector_product(net, cost, X, Y, v, engine=engine),
            by_complex_step(net, cost, X, Y, v),
        )
        size = max(float(np.linalg.norm(truth)), scale(net, cost, X, Y))
        assert np.linalg.norm(product - truth) <= COMPLEX_STEP * size, net


@pytest.mark.parametrize(("sigma", "cost"), TABLE)
def test_differences_of_gradients_give_the_same_product(sigma: str, cost: cr.Cost, engine: str) -> None:
    """∇²J(θ) v is (∇J(θ + hv) − ∇J(θ − hv))/2h, extrapolated to h = 0."""
    for net, _, X, Y in cases(sigma, cost):
        v = 0.1 * direction(net)
        product, truth = (
            cr.hessian_vector_product(net, cost, X, Y, v, engine=engine),
            by_differences(net, cost, X, Y, v),
        )
        size = max(float(np.linalg.norm(truth)), scale(net, cost, X, Y))
        assert np.linalg.norm(product - truth) <= DIFFERENCES * size, net


@pytest.mark.parametrize(("sigma", "cost"), TABLE)
def test_autograd_gives_the_same_product(sigma: str, cost: cr.Cost, engine: str) -> None:
    """∇²J(θ) v is what PyTorch's autograd gives, differentiated twice."""
    for net, _, X, Y in cases(sigma, cost):
        v = direction(net)
        product, truth = cr.hessian_vector_product(net, cost, X, Y, v, engine=engine), by_autograd(net, cost, X, Y, v)
        size = max(float(np.linalg.norm(truth)), scale(net, cost, X, Y))
        assert np.linalg.norm(product - truth) <= AUTOGRAD * size, net


@pytest.mark.parametrize("sigma", sorted(ACTIVATIONS))
def test_the_hessian_is_symmetric(sigma: str, engine: str) -> None:
    """uᵀ ∇²J v = vᵀ ∇²J u for all u and v."""
    for net, cost, X, Y in cases(sigma, cr.SumOfSquares()):
        u, v = direction(net, 1), direction(net, 2)
        left, right = (cr.hessian_vector_product(net, cost, X, Y, w, engine=engine) for w in (v, u))
        assert u @ left == pytest.approx(v @ right, rel=1e-10, abs=1e-10 * float(np.linalg.norm(left)))


SETTINGS = [
    cr.SumOfSquares(mean=True),
    cr.SumOfSquares(l1=0.3),
    cr.SumOfSquares(l2=0.7),
    cr.SumOfSquares(mean=True, mean_penalty=True, l2=0.7),
    cr.Huber(threshold=0.3, mean=True, l2=0.2),
    cr.LogLikelihood(mean=True, l2=0.1),
    cr.CrossEntropy(label_smoothing=0.25, mean=True, l1=0.1),
    cr.Poisson(mean=True, l2=0.1),
]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("cost", SETTINGS, ids=repr)
def test_means_penalties_and_weights(cost: cr.Cost, weighted: bool, engine: str) -> None:
    """∇²J(θ) v is exact with means, penalties and weights, a weight of 0 included."""
    case = random_case(cr.tanh, cost, r=3, t=4)
    assert case is not None
    net, _, X, Y = case
    w = np.array([0.5, 2.0, 0.0, 1.25]) if weighted else None
    product = cr.hessian_vector_product(net, cost, X, Y, direction(net), w, engine=engine)
    assert relative_error(product, by_complex_step(net, cost, X, Y, direction(net), w)) <= COMPLEX_STEP


@pytest.mark.parametrize("sigma", ["tanh", "mish", "relu", "elu"])
@pytest.mark.parametrize("name", SHAPES)
def test_blocks_and_kappas(name: str, sigma: str, engine: str) -> None:
    """∇²J(θ) v is exact for block-diagonal W and parametric σ, their κ included."""
    cost = cr.SumOfSquares(l2=0.3)
    net, _, X, Y = random_constrained_case(SHAPES[name], ACTIVATIONS[sigma], cost, output=cr.sigmoid)
    v = direction(net)
    product = cr.hessian_vector_product(net, cost, X, Y, v, engine=engine)
    assert relative_error(product, by_complex_step(net, cost, X, Y, v)) <= COMPLEX_STEP


@pytest.mark.parametrize("engine", ["native", "reference"])  # engine="torch" declines sparse rows
def test_sparse_examples(engine: str) -> None:
    """Sparse X gives the product of the same dense X."""
    case = random_case(cr.tanh, cr.SumOfSquares(), r=2, t=5)
    assert case is not None
    net, cost, X, Y = case
    X = np.where(abs(X) > 0.5, X, 0.0)
    dense = cr.hessian_vector_product(net, cost, X, Y, direction(net), engine=engine)
    sparse = cr.hessian_vector_product(net, cost, scipy.sparse.csr_array(X), Y, direction(net), engine=engine)
    np.testing.assert_allclose(sparse, dense, rtol=1e-12, atol=1e-14)
    rows = as_sparse_rows(scipy.sparse.csr_array(X), "X", np.complex128)
    shifted = net.astype(np.complex128)
    shifted.theta = shifted.theta + 1j * H * direction(net)
    step = backpropagate(shifted, cost, forward(shifted, rows), Y).theta.imag / H  # complex θ and sparse rows
    assert relative_error(sparse, step) <= COMPLEX_STEP


def test_a_saturated_output_by_hand() -> None:
    """At z = 40 the sigmoid is 1; ∇²J = σ(40) σ(−40) (x², x; x, 1) comes from the closed form of δ = σ(z) − y."""
    net = cr.Network([cr.Layer([[2.0]], [0.0], "sigmoid")])
    slope = cr.sigmoid.derivative(40.0)
    product = cr.hessian_vector_product(net, "log_likelihood", [20.0], [0.0], [1.0, 0.0])
    np.testing.assert_allclose(product, [400.0 * slope, 20.0 * slope], rtol=1e-14)


def test_a_closed_form_without_its_derivative() -> None:
    """Of a cost of one's own class that knows its canonical δ alone, the complex step computes ∂δ/∂z."""

    class Plain(cr.LogLikelihood):
        canonical_hessian_product = Cost.canonical_hessian_product

    net = cr.Network.dense([2, 3, 2], hidden="tanh", output="sigmoid", seed=4)
    X, Y, v = np.eye(2), np.array([[1.0, 0.0], [0.0, 1.0]]), direction(net)
    expected = cr.hessian_vector_product(net, "log_likelihood", X, Y, v)
    np.testing.assert_allclose(cr.hessian_vector_product(net, Plain(), X, Y, v), expected, rtol=1e-12)


def test_slopes_are_evaluated_once_for_several_directions() -> None:
    """σ′ and σ″ of a hidden layer are evaluated at the beginning; products with more v evaluate neither again."""
    calls: list[str] = []

    def counted(name: str, mapping: Callable[[Array], Array]) -> Callable[[Array], Array]:
        def called(z: Array) -> Array:
            calls.append(name)
            return mapping(z)

        return called

    sigma = cr.Activation(
        lambda z: z**3, counted("σ′", lambda z: 3 * z**2), second_derivative=counted("σ″", lambda z: 6 * z)
    )
    net = cr.Network([cr.Layer(np.eye(2), [0.5, -0.5], sigma), cr.Layer(np.eye(2), [0.1, 0.2], "identity")])
    hessian = Hessian(net, cr.SumOfSquares(), forward(net, np.eye(2)), np.zeros((2, 2)), None)
    calls.clear()
    columns = np.stack([hessian @ e for e in np.eye(net.d)])
    assert calls == []
    np.testing.assert_allclose(columns, columns.T, rtol=1e-13, atol=1e-14)


def test_a_training_set_and_one_example() -> None:
    """A TrainingSet stands for X, Y and weights, and a single x for a row."""
    net = cr.Network.dense([2, 3, 1], seed=0)
    X, Y, w, v = np.eye(2), np.ones((2, 1)), np.array([2.0, 0.5]), direction(net)
    expected = cr.hessian_vector_product(net, "sum_of_squares", X, Y, v, w)
    both = cr.hessian_vector_product(net, "sum_of_squares", cr.TrainingSet(X, Y, w), v=v)
    np.testing.assert_array_equal(both, expected)
    each = [cr.hessian_vector_product(net, "sum_of_squares", x, y, v) for x, y in zip(X, Y, strict=True)]
    np.testing.assert_allclose(2.0 * each[0] + 0.5 * each[1], expected, rtol=1e-12)


def test_the_lecture_by_hand() -> None:
    """For r = 2, n = m = 1 and J = ½ (a[2] − y)² the column ∂∇J/∂b[2] is (…, σ[2]′² + (a[2] − y) σ[2]″) at b[2]."""
    net = cr.Network([cr.Layer([[0.5]], [0.1], "tanh"), cr.Layer([[-1.5]], [0.2], "sigmoid")])
    run = net.forward([0.7])
    e, (z,), (a1,) = run.a[2][0] - 0.3, run.z[2], run.a[1]
    slope, bend = cr.sigmoid.derivative(z), cr.sigmoid.second_derivative(z)
    column = cr.hessian_vector_product(net, "sum_of_squares", [0.7], [0.3], [0, 0, 0, 1.0])
    assert column[3] == pytest.approx(slope**2 + e * bend, rel=1e-14)
    assert column[2] == pytest.approx((slope**2 + e * bend) * a1, rel=1e-14)


def test_single_precision() -> None:
    """A float32 network gives a float32 product, close to that of float64."""
    rng = np.random.default_rng(0)
    net = random_network(rng, [4, 6, 3], [cr.gelu, cr.softmax])
    cost = cr.CrossEntropy()
    X, Y, v = rng.normal(size=(8, 4)), random_labels(rng, cost, 8, 3), direction(net)
    narrow = cr.hessian_vector_product(net.astype("float32"), cost, X, Y, v)
    assert narrow.dtype == np.float32
    assert relative_error(narrow, cr.hessian_vector_product(net, cost, X, Y, v)) < 1e-5


CUBE = cr.Activation(lambda z: z**3, lambda z: 3 * z**2, name="cube")
TURN = cr.VectorActivation(
    lambda z: z**2 * z[:, ::-1],
    lambda z, g: 2 * z * z[:, ::-1] * g + (z**2 * g)[:, ::-1],
    name="turn",
)


@pytest.mark.parametrize("sigma", [CUBE, TURN], ids=lambda sigma: sigma.name)
def test_second_derivatives_of_your_own_parts(sigma: cr.Activation | cr.VectorActivation) -> None:
    """σ″, ∇²(gᵀσ) u and ∂²ℓ/∂a² of a user's own σ and cost are the complex steps of their derivatives."""
    own = cr.CustomCost(squares, lambda A, Y: A - Y, name="own")
    net = random_network(np.random.default_rng(3), [3, 4, 2], [sigma, sigma])
    X, Y = np.random.default_rng(4).normal(size=(5, 3)), np.zeros((5, 2))
    v = direction(net)
    product = cr.hessian_vector_product(net, own, X, Y, v)
    assert relative_error(product, by_complex_step(net, cr.SumOfSquares(), X, Y, v)) <= COMPLEX_STEP


def refusal(hidden: Any, cost: Any) -> str:
    """The message of the InputError for a hidden σ and a cost of the user's own."""
    net = cr.Network([cr.Layer(np.eye(2), [0.5, -0.5], hidden), cr.Layer(np.eye(2), [0.1, 0.2], "identity")])
    with pytest.raises(cr.InputError) as refused:
        cr.hessian_vector_product(net, cost, np.eye(2), np.zeros((2, 2)), np.ones(net.d))
    return str(refused.value)


def absolute(z: Array) -> Array:
    """|z| without the imaginary part, for which the complex step is wrong."""
    return np.abs(z)


def test_second_derivatives_that_nobody_knows_are_refused() -> None:
    """Without a derivative, or with one that drops imaginary parts, the error names the part and the remedy."""
    no_slope = refusal(cr.Activation(lambda z: z**3, name="cube"), "sum_of_squares")
    assert "σ″ of cube needs σ′" in no_slope
    assert "second_derivative" in no_slope
    wrong = cr.Activation(lambda z: z * absolute(z) / 2, absolute, name="half")
    assert "σ″ of half is not what the complex step gives: at" in refusal(wrong, "sum_of_squares")
    assert refusal(cr.Activation(lambda z: z, lambda z: float("nan") * z.astype(np.int64), name="cast"), "huber")
    without = cr.VectorActivation(lambda z: z**2 * z[:, ::-1], name="turn", m=2)
    assert "∇²(gᵀσ) u of turn needs the pullback" in refusal(without, "sum_of_squares")
    assert "needs its derivative" in refusal("tanh", cr.CustomCost(squares, name="plain"))
    huber = cr.CustomCost(lambda A, Y: (np.sqrt(1 + (A - Y) ** 2) - 1).sum(axis=1),
                          lambda A, Y: absolute(A - Y) * np.sign((A - Y).real) / np.sqrt(1 + absolute(A - Y) ** 2),
                          name="rounded")  # fmt: skip
    assert "∂²ℓ/∂a² of cost 'rounded' is not what the complex step gives" in refusal("tanh", huber)


@pytest.mark.parametrize("v", [None, np.ones(3), np.full(13, np.nan), "v"], ids=["missing", "short", "NaN", "text"])
def test_a_wrong_direction_is_refused(v: Any) -> None:
    """v must be d finite numbers in the layout of θ; the message says so."""
    net = cr.Network.dense([2, 3, 1])
    with pytest.raises(cr.InputError, match="v must"):
        cr.hessian_vector_product(net, "sum_of_squares", np.eye(2), np.ones(2), v)
