"""The public function ∇J(θ) (Lecture, L14 – L17): it checks its arguments and calls an engine."""

from __future__ import annotations

from dataclasses import replace

from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.sparse_rows import is_single
from chainrule.backprop import Gradient, with_outputs
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike, unpacked
from chainrule.engines.choice import EngineLike, for_network
from chainrule.network import Network
from chainrule.network.forward import forward, silent


@silent
def gradient(
    net: Network,
    cost: Cost | str,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    wrt_x: bool = False,
    wrt_a: bool = False,
    each: bool = False,
    engine: EngineLike = "auto",
) -> Gradient:
    """Computes ∇J(θ) by the chain rule, layer by layer, and every δ[i].

    δ[r] = (∂σ[r]/∂z[r])ᵀ ∂J/∂a[r],   δ[i] = (∂σ[i]/∂z[i])ᵀ W[i+1]ᵀ δ[i+1],
    ∂J/∂b[i] = Σ δ[i],   ∂J/∂W[i] = Σ δ[i] a[i−1]ᵀ,   ∂J/∂κ[i] = Σ (σ[i](z[i]) − z[i]) ⊙ ∂J/∂a[i],
    summed over the examples; penalties of the cost add their own part to ∂J/∂W[i]. X is (t, n) with Y (t, m), or a
    single example (n,) with its y; X may be a sparse array or matrix of SciPy, or a `TrainingSet` in place of X, Y
    and weights. ``cost`` is a cost or the name of one; ``weights`` (t,) weight the examples; ``wrt_x=True`` adds ∂J/∂x,
    and ``wrt_a=True`` adds ∂J/∂a[i], z[i], a[i] and σ′(z[i]) of every layer. ``each=True`` adds these, and ``g.each``
    (t, d), the part of ∇J(θ) that comes from each example: its rows add up to ∇J(θ), the penalties aside.

    Raises InputError for wrong shapes, numbers that are not finite, or labels outside the cost's domain.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    >>> g = cr.gradient(net, cr.SumOfSquares(), [[3.0]], [[5.0]])       # N(x) = 7, δ = 7 − 5
    >>> g.J, g.W[1], g.b[1], g.delta[1]
    (2.0, array([[6.]]), array([2.]), array([[2.]]))

    Source: Lecture, L14 – L17.
    """
    cost = costs.get(cost)
    X, Y, weights = unpacked(X, Y, weights)
    data = cost.examples(net, X, Y, weights)
    g = for_network(net, engine, cost, data.X).gradient(net, cost, *data)
    if wrt_a or each:
        g = with_outputs(g, net, cost, forward(net, data.X), data.Y, data.weights, each)
    if wrt_x:
        g = replace(g, x=g.delta[1] @ net.W[1])
    return g.of_single_example() if is_single(X) else g
