"""The public function that derives N, J and ∇J of a small network as expressions of SymPy (Lecture, L7 – L17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.checks import Array, as_array
from chainrule.costs import Cost
from chainrule.errors import InputError, MissingExtra
from chainrule.explain.case import require_real
from chainrule.network import Network

if TYPE_CHECKING:
    from chainrule.symbolic.derivation import Derivation

LONGEST = 100_000  # letters and numbers of all derivatives, written out


def derive(
    net: Network,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    numbers: bool = False,
) -> Derivation:
    """Derives N_θ(x), J(θ) and every ∂J/∂θ of one example as expressions of SymPy, for a small network.

    J(θ) = ℓ(N_θ(x), y) + penalty(W),   ∇J(θ) = (∂J/∂θ₁, …, ∂J/∂θ_d), which SymPy differentiates.

    W[i]_kl, b[i]_k, x_l and y_k are symbols, and those of an array with one entry have no index. With x (n,) or y (m,),
    a number if n = 1 or m = 1, these are numbers instead; with ``numbers`` W, b and κ are those of the network too.
    Numbers are the short fractions that round to them, or floats where there are none. At a kink the derivative is that
    of the library: relu′(0) = 0. Dropout is left out, as in N(x).

    Raises InputError for a σ or a cost of your own, whose formula is not known; for a network whose derivatives would
    be too long; and for an x or y of wrong shape. Raises MissingExtra if SymPy is not installed.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer(3.0, -5.0, "tanh"), cr.Layer(2.0, 1.0, "identity")])
    >>> d = cr.derive(net)
    >>> d.J
    (W[2]*tanh(W[1]*x + b[1]) + b[2] - y)**2/2
    >>> d.gradient.W[1][0]                                           # δ[1] x, with δ[1] = W[2] δ[2] (1 − tanh²(z[1]))
    W[2]*x*(1 - tanh(W[1]*x + b[1])**2)*(W[2]*tanh(W[1]*x + b[1]) + b[2] - y)
    >>> cr.derive(net, 2.0, 1.0, numbers=True).gradient.b[1][0]
    4*(1 - tanh(1)**2)*tanh(1)

    Source: Lecture, L7 – L17.
    """
    cost = costs.get(cost)
    require_real(net)
    cost.check_output(net.sigma[net.r], net.m[-1])
    try:
        import sympy
    except ImportError as error:
        raise MissingExtra("derive needs SymPy; install it with: pip install 'chainrule[symbolic]'") from error
    from chainrule.symbolic.derivation import Derivation
    from chainrule.symbolic.letters import by_layer, column, theta_of
    from chainrule.symbolic.maps import length, loss, outputs, penalty
    from chainrule.symbolic.reading import exact_number

    if (size := net.d * net.r * length(net, cost)) > LONGEST:
        raise InputError(
            f"net must be small to be written out: its {net.d} derivatives would have about {size:,} letters, and at "
            f"most {LONGEST:,} are derived. Take fewer layers or units; net.explain(x, y) works with numbers."
        )
    letters, theta = by_layer(net, theta_of(net)), net.theta
    values = dict(zip(letters.theta, map(exact_number, theta), strict=True))
    X, Y = column("x", net.m[0]), column("y", net.m[-1])
    N = outputs(net, letters, list(X))
    J = loss(cost, N, list(Y)) + penalty(cost, list(letters.W))
    slopes = sympy.Matrix([J.diff(letter) for letter in letters.theta])
    given: dict[Any, Any] = dict(values) if numbers else {}
    if x is not None:
        given |= dict(zip(X, map(exact_number, _as_example(x, net.m[0])), strict=True))
    if y is not None:
        given |= dict(zip(Y, map(exact_number, cost.targets(np.asarray([y]), net.m[-1])[0]), strict=True))

    def put(expression: Any) -> Any:
        return expression.xreplace(given)

    return Derivation(
        put(X), put(Y), by_layer(net, put(letters.theta)), put(sympy.Matrix(N)), put(J),
        by_layer(net, put(slopes)), values,
    )  # fmt: skip


def _as_example(x: ArrayLike, n: int) -> Array:
    """Returns x as (n,), of which a number is one if n = 1."""
    array = as_array(x, "x")
    if array.shape != (n,) and (array.shape, n) != ((), 1):
        raise InputError(f"x must have shape ({n},), one example; got {array.shape}.")
    return array.reshape(n)
