"""∇J(θ) in three ways that are independent of backpropagation: complex steps, central differences, PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.network.forward import forward

Masks = ByLayer[Array | None] | None

H = 1e-30  # the error of a complex step is O(h²), which vanishes in float64


def complex_step(
    net: cr.Network, cost: cr.Cost, X: Array, Y: Array, weights: Array | None = None, masks: Masks = None
) -> tuple[Array, Array]:
    """∂J/∂θₖ = Im J(θ + ih eₖ)/h for each k, and ∂J/∂x likewise: (d,) and (t, n)."""
    shifted, inputs = net.astype(np.complex128), X.astype(np.complex128)

    def slope() -> float:
        return float(np.imag(cost.total(shifted, forward(shifted, inputs, masks), Y, weights)) / H)

    return _entry_by_entry(shifted.theta, 1j * H, slope), _entry_by_entry(inputs, 1j * H, slope)


def central_differences(
    net: cr.Network, cost: cr.Cost, X: Array, Y: Array, weights: Array | None = None, h: float = 5e-4
) -> Array:
    """∂J/∂θₖ (d,) by central differences D(h) and D(h/2), as Richardson's (4 D(h/2) − D(h))/3: an error of order h⁴."""
    moved = net.copy()

    def J() -> float:
        return float(cost.total(moved, forward(moved, X), Y, weights))

    def difference(k: int, step: float) -> float:
        theta_k = moved.theta[k]
        moved.theta[k] = above = theta_k + step
        J_above = J()
        moved.theta[k] = below = theta_k - step
        J_below = J()
        moved.theta[k] = theta_k
        return float((J_above - J_below) / (above - below))

    return np.array([(4 * difference(k, h / 2) - difference(k, h)) / 3 for k in range(net.d)])


def _entry_by_entry(values: Array, step: complex, slope: Callable[[], float]) -> Array:
    """The results of ``slope`` with each entry of ``values`` moved by ``step`` in turn, in the shape of ``values``."""
    slopes = np.empty(values.shape)
    for k in np.ndindex(values.shape):
        value = values[k]
        values[k] = value + step
        slopes[k] = slope()
        values[k] = value
    return slopes


def torch_sigmas(torch: Any) -> dict[str, Callable[[Any], Any]]:
    """Every activation of the catalogue by PyTorch's own functions."""
    F = torch.nn.functional
    return {
        "identity": lambda z: z,
        "relu": F.relu,
        "leaky_relu": F.leaky_relu,
        "elu": F.elu,
        "selu": F.selu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "gelu": F.gelu,
        "silu": F.silu,
        "mish": F.mish,
        "hard_tanh": F.hardtanh,
        "gaussian": lambda z: torch.exp(-z * z),
        "sine": torch.sin,
        "exp": torch.exp,
        "softmax": lambda z: F.softmax(z, dim=1),
        "log_softmax": lambda z: F.log_softmax(z, dim=1),
        "layer_norm": lambda z: F.layer_norm(z, z.shape[1:], eps=1e-5),
    }


def torch_losses(torch: Any, cost: cr.Cost, sigma: str, z: Any, a: Any, y: Any) -> Any:
    """ℓ of each example (t,) by PyTorch's own functions, over z[r] if PyTorch defines it so."""
    F = torch.nn.functional
    entries: Any
    if isinstance(cost, cr.LogLikelihood) and sigma == "sigmoid":
        entries = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    elif isinstance(cost, cr.LogLikelihood):
        entries = F.binary_cross_entropy(a, y, reduction="none")
    elif isinstance(cost, cr.CrossEntropy):
        return F.cross_entropy(z, y, label_smoothing=cost.label_smoothing, reduction="none")
    elif isinstance(cost, cr.Poisson):
        entries = F.poisson_nll_loss(a, y, log_input=False, eps=0.0, reduction="none")
    elif isinstance(cost, cr.SumOfSquares):
        entries = 0.5 * F.mse_loss(a, y, reduction="none")
    elif isinstance(cost, cr.AbsoluteError):
        entries = F.l1_loss(a, y, reduction="none")
    elif isinstance(cost, cr.Huber):
        entries = F.huber_loss(a, y, delta=cost.threshold, reduction="none")
    elif isinstance(cost, cr.Quantile):
        q = torch.tensor(cost.q, dtype=a.dtype)
        entries = torch.maximum(q * (y - a), (q - 1) * (y - a))
    else:
        entries = torch.log(torch.cosh(a - y))  # the CustomCost of the tests
    return entries.sum(dim=1)


def torch_gradient(
    torch: Any, net: cr.Network, cost: cr.Cost, X: Array, Y: Array, weights: Array | None = None
) -> tuple[Array, Array]:
    """∇J(θ) (d,) and ∂J/∂x (t, n) by PyTorch's autograd."""
    layers = [(torch.tensor(L.W, requires_grad=True), torch.tensor(L.b, requires_grad=True)) for L in net.layers]
    x, y = torch.tensor(X, requires_grad=True), torch.tensor(Y)
    z, a, sigmas = x, x, torch_sigmas(torch)
    for (W, b), sigma in zip(layers, net.sigma, strict=True):
        z = torch.nn.functional.linear(a, W, b)
        a = sigmas[sigma.name](z)
    w = torch.ones(len(X), dtype=y.dtype) if weights is None else torch.tensor(weights)
    losses = torch_losses(torch, cost, net.sigma[net.r].name, z, a, y)
    J = (w * losses).sum() / (w.sum() if cost.mean else 1.0)
    J = J + sum(cost.l1 * W.abs().sum() + 0.5 * cost.l2 * (W * W).sum() for W, _ in layers)
    J.backward()
    return np.concatenate([p.grad.numpy().ravel() for layer in layers for p in layer]), x.grad.numpy()
