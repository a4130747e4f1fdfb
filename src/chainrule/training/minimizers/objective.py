"""J as a function of θ: J(θ), ∇J(θ) and ∇²J(θ) v for the minimisers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.costs import Cost, TrainingSet
from chainrule.engines import Engine
from chainrule.engines.seam import Product
from chainrule.network import Network
from chainrule.network.theta import at_every_parameter

FAR = 1e100  # replaces a J that is not finite, or 2 |J| at the initial θ if that is larger: a line search steps back
LARGEST = float(np.finfo(np.float64).max)

MOST_PRODUCTS = 20  # times d, between two evaluations of J

Vector = NDArray[np.float64]


class NoStep(ArithmeticError):
    """A search direction that cannot be computed in floating-point numbers."""


class SearchObjective:
    """J over a training set as a function of θ in float64; ``check`` is called before each evaluation.

    ``threads`` limits the number of threads.
    """

    def __init__(
        self,
        net: Network,
        cost: Cost,
        data: TrainingSet,
        engine: Engine,
        check: Callable[[], None] = lambda: None,
        threads: int | None = None,
    ) -> None:
        self.net, self.cost, self.data, self._engine, self.check = net, cost, data, engine, check
        self._threads = threads
        rates = at_every_parameter(net.layout, (layer.rate for layer in net.layers), np.float64)
        self.is_frozen = rates == 0.0  # (d,), True at entries of θ whose rate is 0: they stay as they are
        self.begins_finite = True  # J and ∇J at the first θ
        self._far = FAR
        self._products = 0  # since the last evaluation of J
        self._at: Vector | None = None  # the θ of the last gradient
        self._J, self._g = math.nan, np.empty(0)
        self._hessian: Callable[[], Product] | None = None  # makes ∇²J(θ) an operator; made when it is first needed
        self._product: tuple[Vector, Product] | None = None  # the last θ of which ∇²J(θ) v was asked for, with v ↦ it

    def J_and_gradient(self, theta: Vector) -> tuple[float, Vector]:
        """Computes J(θ) and ∇J(θ), or a large J and a zero gradient if they are not finite."""
        self._products = 0
        if self._at is None or not np.array_equal(theta, self._at):
            self.move(theta)
            g = self._engine.gradient(self.net, self.cost, *self.data, threads=self._threads)
            self._J, self._g = float(g.J), self._free(g.theta.astype(np.float64))
            if self._at is None:
                self.begins_finite = self._is_finite()
                self._far = max(FAR, min(2.0 * abs(self._J), LARGEST)) if self.begins_finite else FAR
            self._at = theta.copy()
        return (self._J, self._g) if self._is_finite() else (self._far, np.zeros(self.net.d))

    def is_finite_at(self, theta: Vector) -> bool:
        """Returns True if θ, J(θ) and ∇J(θ) are finite; a search may end at a θ that is not."""
        self.J_and_gradient(theta)
        return bool(np.isfinite(theta).all()) and self._is_finite()

    def _is_finite(self) -> bool:
        return math.isfinite(self._J) and bool(np.isfinite(self._g).all())

    def gradient(self, theta: Vector) -> Vector:
        """Computes ∇J(θ)."""
        return self.J_and_gradient(theta)[1]

    def hessian_vector(self, theta: Vector, v: Vector) -> Vector:
        """Computes ∇²J(θ) v; several v at one θ share all that does not depend on v.

        Raises NoStep if they are not finite, or if conjugate gradients ask for many more than the d that they need in
        exact arithmetic: where numbers overflow, SciPy's would never end.
        """
        self._products += 1
        self.move(theta)
        if self._hessian is None:
            self._hessian = self._engine.hessian(self.net, self.cost, *self.data, self.check, threads=self._threads)
        if self._product is None or not np.array_equal(theta, self._product[0]):
            self._product = theta.copy(), self._hessian()
        product = self._product[1](v)
        if not np.isfinite(product).all() or self._products > MOST_PRODUCTS * self.net.d + MOST_PRODUCTS:
            raise NoStep
        return self._free(product.astype(np.float64, copy=False))

    def _free(self, vector: Vector) -> Vector:
        """Sets the entries of frozen parameters to 0, and returns the vector."""
        vector[self.is_frozen] = 0.0
        return vector

    def outputs(self, theta: Vector) -> Array | None:
        """Computes N_θ(x) for each example, (t, m), or None if X is not finite."""
        self.move(theta)
        return self._engine.outputs(self.net, self.data.X, self._threads)

    def normal_equations(self, factors: Array) -> Callable[[], tuple[Array, Array]]:
        """Returns a function that computes AᵀA (d, d), of which the upper triangle is set, and Aᵀr (d,).

        A = ∂r/∂θ with r = factors ⊙ (N_θ(x) − y), factors (t,), at the θ of the last `move`.
        """
        X, Y, _ = self.data
        return self._engine.normal_equations(self.net, X, Y, factors, self.check, self._threads)

    def move(self, theta: Vector) -> None:
        """Gives the network this θ."""
        self.check()
        with np.errstate(over="ignore"):  # a step too long for float32 makes J infinite, and the search steps back
            self.net.theta[...] = theta
