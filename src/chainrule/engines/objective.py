"""J as the lecture's map J: ℝᵈ → ℝ over a fixed training set (L9), with ∇J, ∇²J and its values along directions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_array, as_integer, as_real
from chainrule.costs import Cost, TrainingSet
from chainrule.engines.choice import for_network
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.network.forward import forward


class Slice(NamedTuple):
    """Values of J on a line or a plane through θ: ``J[k]`` = J(θ + s[k] u), or ``J[k, l]`` = J(θ + s[k] u + t[l] v).

    ``s`` (size,) and ``t`` (size,) are the coordinates; ``t`` is None on a line.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], "identity")])
    >>> cr.SumOfSquares().of(net, [[3.0]], [[5.0]]).along([1.0, 0.0], size=3).J     # ½ (3 (2 + s) + 1 − 5)²
    array([ 0.5,  2. , 12.5])
    """

    s: Array
    t: Array | None
    J: Array


class Objective:
    """J as a function of θ alone, J: ℝᵈ → ℝ, over a fixed training set; ``cost.of(net, X, Y)`` returns it.

    ``J_theta(theta)`` is J(θ), and ``theta`` (d,) is the network's θ when the objective was made, which is the default
    wherever a θ is asked for. The objective has a copy of the network: neither changes the other. Dropout is ignored. A
    complex θ gives a complex J and ∇J, for the complex-step derivative.

    Raises InputError for a θ of another shape, or with entries that are not finite.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], "identity")])
    >>> J_theta = cr.SumOfSquares().of(net, [[3.0]], [[5.0]])                   # J(W, b) = ½ (3 W + b − 5)²
    >>> J_theta([2.0, 1.0]), J_theta.gradient([2.0, 1.0]), J_theta.hessian()
    (2.0, array([6., 2.]), array([[9., 3.],
           [3., 1.]]))

    Source: Lecture, L9, L12.
    """

    def __init__(self, net: Network, cost: Cost, data: TrainingSet) -> None:
        self._net = net.astype(net.dtype)
        self.cost = cost
        self.data = data
        self.theta = net.theta.copy()
        self.theta.flags.writeable = False

    @property
    def d(self) -> int:
        """The number of parameters d."""
        return len(self.theta)

    def __call__(self, theta: ArrayLike | None = None) -> float:
        """Computes J(θ)."""
        net = self._at(theta)
        J = self.cost.total(net, forward(net, self.data.X), self.data.Y, self.data.weights)
        return J if net.dtype.kind == "c" else float(J)

    def gradient(self, theta: ArrayLike | None = None) -> Array:
        """Computes ∇J(θ), (d,), by backpropagation."""
        net = self._at(theta)
        return for_network(net, "auto", self.cost, self.data.X).gradient(net, self.cost, *self.data).theta

    def hessian(self, theta: ArrayLike | None = None) -> Array:
        """Computes ∇²J(θ), (d, d), exactly: row k is its product with the k-th unit vector, by the R-operator.

        It takes the time of about d gradients, and d² numbers of memory.
        """
        net = self._at(theta)
        product = for_network(net, "auto", self.cost, self.data.X).hessian(net, self.cost, *self.data, lambda: None)()
        return np.stack([product(e_k) for e_k in np.eye(self.d, dtype=net.dtype)])

    def along(
        self,
        u: ArrayLike,
        v: ArrayLike | None = None,
        *,
        theta: ArrayLike | None = None,
        span: float = 1.0,
        size: int = 41,
    ) -> Slice:
        """Computes J on the line θ + s u, or on the plane θ + s u + t v, for s and t from −span to span.

        Each axis has ``size`` equal steps; u and v (d,) are directions in ℝᵈ, such as −∇J(θ), one parameter's
        unit vector, or a random one.
        """
        u = _direction(u, "u", self.d)
        span = as_real(span, "span", 0.0, open_minimum=True)
        s = np.linspace(-span, span, as_integer(size, "size", 2))
        line = self._at(theta).theta + s[:, None] * u
        if v is None:
            return Slice(s, None, np.array([self(point) for point in line]))
        v = _direction(v, "v", self.d)
        return Slice(s, s, np.array([[self(point + t * v) for t in s] for point in line]))

    def __repr__(self) -> str:
        return f"Objective(d={self.d}, t={self.data.t}, {self.cost!r})"

    def _at(self, theta: ArrayLike | None) -> Network:
        """Returns the copy of the network whose numbers are θ: the complex one for a complex θ."""
        given = self.theta if theta is None else theta
        net = self._net.astype(complex) if np.iscomplexobj(given) else self._net
        net.theta = given
        return net


def _direction(u: ArrayLike, name: str, d: int) -> Array:
    """Returns a direction (d,), checked."""
    direction = as_array(u, name, np.float64)
    if direction.shape != (d,):
        raise InputError(f"{name} must be a direction in ℝᵈ, of shape ({d},); got {direction.shape}.")
    return direction
