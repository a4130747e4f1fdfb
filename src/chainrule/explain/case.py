"""The case that a page explains: a network, a cost, one example or several, and every number of the chain rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.at_first_use import cached_property
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array, as_real
from chainrule._internal.sparse_rows import SparseRows
from chainrule.activations import Parametric
from chainrule.backprop import Gradient
from chainrule.costs import Cost, TrainingSet
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines.gradient import gradient
from chainrule.engines.objective import Objective
from chainrule.errors import InputError
from chainrule.explain.symbols import Symbols
from chainrule.network import Network, check_network
from chainrule.network.forward import Forward


class Step(NamedTuple):
    """A step θ − α ∇J: the new θ (d,), J there, its change, and −α ‖∇J‖², which the gradient predicts."""

    alpha: float
    theta: Array
    J: float
    change: float
    predicted: float


@dataclass(frozen=True, eq=False)
class Case:
    """A network with the gradient of a cost over t examples; ``gradient`` has z[i], a[i], σ′(z[i]) and ∂J/∂a[i] too.

    ``learning_rate`` is the α of the step θ − α ∇J, if there is one. W, b and κ are arrays, dense ones.
    """

    net: Network
    cost: Cost
    data: TrainingSet
    gradient: Gradient
    learning_rate: float | None
    W: ByLayer[Array]
    b: ByLayer[Array]
    kappa: ByLayer[Array]
    losses: Array  # ℓ of each example (t,)
    scales: Array  # the factor of each loss in J (t,): its weight, or its share of a mean

    @property
    def r(self) -> int:
        """The number of layers."""
        return self.net.r

    @property
    def m(self) -> tuple[int, ...]:
        """The sizes m₀ … m_r."""
        return self.net.m

    @property
    def t(self) -> int:
        """The number of examples."""
        return self.data.t

    @property
    def run(self) -> Forward:
        """z[i] and a[i], each (t, mᵢ)."""
        assert self.gradient.run is not None
        return self.gradient.run

    @property
    def da(self) -> ByLayer[Array]:
        """∂J/∂a[i], each (t, mᵢ), from i = 0 on."""
        assert self.gradient.a is not None
        return self.gradient.a

    @property
    def slopes(self) -> ByLayer[Array | None]:
        """σ[i]′(z[i]), each (t, mᵢ), or None for a vector-valued σ[i]."""
        assert self.gradient.slopes is not None
        return self.gradient.slopes

    def scale(self, j: int) -> Any:
        """Returns the factor of the loss of example j in J."""
        return self.scales[j]

    @property
    def is_finite(self) -> bool:
        """True if J and ∇J are finite."""
        return bool(np.isfinite(self.gradient.J) and np.isfinite(self.gradient.theta).all())

    @cached_property
    def step(self) -> Step | None:
        """The step θ − α ∇J, if there is an α and the gradient is finite."""
        if self.learning_rate is None or not self.is_finite:
            return None
        slope = self.gradient.theta
        theta = self.net.theta - self.learning_rate * slope
        J = Objective(self.net, self.cost, self.data)(theta) if np.isfinite(theta).all() else math.inf
        return Step(self.learning_rate, theta, J, J - self.gradient.J, -self.learning_rate * float(slope @ slope))

    @property
    def has_penalty(self) -> bool:
        """True if J has a penalty on the weights."""
        return bool(self.cost.l1 or self.cost.l2)

    def is_parametric(self, i: int) -> bool:
        """Returns True if σ[i] has a κ."""
        return isinstance(self.net.sigma[i], Parametric)

    def symbols(self, j: int) -> Symbols:
        """Returns the letters for example j, with its number where there are several."""
        return Symbols(self.m, None if self.t == 1 else j + 1)


def require_real(net: Network) -> None:
    """Raises InputError unless net is a network of real numbers."""
    if check_network(net).dtype.kind == "c":
        raise InputError(f"net must be float32 or float64 to be shown; got {net.dtype}.")


def as_case(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None,
    weights: ArrayLike | None,
    cost: Cost | str,
    learning_rate: float | None,
) -> Case:
    """Returns the case with checked arguments."""
    cost = costs.get(cost)
    require_real(net)
    alpha = None if learning_rate is None else as_real(learning_rate, "learning_rate", 0.0, open_minimum=True)
    data = cost.examples(net, X, Y, weights)
    if isinstance(data.X, SparseRows):
        data = data._replace(X=data.X.toarray())
    own = net.copy()  # a later step of the network does not change the page
    g = gradient(own, cost, data, wrt_a=True, engine="reference")
    assert g.run is not None
    r, dense = own.r, ByLayer(np.asarray(W) for W in own.W)
    losses = cost.example_losses(g.run.z[r], g.run.a[r], data.Y, own.sigma[r])
    scales = np.broadcast_to(cost.example_scale(data.weights, data.t), (data.t,))
    return Case(own, cost, data, g, alpha, dense, own.b, own.kappa, losses, scales)
