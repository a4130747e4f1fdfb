"""∇J(θ) by backpropagation equals ∇J(θ) by three independent ways, for every σ, every cost that it fits, r = 1 … 5.

The relative error is ‖g − g*‖ / ‖g*‖. Examples stay away from kinks, so that J is smooth around them: kinked σ and
costs are analytic there and take the complex step like the others.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.derivatives import central_differences, complex_step, torch_gradient
from support.rounding import rounding_bounds
from support.strategies import (
    Case,
    example_counts,
    layer_counts,
    layer_sizes,
    random_case,
    random_labels,
    random_network,
    relative_error,
    seeds,
    sigma_names,
)

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.backprop import backpropagate
from chainrule.costs import COSTS
from chainrule.engines.minibatches import dropout_masks
from chainrule.network.forward import forward
from chainrule.network.theta import parameter_views

COMPLEX_STEP, DIFFERENCES, AUTOGRAD = 1e-13, 1e-8, 1e-12  # the allowed relative errors

LOG_COSH = cr.CustomCost(lambda A, Y: np.log(np.cosh(A - Y)).sum(axis=1), name="log_cosh")  # ∂ℓ/∂a by the complex step
TABLE = [
    pytest.param(sigma, cost, id=f"{sigma}-{cost.name}")
    for sigma in sorted(ACTIVATIONS)
    for cost in (*(kind() for kind in COSTS.values()), LOG_COSH)
]


@functools.cache
def cases(sigma: str, cost: cr.Cost) -> list[Case]:
    """A network of r = 1 … 5 layers each (r = 2 … 5 where σ does not fit the cost as an output activation)."""
    drawn = [random_case(ACTIVATIONS[sigma], cost, r) for r in range(1, 6)]
    return [case for case in drawn if case is not None]


@pytest.mark.parametrize(("sigma", "cost"), TABLE)
def test_the_complex_step_gives_the_same_gradient(sigma: str, cost: cr.Cost) -> None:
    """∇J(θ) and ∂J/∂x are Im J(θ + ih eₖ)/h, h = 1e-30, to 1e-13; so is each ∂J/∂W[i] and ∂J/∂b[i] by itself."""
    for net, _, X, Y in cases(sigma, cost):
        g, (theta, x) = cr.gradient(net, cost, X, Y, wrt_x=True, engine="reference"), complex_step(net, cost, X, Y)
        assert relative_error(g.theta, theta) <= COMPLEX_STEP, net
        assert g.x is not None
        assert relative_error(g.x, x) <= COMPLEX_STEP, net
        W, b, _ = parameter_views(theta, net.layout)
        for i in range(1, net.r + 1):
            assert relative_error(g.W[i], W[i]) <= COMPLEX_STEP, (net, i)
            assert relative_error(g.b[i], b[i]) <= COMPLEX_STEP, (net, i)


@pytest.mark.parametrize(("sigma", "cost"), TABLE)
def test_central_differences_give_the_same_gradient(sigma: str, cost: cr.Cost) -> None:
    """∇J(θ) is (J(θ + h eₖ) − J(θ − h eₖ))/2h, extrapolated to h = 0, to 1e-8."""
    for net, _, X, Y in cases(sigma, cost):
        g = cr.gradient(net, cost, X, Y, engine="reference")
        assert relative_error(g.theta, central_differences(net, cost, X, Y)) <= DIFFERENCES, net


@pytest.mark.parametrize(("sigma", "cost"), TABLE)
def test_autograd_gives_the_same_gradient(sigma: str, cost: cr.Cost) -> None:
    """∇J(θ) and ∂J/∂x are those of PyTorch's autograd, σ and cost in PyTorch's own words, to 1e-12."""
    torch = pytest.importorskip("torch")
    for net, _, X, Y in cases(sigma, cost):
        g = cr.gradient(net, cost, X, Y, wrt_x=True, engine="reference")
        theta, x = torch_gradient(torch, net, cost, X, Y)
        assert relative_error(g.theta, theta) <= AUTOGRAD, net
        assert g.x is not None
        assert relative_error(g.x, x) <= AUTOGRAD, net


SETTINGS = [
    cr.SumOfSquares(mean=True),
    cr.SumOfSquares(l1=0.3),
    cr.SumOfSquares(l2=0.7),
    cr.AbsoluteError(mean=True, l1=0.1, l2=0.2),
    cr.Huber(threshold=0.3, mean=True),
    cr.Quantile(q=0.2, l2=0.5),
    cr.LogLikelihood(mean=True, l2=0.1),
    cr.CrossEntropy(label_smoothing=0.1),
    cr.CrossEntropy(label_smoothing=0.25, mean=True, l1=0.1),
    cr.Poisson(mean=True, l2=0.1),
]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("cost", SETTINGS, ids=repr)
def test_means_penalties_and_weights(cost: cr.Cost, weighted: bool) -> None:
    """∇J(θ) is exact with means, penalties, label smoothing, thresholds and weights, a weight of 0 included."""
    case = random_case(cr.tanh, cost, r=3, t=4)
    assert case is not None
    net, _, X, Y = case
    w = np.array([0.5, 2.0, 0.0, 1.25]) if weighted else None
    g = cr.gradient(net, cost, X, Y, w, engine="reference")
    assert relative_error(g.theta, complex_step(net, cost, X, Y, w)[0]) <= COMPLEX_STEP
    assert relative_error(g.theta, central_differences(net, cost, X, Y, w)) <= DIFFERENCES
    torch = pytest.importorskip("torch")
    assert relative_error(g.theta, torch_gradient(torch, net, cost, X, Y, w)[0]) <= AUTOGRAD


@pytest.mark.parametrize("sigma", sorted(ACTIVATIONS))
def test_dropout_masks_enter_the_gradient(sigma: str) -> None:
    """With the masks of one key held fixed, ∇J(θ) is the gradient of the thinned network."""
    case = random_case(ACTIVATIONS[sigma], cr.SumOfSquares(), r=3, t=4)
    assert case is not None
    net, cost, X, Y = case
    thinned = cr.Network(cr.Layer(L.W, L.b, L.sigma, 0.4 if i < 2 else 0.0) for i, L in enumerate(net.layers))
    masks = dropout_masks(12345, thinned, len(X), [0.4, 0.4, 0.0])
    assert any(mask is not None and (mask == 0).any() for mask in masks)
    g = backpropagate(thinned, cost, forward(thinned, X, masks), Y, masks=masks)
    assert relative_error(g.theta, complex_step(thinned, cost, X, Y, masks=masks)[0]) <= COMPLEX_STEP


@pytest.mark.parametrize("sigma", sorted(ACTIVATIONS))
def test_the_jacobian_of_a_network(sigma: str) -> None:
    """Column l of ∂N/∂x is Im N(x + ih eₗ)/h, to 1e-13, for one example and for many."""
    for net, _, X, _ in cases(sigma, COSTS["sum_of_squares"]()):
        jacobian, shifted = net.jacobian(X), net.astype(np.complex128)
        truth = np.stack([forward(shifted, X + 1e-30j * e).a[net.r].imag / 1e-30 for e in np.eye(net.m[0])], axis=2)
        assert relative_error(jacobian, truth) <= COMPLEX_STEP, net
        np.testing.assert_allclose(net.jacobian(X[0]), jacobian[0], rtol=1e-12, atol=1e-14)


@settings(max_examples=60)
@given(r=layer_counts, t=example_counts, seed=seeds, data=st.data())
def test_any_structure(r: int, t: int, seed: int, data: st.DataObject) -> None:
    """Each entry of ∇J(θ) is exact to its rounding for any sizes 1 … 6, any σ in each layer and any examples.

    Both it and the complex step are rounded, a product of complex numbers up to three times more than one of reals.
    """
    m = data.draw(st.lists(layer_sizes, min_size=r + 1, max_size=r + 1), label="m")
    sigmas = [ACTIVATIONS[data.draw(sigma_names(m_i), label=f"sigma[{i}]")] for i, m_i in enumerate(m[1:], 1)]
    rng = np.random.default_rng(seed)
    net, cost = random_network(rng, m, sigmas), cr.SumOfSquares()
    X, Y = rng.normal(size=(t, m[0])), random_labels(rng, cost, t, m[-1])
    g = cr.gradient(net, cost, X, Y, engine="reference")
    bound = 4 * rounding_bounds(net, cost, X, Y, None, None, net.dtype).theta
    assert (abs(g.theta - complex_step(net, cost, X, Y)[0]) <= bound).all()
