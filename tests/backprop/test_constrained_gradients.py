"""∇J(θ) with block-diagonal W and parametric σ against complex steps, central differences and PyTorch's autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, blocks_of, random_constrained_case
from support.derivatives import central_differences, complex_step, torch_losses, torch_sigmas
from support.strategies import Case, relative_error

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS
from chainrule.backprop import backpropagate
from chainrule.engines.minibatches import dropout_masks
from chainrule.network.block_diagonal import Runs
from chainrule.network.forward import forward
from chainrule.network.theta import parameter_views

COMPLEX_STEP, DIFFERENCES, AUTOGRAD = 1e-13, 1e-8, 1e-12  # the allowed relative errors

SIGMAS = sorted(name for name, sigma in ACTIVATIONS.items() if sigma.entrywise and name != "exp")
W_AND_SIGMA = [
    *(pytest.param(runs, cr.sine, cr.SumOfSquares(), id=name) for name, runs in SHAPES.items()),
    *(pytest.param(SHAPES["a mixture"], cr.Parametric(s), cr.SumOfSquares(mean=True), id=s) for s in SIGMAS),
    pytest.param(SHAPES["columns"], cr.softmax, cr.AbsoluteError(l1=0.3, l2=0.7), id="softmax, penalties"),
    pytest.param(SHAPES["squares"], cr.Parametric("mish"), cr.Huber(threshold=0.3, l2=0.5), id="mish, penalties"),
    pytest.param(SHAPES["rows"], cr.Parametric("selu"), cr.Quantile(q=0.2, mean=True, l1=0.1), id="selu, penalties"),
]
cases = pytest.mark.parametrize(("runs", "sigma", "cost"), W_AND_SIGMA)


WEIGHTS = np.array([0.5, 2.0, 0.0, 1.25])


@cases
def test_the_complex_step_gives_the_same_gradient(runs: Runs, sigma: cr.Activation, cost: cr.Cost) -> None:
    """∇J(θ) and ∂J/∂x are those of the complex step, to 1e-13; so is each ∂J/∂W[i], ∂J/∂b[i], ∂J/∂κ[i] by itself."""
    net, _, X, Y = random_constrained_case(runs, sigma, cost)
    for w in (None, WEIGHTS):
        g = cr.gradient(net, cost, X, Y, w, wrt_x=True, engine="reference")
        theta, x = complex_step(net, cost, X, Y, w)
        assert relative_error(g.theta, theta) <= COMPLEX_STEP
        assert g.x is not None
        assert relative_error(g.x, x) <= COMPLEX_STEP
        W, b, kappa = parameter_views(theta, net.layout)
        for i in range(1, net.r + 1):
            assert relative_error(g.b[i], b[i]) <= COMPLEX_STEP, i
            assert relative_error(g.kappa[i], kappa[i]) <= COMPLEX_STEP, i
        assert relative_error(blocks_of(g.W[1]).entries, blocks_of(W[1]).entries) <= COMPLEX_STEP


@cases
def test_differences_and_autograd_give_the_same_gradient(runs: Runs, sigma: cr.Activation, cost: cr.Cost) -> None:
    """∇J(θ) is that of central differences, to 1e-8, and with ∂J/∂x that of PyTorch's autograd, to 1e-12."""
    net, _, X, Y = random_constrained_case(runs, sigma, cost)
    g = cr.gradient(net, cost, X, Y, WEIGHTS, wrt_x=True, engine="reference")
    assert relative_error(g.theta, central_differences(net, cost, X, Y, WEIGHTS)) <= DIFFERENCES
    torch = pytest.importorskip("torch")
    theta, x = torch_gradient(torch, Case(net, cost, X, Y), WEIGHTS)
    assert relative_error(g.theta, theta) <= AUTOGRAD
    assert g.x is not None
    assert relative_error(g.x, x) <= AUTOGRAD


def torch_gradient(torch: Any, case: Case, weights: Array | None) -> tuple[Array, Array]:
    """∇J(θ) (d,) and ∂J/∂x (t, n) by PyTorch's autograd; W is put together from its blocks by ``block_diag``."""
    net, cost, X, Y = case
    theta = torch.tensor(net.theta, requires_grad=True)
    x, y, start = torch.tensor(X, requires_grad=True), torch.tensor(Y), 0
    a, penalty, sigmas = x, 0.0, torch_sigmas(torch)
    for part, sigma in zip(net.layout, net.sigma, strict=True):
        entries = theta[start : start + part.entries]
        b = theta[start + part.entries : start + part.entries + part.m]
        kappa = theta[start + part.entries + part.m : start + part.d]
        start += part.d
        blocks, first = [], 0
        for count, p, q in part.runs or ((1, part.m, part.n),):
            for _ in range(count):
                blocks.append(entries[first : first + p * q].reshape(p, q))
                first += p * q
        z = torch.nn.functional.linear(a, torch.block_diag(*blocks), b)
        inner = sigma.sigma if isinstance(sigma, cr.Parametric) else sigma
        value = sigmas[inner.name](z)
        a = (1 - kappa) * z + kappa * value if isinstance(sigma, cr.Parametric) else value
        penalty = penalty + cost.l1 * entries.abs().sum() + 0.5 * cost.l2 * (entries * entries).sum()
    w = torch.ones(len(X), dtype=y.dtype) if weights is None else torch.tensor(weights)
    losses = torch_losses(torch, cost, "", z, a, y)
    J = (w * losses).sum() / (w.sum() if cost.mean else 1.0) + penalty
    J.backward()
    return theta.grad.numpy(), x.grad.numpy()


@pytest.mark.parametrize("name", SHAPES)
def test_dropout_masks_enter_the_gradient(name: str) -> None:
    """With masks on block-diagonal and parametric layers, ∇J(θ) is the gradient of the thinned network."""
    net, cost, X, Y = random_constrained_case(SHAPES[name], cr.tanh, cr.SumOfSquares())
    masks = dropout_masks(12345, net, len(X), [0.4, 0.4, 0.0])
    assert any(mask is not None and (mask == 0).any() for mask in masks)
    g = backpropagate(net, cost, forward(net, X, masks), Y, masks=masks)
    assert relative_error(g.theta, complex_step(net, cost, X, Y, masks=masks)[0]) <= COMPLEX_STEP


@pytest.mark.parametrize("name", SHAPES)
def test_the_jacobian_of_a_network(name: str) -> None:
    """Column l of ∂N/∂x is Im N(x + ih eₗ)/h, to 1e-13."""
    net, _, X, _ = random_constrained_case(SHAPES[name], cr.sine, cr.SumOfSquares(), output=cr.sigmoid)
    shifted = net.astype(np.complex128)
    truth = np.stack([forward(shifted, X + 1e-30j * e).a[net.r].imag / 1e-30 for e in np.eye(net.m[0])], axis=2)
    assert relative_error(net.jacobian(X), truth) <= COMPLEX_STEP
