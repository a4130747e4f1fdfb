"""Backpropagation (Lecture, L14 – L17): δ[r] from the cost, then δ[i−1] from δ[i], and ∇J(θ) from all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs
from chainrule.activations import Parametric
from chainrule.block_diagonal import BlockDiagonal, Matrix, free_entries
from chainrule.by_layer import ByLayer
from chainrule.checks import Array, as_array, as_weights, check_rows
from chainrule.errors import InputError
from chainrule.forward import Forward, forward, silent
from chainrule.network import Network, as_network
from chainrule.parameters import parameter_views

if TYPE_CHECKING:
    from chainrule.costs import Cost


@dataclass(frozen=True, eq=False)
class Gradient:
    """∇J(θ) and the steps that lead to it.

    ``J`` is J(θ); ``theta`` (d,) is ∇J(θ), of which ``W[i]`` = ∂J/∂W[i] (mᵢ, mᵢ₋₁), ``b[i]`` = ∂J/∂b[i] (mᵢ,) and
    ``kappa[i]`` = ∂J/∂κ[i] (mᵢ,), or (0,) where σ[i] has no κ, are views; where W[i] is a `BlockDiagonal`, so is its
    gradient. Row j of ``delta[i]`` (t, mᵢ) is ∂J/∂z[i] at example j; ``x`` (t, n), on request, is ∂J/∂x.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    >>> g = cr.gradient(net, cr.SumOfSquares(), [[3.0]], [[5.0]], wrt_x=True)
    >>> g.theta, g.x                                                       # ∂J/∂x = W δ
    (array([6., 2.]), array([[4.]]))

    Source: Lecture, L14, L15, L17.
    """

    J: float
    theta: Array
    W: ByLayer[Matrix]
    b: ByLayer[Array]
    kappa: ByLayer[Array]
    delta: ByLayer[Array]
    x: Array | None = None


@silent
def gradient(
    net: Network,
    cost: Cost | str,
    X: ArrayLike,
    Y: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    wrt_x: bool = False,
    engine: str = "auto",
) -> Gradient:
    """∇J(θ) by the chain rule, layer by layer, with every δ[i] on the way.

    δ[r] = (∂σ[r]/∂z[r])ᵀ ∂J/∂a[r],   δ[i] = (∂σ[i]/∂z[i])ᵀ W[i+1]ᵀ δ[i+1],
    ∂J/∂b[i] = Σ δ[i],   ∂J/∂W[i] = Σ δ[i] a[i−1]ᵀ,   ∂J/∂κ[i] = Σ (σ[i](z[i]) − z[i]) ⊙ ∂J/∂a[i],
    summed over the examples; penalties of the cost add their own part to ∂J/∂W[i]. X is (t, n) with Y (t, m), or a
    single example (n,) with its y; ``cost`` is a cost or the name of one; ``weights`` (t,) weigh the examples;
    ``wrt_x`` asks for ∂J/∂x too.

    Raises InputError for wrong shapes, numbers that are not finite, or labels outside the cost's domain.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    >>> g = cr.gradient(net, cr.SumOfSquares(), [[3.0]], [[5.0]])       # N(x) = 7, δ = 7 − 5
    >>> g.J, g.W[1], g.b[1], g.delta[1]
    (2.0, array([[6.]]), array([2.]), array([[2.]]))

    Source: Lecture, L14 – L17.
    """
    from chainrule import engines

    cost = costs.get(cost)
    X, Y, w = as_problem(net, cost, X, Y, weights)
    g = engines.for_network(net, engine, cost).gradient(net, cost, X, Y, w)
    if wrt_x:
        return Gradient(g.J, g.theta, g.W, g.b, g.kappa, g.delta, g.delta[1] @ net.W[1])
    return g


def cost_value(net: Network, cost: Cost, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None) -> float:
    """J(θ): the sum (or the mean) over the examples plus the penalties (Lecture, L9)."""
    X, Y, w = as_problem(net, cost, X, Y, weights)
    return float(np.real(total_cost(net, cost, forward(net, X), Y, w)))


def as_problem(
    net: Network, cost: Cost, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None
) -> tuple[Array, Array, Array | None]:
    """The border: X (t, n), Y (t, m) encoded as the cost wants it, and weights (t,), checked against each other."""
    cost.check_output(as_network(net).sigma[net.r], net.m[-1])
    rows = as_array(X, "X", net.dtype)
    if rows.shape == (net.m[0],):  # a single example
        rows, Y = rows[None], cast("ArrayLike", [Y])
    check_rows(rows, net.m[0], "X")
    targets = cost.targets(Y, net.m[-1], net.dtype)
    if len(targets) != len(rows):
        raise InputError(f"Y must hold one label per row of X, {len(rows)}; got {len(targets)}.")
    return rows, targets, as_weights(weights, len(rows), net.dtype.type(0).real.dtype)


def example_scale(cost: Cost, weights: Array | None, t: int) -> Array | float:
    """What each example's cost is multiplied by: w, or with ``mean`` w / Σw; (t,) or one number for all."""
    if weights is None:
        return 1.0 / t if cost.mean else 1.0
    if not cost.mean:
        return weights
    total = weights.sum()
    return weights / total if total > 0 else weights  # a minibatch in which every weight is zero adds nothing


def whole_penalty(cost: Cost, weights: Array | None, t: int) -> float:
    """What the penalties are multiplied by in J: 1, or 1/Σw with ``mean_penalty`` (0 where every weight is zero)."""
    if not cost.mean_penalty:
        return 1.0
    total = t if weights is None else float(weights.sum())
    return 1.0 / total if total > 0 else 0.0


@silent
def total_cost(
    net: Network, cost: Cost, run: Forward, Y: Array, weights: Array | None, penalty_share: float | None = None
) -> float:
    """J(θ) from a finished forward pass; ``penalty_share`` is the part of the penalties that a minibatch bears."""
    if penalty_share is None:
        penalty_share = whole_penalty(cost, weights, len(Y))
    losses = cost.example_losses(run.z[net.r], run.a[net.r], Y, net.sigma[net.r])
    scale = example_scale(cost, weights, len(Y))
    data: float = losses.sum() * scale if isinstance(scale, float) else (losses * scale).sum()
    return data + penalty_share * cost.penalty(map(free_entries, net.W)) if cost.l1 or cost.l2 else data


@silent
def backpropagate(
    net: Network,
    cost: Cost,
    run: Forward,
    Y: Array,
    weights: Array | None = None,
    penalty_share: float | None = None,
    masks: ByLayer[Array | None] | None = None,
) -> Gradient:
    """∇J(θ) from a finished forward pass: the lecture's chain rule, read from the output layer down."""
    r = net.r
    scale = example_scale(cost, weights, len(Y))
    if penalty_share is None:
        penalty_share = whole_penalty(cost, weights, len(Y))
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
            np.add(entries, penalty_share * cost.penalty_gradient(free_entries(net.W[i])), out=entries)
        if i > 1:
            da = delta @ net.W[i]  # ∂J/∂a[i−1] = W[i]ᵀ δ[i], (t, mᵢ₋₁)
            if masks is not None and (mask := masks[i - 1]) is not None:
                da = da * mask
            if isinstance(sigma := net.sigma[i - 1], Parametric):
                kappa[i - 1][...] = sigma.kappa_gradient(run.z[i - 1], da)  # ∂J/∂κ = Σ (σ(z) − z) ⊙ ∂J/∂a
            delta = net.sigma[i - 1].pullback(run.z[i - 1], da)  # δ[i−1] = (∂σ[i−1]/∂z[i−1])ᵀ ∂J/∂a[i−1]
            deltas.append(delta)
    J = total_cost(net, cost, run, Y, weights, penalty_share)
    return Gradient(J if net.dtype.kind == "c" else float(J), theta, W, b, kappa, ByLayer(reversed(deltas)))


def set_to_product(W: Matrix, D: Array, A: Array) -> None:
    """W := Dᵀ A, D (t, m) and A (t, n), or of that what a BlockDiagonal W holds."""
    if isinstance(W, BlockDiagonal):
        W.set_to_product(D, A)
    else:
        np.matmul(D.T, A, out=W)


@silent
def network_jacobian(net: Network, X: Array) -> Array:
    """∂N/∂x (t, m, n): row k of each Jacobian is the chain rule's pull-back of the k-th unit vector of ℝᵐ."""
    run, (t, m) = forward(net, X), (len(X), net.m[-1])
    jacobian = np.empty((t, m, net.m[0]), dtype=net.dtype)
    for k in range(m):
        da = np.zeros((t, m), dtype=net.dtype)
        da[:, k] = 1.0
        for i in range(net.r, 0, -1):
            da = net.sigma[i].pullback(run.z[i], da) @ net.W[i]
        jacobian[:, k] = da
    return jacobian
