"""The public function ∇²J(θ) v: it checks its arguments and calls an engine."""

from __future__ import annotations

from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.checks import Array, as_array
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines.choice import EngineLike, for_network
from chainrule.errors import InputError
from chainrule.network import Network


def hessian_vector_product(
    net: Network,
    cost: Cost | str,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    v: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    engine: EngineLike = "auto",
) -> Array:
    """Computes ∇²J(θ) v, the Hessian of J times a vector v (d,), exactly and without the Hessian.

    ∇²J(θ) v = d/ds ∇J(θ + s v) at s = 0: the R-operator R f = d/ds f(θ + s v) of each line of the forward pass and of
    backpropagation,

    R z[i] = W[i] R a[i−1] + V[i] a[i−1] + v_b[i],   R a[i] = (∂σ[i]/∂z[i]) R z[i],
    R δ[i] = (∂σ[i]/∂z[i])ᵀ R ∂J/∂a[i] + σ[i]″(z[i]) ⊙ ∂J/∂a[i] ⊙ R z[i],
    R ∂J/∂b[i] = Σ R δ[i],   R ∂J/∂W[i] = Σ R δ[i] a[i−1]ᵀ + δ[i] R a[i−1]ᵀ,

    summed over the examples, with λ₂ V[i] for the penalty ``l2``. It takes about twice the time of a gradient. X, Y,
    ``weights``, ``cost`` and ``engine`` are those of `gradient`; with a `TrainingSet` in place of X, pass v by
    name. The result (d,) has the layout and the number type of θ. Piecewise linear σ and costs have second derivative
    0, also at their kinks. A σ or a cost of your own needs its derivative, whose complex step gives the second one;
    every product is compared with differences.

    Raises InputError for bad input as `gradient` does, for a v that is not d finite numbers, and for a second
    derivative that the complex step cannot compute.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])        # J = ½ (3W + b − 5)², ∇²J = [[9, 3], [3, 1]]
    >>> cr.hessian_vector_product(net, cr.SumOfSquares(), [[3.0]], [[5.0]], [1.0, 0.0])
    array([9., 3.])

    Source: B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6, 1994; Lecture, L14 – L17.
    """
    cost = costs.get(cost)
    data = cost.examples(net, X, Y, weights)
    if v is None:
        raise InputError(f"v must be a vector of d = {net.d} numbers; got None. Pass v=…, in the layout of net.theta.")
    direction = as_array(v, "v", net.dtype)
    if direction.shape != (net.d,):
        raise InputError(f"v must have shape ({net.d},), the layout of net.theta; got {direction.shape}.")
    return for_network(net, engine, cost, data.X).hessian(net, cost, *data, check=lambda: None)()(direction)
