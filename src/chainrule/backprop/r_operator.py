"""The R-operator: ∇²J(θ) v as the derivative R f(θ) = d/ds f(θ + s v) at s = 0 of both passes (Lecture, L14 – L17).

Each line of the forward pass and of backpropagation has its R beside it, by the product rule and the chain rule; v is
(V[i], v_b[i], v_κ[i]), in the layout of θ. Source: B. A. Pearlmutter, Fast exact multiplication by the Hessian, 1994.
"""

from __future__ import annotations

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.activations import Parametric
from chainrule.backprop.set_to_product import set_to_product
from chainrule.costs import Cost
from chainrule.network import Network
from chainrule.network.block_diagonal import free_entries
from chainrule.network.forward import Forward, silent
from chainrule.network.theta import parameter_views


@silent
def forward_along(net: Network, run: Forward, v: Array) -> Forward:
    """Computes R z[i] and R a[i] of a finished forward pass, each (t, mᵢ); R a[0] = 0 is left out: ``a`` begins at 1.

    R z[i] = R a[i−1] W[i]ᵀ + a[i−1] V[i]ᵀ + v_b[i],   R a[i] = (∂σ[i]/∂z[i]) R z[i] + (σ(z[i]) − z[i]) ⊙ v_κ[i].
    """
    V, v_b, v_kappa = parameter_views(v, net.layout)
    Rz: list[Array] = []
    Ra: list[Array] = []
    for i in range(1, net.r + 1):
        change = run.a[i - 1] @ V[i].T + v_b[i]
        if i > 1:
            change = change + Ra[-1] @ net.W[i].T
        Rz.append(change)
        Ra.append(net.sigma[i].pushforward(run.z[i], change))
        if isinstance(sigma := net.sigma[i], Parametric):
            Ra[-1] = Ra[-1] + sigma.kappa_slope(run.z[i]) * v_kappa[i]
    return Forward(ByLayer(Rz), ByLayer(Ra))


@silent
def hessian_vector(
    net: Network,
    cost: Cost,
    run: Forward,
    Y: Array,
    weights: Array | None,
    v: Array,
    penalty_scale: float | None = None,
) -> Array:
    """Computes ∇²J(θ) v (d,) from a finished forward pass; v (d,) has the number type of θ.

    With g = ∂J/∂a[i]:   R δ[i] = (∂σ/∂z)ᵀ R g + ∇²(gᵀσ)(z[i]) R z[i],   R (W[i]ᵀ δ[i]) = W[i]ᵀ R δ[i] + V[i]ᵀ δ[i],
    R ∂J/∂b[i] = Σ R δ[i],   R ∂J/∂W[i] = Σ R δ[i] a[i−1]ᵀ + δ[i] R a[i−1]ᵀ.
    """
    r, along = net.r, forward_along(net, run, v)
    V, _, v_kappa = parameter_views(v, net.layout)
    product = np.empty_like(net.theta)
    RW, Rb, Rkappa = parameter_views(product, net.layout)
    scale = cost.example_scale(weights, len(Y))
    scale = scale if isinstance(scale, float) else scale[:, None]
    if penalty_scale is None:
        penalty_scale = cost.penalty_scale(weights, len(Y))
    penalty = penalty_scale * cost.l2  # λ₁|W| is linear between its kinks

    is_closed = cost.closed_form(net.sigma[r])
    if is_closed:
        delta: Array = cost.canonical_delta(run.z[r], Y) * scale
        Rdelta: Array = cost.canonical_hessian_product(run.z[r], Y, along.z[r]) * scale
    else:
        g, Rg = cost.derivative(run.a[r], Y) * scale, cost.hessian_product(run.a[r], Y, along.a[r]) * scale
    for i in range(r, 0, -1):
        if i < r or not is_closed:
            sigma, z, Rz = net.sigma[i], run.z[i], along.z[i]
            delta = sigma.pullback(z, g)  # δ[i] = (∂σ[i]/∂z[i])ᵀ ∂J/∂a[i], (t, mᵢ)
            Rdelta = sigma.pullback(z, Rg) + sigma.hessian_product(z, g, Rz)
            if isinstance(sigma, Parametric):
                kappa_slope, Rkappa_slope = sigma.kappa_slope(z), sigma.kappa_slope_derivative(z)
                Rdelta = Rdelta + Rkappa_slope * v_kappa[i] * g
                Rkappa[i][...] = (Rkappa_slope * Rz * g + kappa_slope * Rg).sum(axis=0)
        Rb[i][...] = Rdelta.sum(axis=0)
        if i == 1:
            set_to_product(RW[i], Rdelta, run.a[0])
        else:
            set_to_product(RW[i], np.concatenate([Rdelta, delta]), np.concatenate([run.a[i - 1], along.a[i - 1]]))
            g, Rg = delta @ net.W[i], Rdelta @ net.W[i] + delta @ V[i]
        if penalty:
            np.add(free_entries(RW[i]), penalty * free_entries(V[i]), out=free_entries(RW[i]))
    return product
