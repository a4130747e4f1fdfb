"""Backpropagation (Lecture, L14 – L17): δ[r] from the cost, then δ[i−1] from δ[i], and ∇J(θ) from every δ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.activations import Activation, Parametric
from chainrule.backprop.each_example import gradient_of_each
from chainrule.backprop.gradient import Gradient
from chainrule.backprop.set_to_product import set_to_product
from chainrule.costs import Cost
from chainrule.network import Network
from chainrule.network.block_diagonal import free_entries
from chainrule.network.forward import Forward, forward, silent
from chainrule.network.theta import parameter_views


@silent
def backpropagate(
    net: Network,
    cost: Cost,
    run: Forward,
    Y: Array,
    weights: Array | None = None,
    penalty_scale: float | None = None,
    masks: ByLayer[Array | None] | None = None,
) -> Gradient:
    """Computes ∇J(θ) from a finished forward pass, by the chain rule from the output layer down (L14, L15)."""
    r = net.r
    scale = cost.example_scale(weights, len(Y))
    if penalty_scale is None:
        penalty_scale = cost.penalty_scale(weights, len(Y))
    scale = scale if isinstance(scale, float) else scale[:, None]
    delta: Array = cost.output_delta(run.z[r], run.a[r], Y, net.sigma[r]) * scale  # (t, m_r)
    theta = np.empty_like(net.theta)
    W, b, kappa = parameter_views(theta, net.layout)
    if isinstance(sigma := net.sigma[r], Parametric):
        kappa[r][...] = sigma.kappa_gradient(run.z[r], cost.derivative(run.a[r], Y) * scale)
    deltas: list[Array] = [delta]
    for i in range(r, 0, -1):
        b[i][...] = delta.sum(axis=0)  # ∂J/∂b[i] = Σ δ[i]
        set_to_product(W[i], delta, run.a[i - 1])  # ∂J/∂W[i] = Σ δ[i] a[i−1]ᵀ
        if cost.l1 or cost.l2:
            entries = free_entries(W[i])
            np.add(entries, cost.penalty_gradient(free_entries(net.W[i]), penalty_scale), out=entries)
        if i > 1:
            da = delta @ net.W[i]  # ∂J/∂a[i−1] = W[i]ᵀ δ[i], (t, mᵢ₋₁)
            if masks is not None and (mask := masks[i - 1]) is not None:
                da = da * mask
            if isinstance(sigma := net.sigma[i - 1], Parametric):
                kappa[i - 1][...] = sigma.kappa_gradient(run.z[i - 1], da)  # ∂J/∂κ = Σ (σ(z) − z) ⊙ ∂J/∂a
            delta = net.sigma[i - 1].pullback(run.z[i - 1], da)  # δ[i−1] = (∂σ[i−1]/∂z[i−1])ᵀ ∂J/∂a[i−1]
            deltas.append(delta)
    J = cost.total(net, run, Y, weights, penalty_scale)
    return Gradient(J, theta, W, b, kappa, ByLayer(reversed(deltas)))


@silent
def with_outputs(
    g: Gradient, net: Network, cost: Cost, run: Forward, Y: Array, weights: Array | None, each: bool
) -> Gradient:
    """Returns the gradient with ∂J/∂a[0] … ∂J/∂a[r] and σ′(z[i]) beside the forward pass that they belong to.

    With ``each`` it also holds the part of ∇J(θ) that comes from each example.
    """
    scale = cost.example_scale(weights, len(Y))
    last = cost.derivative(run.a[net.r], Y) * (scale if isinstance(scale, float) else scale[:, None])
    below = (g.delta[i] @ net.W[i] for i in range(1, net.r + 1))  # ∂J/∂a[i−1] = W[i]ᵀ δ[i]
    slopes = ByLayer(
        sigma.derivative(z) if isinstance(sigma, Activation) else None
        for sigma, z in zip(net.sigma, run.z, strict=True)
    )
    a: ByLayer[Array] = ByLayer([*below, last], first=0)
    return replace(g, a=a, run=run, slopes=slopes, each=gradient_of_each(net, run, g.delta, a) if each else None)


@silent
def network_jacobian(net: Network, X: Rows) -> Array:
    """Computes ∂N/∂x (t, m, n); row k of each Jacobian is the pullback of the k-th unit vector of ℝᵐ."""
    run, (t, m) = forward(net, X), (len(X), net.m[-1])
    jacobian = np.empty((t, m, net.m[0]), dtype=net.dtype)
    for k in range(m):
        da = np.zeros((t, m), dtype=net.dtype)
        da[:, k] = 1.0
        for i in range(net.r, 0, -1):
            da = net.sigma[i].pullback(run.z[i], da) @ net.W[i]
        jacobian[:, k] = da
    return jacobian
