"""The R-operator: ∇²J(θ) v as the derivative R f(θ) = d/ds f(θ + s v) at s = 0 of both passes (Lecture, L14 – L17).

Each line of the forward pass and of backpropagation has its R, by the product rule and the chain rule; v is
(V[i], v_b[i], v_κ[i]), in the layout of θ. Source: B. A. Pearlmutter, Fast exact multiplication by the Hessian, 1994.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.activations import Activation, Parametric, Sigma
from chainrule.backprop.set_to_product import set_to_product
from chainrule.costs import Cost
from chainrule.network import Network
from chainrule.network.block_diagonal import free_entries
from chainrule.network.forward import Forward, forward, silent
from chainrule.network.theta import parameter_views


class Hessian:
    """∇²J at the θ of a finished forward pass, for products with several v: all that is the same for each v is kept.

    These are δ[i], and of entrywise σ the slopes σ′(z[i]) and σ″(z[i]) ⊙ ∂J/∂a[i], each evaluated once.
    """

    @silent
    def __init__(
        self,
        net: Network,
        cost: Cost,
        run: Forward,
        Y: Array,
        weights: Array | None,
        penalty_scale: float | None = None,
    ) -> None:
        self._net, self._cost, self._run, self._Y = net, cost, run, Y
        scale = cost.example_scale(weights, len(Y))
        self._scale = scale if isinstance(scale, float) else scale[:, None]
        if penalty_scale is None:
            penalty_scale = cost.penalty_scale(weights, len(Y))
        self._penalty = penalty_scale * cost.l2  # λ₁|W| is linear between its kinks
        r = net.r
        self._is_closed = bool(cost.closed_form(net.sigma[r]))
        delta: list[Array] = []  # δ[r] … δ[1], each (t, mᵢ)
        bends: list[_Bend | None] = []  # of σ[r] … σ[1]; None if δ[r] has a closed form
        if self._is_closed:
            delta.append(cost.canonical_delta(run.z[r], Y) * self._scale)
            bends.append(None)
        for i in range(r - len(delta), 0, -1):
            g = delta[-1] @ net.W[i + 1] if delta else cost.derivative(run.a[r], Y) * self._scale
            bends.append(_bend(net.sigma[i], run.z[i], g))
            delta.append(net.sigma[i].pullback(run.z[i], g))  # δ[i] = (∂σ[i]/∂z[i])ᵀ ∂J/∂a[i]
        self._delta, self._bends = ByLayer(reversed(delta)), ByLayer(reversed(bends))

    @silent
    def __matmul__(self, v: Array) -> Array:
        """Computes ∇²J(θ) v (d,) for a v (d,) of the number type of θ.

        R z[i] = R a[i−1] W[i]ᵀ + a[i−1] V[i]ᵀ + v_b[i],   R a[i] = (∂σ[i]/∂z[i]) R z[i] + (σ(z[i]) − z[i]) ⊙ v_κ[i];
        with g = ∂J/∂a[i]:   R δ[i] = (∂σ/∂z)ᵀ R g + ∇²(gᵀσ)(z[i]) R z[i],   R (W[i]ᵀ δ[i]) = W[i]ᵀ R δ[i] + V[i]ᵀ δ[i],
        R ∂J/∂b[i] = Σ R δ[i],   R ∂J/∂W[i] = Σ R δ[i] a[i−1]ᵀ + δ[i] R a[i−1]ᵀ.
        """
        net, cost, run, r = self._net, self._cost, self._run, self._net.r
        V, v_b, v_kappa = parameter_views(v, net.layout)
        product = np.empty_like(net.theta)
        RW, Rb, Rkappa = parameter_views(product, net.layout)

        Rz: list[Array] = []
        Ra: list[Array] = []
        for i in range(1, r + 1):
            change = run.a[i - 1] @ V[i].T + v_b[i]
            if i > 1:
                change = change + Ra[-1] @ net.W[i].T
            Rz.append(change)
            if (bend := self._bends[i]) is not None:
                Ra.append(bend.forward(change, v_kappa[i]))

        if self._is_closed:
            Rdelta: Array = cost.canonical_hessian_product(run.z[r], self._Y, Rz[-1]) * self._scale
        else:
            Rg: Array = cost.hessian_product(run.a[r], self._Y, Ra[-1]) * self._scale
        for i in range(r, 0, -1):
            if (bend := self._bends[i]) is not None:
                Rdelta = bend.backward(Rz[i - 1], Rg, v_kappa[i], Rkappa[i])
            Rb[i][...] = Rdelta.sum(axis=0)
            if i == 1:
                set_to_product(RW[i], Rdelta, run.a[0])
            else:
                delta = self._delta[i]
                set_to_product(RW[i], np.concatenate([Rdelta, delta]), np.concatenate([run.a[i - 1], Ra[i - 2]]))
                Rg = Rdelta @ net.W[i] + delta @ V[i]
            if self._penalty:
                np.add(free_entries(RW[i]), self._penalty * free_entries(V[i]), out=free_entries(RW[i]))
        return product


def hessian(
    net: Network,
    cost: Cost,
    X: Rows,
    Y: Array,
    weights: Array | None,
    check: Callable[[], None],
    penalty_scale: float | None = None,
) -> Callable[[Array], Array]:
    """Returns v ↦ ∇²J(θ) v at the network's θ; ``check`` is called before the forward pass and before each product."""
    check()
    H = Hessian(net, cost, forward(net, X), Y, weights, penalty_scale)

    def product(v: Array) -> Array:
        check()
        return H @ v

    return product


class _Bend(ABC):
    """A σ at z (t, m), with g = ∂J/∂a (t, m): how a and δ change with z and g."""

    @abstractmethod
    def forward(self, Rz: Array, v_kappa: Array) -> Array:
        """Computes R a."""

    @abstractmethod
    def backward(self, Rz: Array, Rg: Array, v_kappa: Array, Rkappa: Array) -> Array:
        """Computes R δ, and sets ``Rkappa`` (m,) to R ∂J/∂κ."""


class _VectorValuedBend(_Bend):
    """A vector-valued σ, by the products with its Jacobian."""

    def __init__(self, sigma: Sigma, z: Array, g: Array) -> None:
        self._sigma, self._z, self._g = sigma, z, g

    def forward(self, Rz: Array, v_kappa: Array) -> Array:
        return self._sigma.pushforward(self._z, Rz)

    def backward(self, Rz: Array, Rg: Array, v_kappa: Array, Rkappa: Array) -> Array:
        return self._sigma.pullback(self._z, Rg) + self._sigma.hessian_product(self._z, self._g, Rz)


class _EntrywiseBend(_Bend):
    """An entrywise σ, by its slopes."""

    def __init__(self, sigma: Activation, z: Array, g: Array) -> None:
        self._slope: Array = np.asarray(sigma.derivative(z))
        self._bent: Array = np.asarray(sigma.second_derivative(z)) * g

    def forward(self, Rz: Array, v_kappa: Array) -> Array:
        """Computes R a = σ′(z) ⊙ R z."""
        return np.asarray(self._slope * Rz)

    def backward(self, Rz: Array, Rg: Array, v_kappa: Array, Rkappa: Array) -> Array:
        """Computes R δ = σ′(z) ⊙ R g + σ″(z) ⊙ g ⊙ R z."""
        return np.asarray(self._slope * Rg + self._bent * Rz)


class _ParametricBend(_EntrywiseBend):
    """The entrywise a = (1 − κ) z + κ σ(z), which κ changes too."""

    def __init__(self, sigma: Parametric, z: Array, g: Array) -> None:
        super().__init__(sigma, z, g)
        self._kappa_slope = sigma.kappa_slope(z)
        self._bent_by_kappa = sigma.kappa_slope_derivative(z) * g

    def forward(self, Rz: Array, v_kappa: Array) -> Array:
        """Computes R a = σ_κ′(z) ⊙ R z + (σ(z) − z) ⊙ v_κ."""
        return np.asarray(super().forward(Rz, v_kappa) + self._kappa_slope * v_kappa)

    def backward(self, Rz: Array, Rg: Array, v_kappa: Array, Rkappa: Array) -> Array:
        """Computes R δ, and R ∂J/∂κ = Σ (σ′(z) − 1) ⊙ R z ⊙ g + (σ(z) − z) ⊙ R g."""
        Rkappa[...] = (self._bent_by_kappa * Rz + self._kappa_slope * Rg).sum(axis=0)
        return np.asarray(super().backward(Rz, Rg, v_kappa, Rkappa) + self._bent_by_kappa * v_kappa)


def _bend(sigma: Sigma, z: Array, g: Array) -> _Bend:
    if isinstance(sigma, Parametric):
        return _ParametricBend(sigma, z, g)
    return _EntrywiseBend(sigma, z, g) if isinstance(sigma, Activation) else _VectorValuedBend(sigma, z, g)
