"""Bounds of the rounding errors of ∇²J(θ) v, one for every entry.

Each line of the R-operator is computed on `Rounded` numbers, which carry a bound of their error, in absolute values and
with products of two errors kept. They hold for sums in any order, and for elementary functions with the errors that
`support.rounding` names and the C++ tests enforce.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.network.block_diagonal import Matrix, free_entries
from chainrule.network.forward import forward
from chainrule.network.theta import parameter_views
from support.constrained import at_blocks
from support.engines.gradient_bounds import Case
from support.rounding import COST, SCALE, SLOPE, Range, U, _cancelling, _Layer, _moved_derivative, gamma

BEND = 16.0  # σ″: 8 u, relative to 1 + |σ″| and to the terms that cancel, of which none is larger than 4
CURVATURE = 16.0  # ∂²ℓ/∂a²: 8 u, relative to its value


class Rounded:
    """An array that is known up to an error, and its sums and products in numbers of unit roundoff u."""

    def __init__(self, value: Array, error: Array | float, u: float, eta: float) -> None:
        self.value, self.u, self.eta = value, u, eta
        self.error: Array = np.broadcast_to(np.asarray(error), value.shape)

    @property
    def size(self) -> Array:
        """The largest absolute value of the computed array."""
        return np.asarray(abs(self.value) + self.error)

    def like(self, value: Array, error: Array | float) -> Rounded:
        """Another array in the same numbers."""
        return Rounded(np.asarray(value), error, self.u, self.eta)

    def __add__(self, other: Rounded) -> Rounded:
        error = self.error + other.error
        return self.like(self.value + other.value, error + self.u * (self.size + other.size))

    def __neg__(self) -> Rounded:
        return self.like(-self.value, self.error)

    def __sub__(self, other: Rounded) -> Rounded:
        return self + -other

    def __mul__(self, other: Rounded) -> Rounded:
        error = abs(self.value) * other.error + self.error * other.size
        return self.like(self.value * other.value, error + self.u * self.size * other.size + self.eta)

    def __matmul__(self, other: Rounded) -> Rounded:
        k = self.value.shape[-1]
        error = abs(self.value) @ other.error + self.error @ other.size
        rounded = gamma(k + 2, self.u) * self.size @ other.size + k * self.eta
        return self.like(self.value @ other.value, error + rounded)

    def sum(self, axis: int) -> Rounded:
        """The sum along an axis, which stays."""
        t = self.value.shape[axis]
        error = self.error.sum(axis, keepdims=True)
        rounded = gamma(t, self.u) * self.size.sum(axis, keepdims=True)
        return self.like(self.value.sum(axis, keepdims=True), error + rounded)

    @property
    def T(self) -> Rounded:
        """The transpose."""
        return self.like(self.value.T, self.error.T)


class _Bend:
    """An entrywise σ at z: its slopes with the errors of them."""

    def __init__(self, layer: _Layer, exact: Rounded) -> None:
        z, sigma, u = layer.z, layer.inner, layer.u
        slope = np.asarray(sigma.derivative(z.value))
        bend = np.asarray(sigma.second_derivative(z.value))
        moved = layer.inner_bend * z.error + layer.inner_jump
        self.slope = exact.like(slope, moved + SLOPE * u * (1 + abs(slope) + moved) + layer.eta)
        moved = _third(sigma, z) * z.error + _jump(sigma, z)
        self.bend = exact.like(bend, moved + BEND * u * (4 + abs(bend) + moved) + layer.eta)
        self.kappa = exact.like(layer.kappa, 0.0)
        one = exact.like(np.ones_like(layer.kappa), 0.0)
        inner = layer._inner()
        self.kappa_slope = exact.like(inner.value, inner.error) - exact.like(z.value, z.error)
        self.kappa_bend = self.slope - one
        self.slope, self.bend = (one - self.kappa) + self.kappa * self.slope, self.kappa * self.bend


def _third(sigma: cr.Activation, z: Range) -> float:
    """max |σ‴| over the range of z, by complex steps of σ″ on a fine grid, with a margin of 5 % for the gaps."""
    low, high = float((z.value - z.error).min()), float((z.value + z.error).max())
    grid = np.linspace(low, high, 2001) + 1e-30j
    return 1.05 * float(abs(np.imag(np.asarray(sigma.second_derivative(grid))) / 1e-30).max())


def _jump(sigma: cr.Activation, z: Range) -> Array:
    """The jump of σ″ where a kink of σ lies within reach."""
    jump: NDArray[Any] = np.zeros_like(z.value)
    places = {*sigma.kinks, 0.0} if sigma.name == "softsign" else sigma.kinks
    for kink in places:
        left, right = (float(sigma.second_derivative(np.nextafter(kink, end))) for end in (-np.inf, np.inf))
        jump += abs(right - left) * (abs(z.value - kink) <= z.error)
    return jump


def hessian_difference_bound(case: Case, v: Array) -> Array:
    """A bound of the difference of ∇²J(θ) v, (d,), between an engine in the dtype of θ and the reference in float64."""
    wide = case._replace(net=case.net.astype(np.float64), X=case.X.astype(np.float64), Y=case.Y.astype(np.float64))
    of_reference = hessian_bound(wide, v.astype(np.float64), np.dtype(np.float64))
    return of_reference + hessian_bound(wide, v.astype(np.float64), case.net.dtype)


@np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore")
def hessian_bound(case: Case, v: Array, dtype: np.dtype[Any]) -> Array:
    """A bound of the error of ∇²J(θ) v, (d,), computed in ``dtype``; the case holds numbers of ``dtype`` as float64."""
    net, cost, X, Y, weights = case
    u, eta = U[dtype], float(np.finfo(dtype).smallest_subnormal)
    r, run = net.r, forward(net, X)

    def exact(value: Any) -> Rounded:
        return Rounded(np.asarray(value, np.float64), 0.0, u, eta)

    V, v_b, v_kappa = parameter_views(v, net.layout)
    W = [exact(np.asarray(W_i)) for W_i in net.W]
    V_dense = [exact(np.asarray(V_i)) for V_i in V]
    layers: list[_Layer] = []
    bends: list[_Bend | None] = []
    a, Ra, Rz = [exact(X)], [exact(np.zeros_like(X))], []
    for i in range(1, r + 1):
        z = a[-1] @ W[i - 1].T + exact(net.b[i])
        layers.append(_Layer(net.sigma[i], Range(run.z[i], z.error), u, eta))
        output = layers[-1].output()
        is_entrywise = isinstance(net.sigma[i], cr.Activation)
        bends.append(_Bend(layers[-1], z) if is_entrywise else None)
        change = a[-1] @ V_dense[i - 1].T + exact(v_b[i])
        if i > 1:
            change = change + Ra[-1] @ W[i - 1].T
        Rz.append(change)
        a.append(exact(run.a[i]).like(run.a[i], output.error))
        if (bend := bends[-1]) is not None:
            forwarded = bend.slope * change
            if v_kappa[i].size:
                forwarded = forwarded + bend.kappa_slope * exact(v_kappa[i])
            Ra.append(forwarded)
        else:
            Ra.append(_Vector(layers[-1], exact).pushforward(change))

    scale = np.broadcast_to(np.asarray(cost.example_scale(weights, len(X))), len(X)).astype(np.float64)[:, None]
    w = exact(scale).like(scale, (SCALE + gamma(len(X), u)) * u * abs(scale))
    if cost.closed_form(net.sigma[r]):
        delta, Rdelta = _closed(cost, layers[-1], Y, Rz[-1], exact)
        delta, Rdelta, g, Rg = delta * w, Rdelta * w, None, None
    else:
        g, Rg = _loss(cost, a[-1], Y, Ra[-1])
        g, Rg = g * w, Rg * w

    bound = np.empty(net.d)
    RW, Rb, Rkappa = parameter_views(bound, net.layout)
    for i in range(r, 0, -1):
        if g is not None and Rg is not None:
            if (bend := bends[i - 1]) is not None:
                delta = bend.slope * g
                Rdelta = bend.slope * Rg + bend.bend * g * Rz[i - 1]
                if Rkappa[i].size:
                    Rdelta = Rdelta + bend.kappa_bend * g * exact(v_kappa[i])
                    terms = bend.kappa_bend * g * Rz[i - 1] + bend.kappa_slope * Rg
                    Rkappa[i][...] = terms.sum(0).error[0]
            else:
                sigma = _Vector(layers[i - 1], exact)
                delta, Rdelta = sigma.pullback(g), sigma.pullback(Rg) + sigma.bend(g, Rz[i - 1])
        Rb[i][...] = Rdelta.sum(0).error[0]
        sums = Rdelta.T @ a[i - 1]
        if i > 1:
            sums = sums + delta.T @ Ra[i - 1]
            g, Rg = delta @ W[i - 1], Rdelta @ W[i - 1] + delta @ V_dense[i - 1]
        if cost.l2:
            sums = sums + exact(cost.l2 * np.ones(1)) * V_dense[i - 1]
        own: Matrix = RW[i]
        free_entries(own)[...] = at_blocks(own, sums.error) if isinstance(own, cr.BlockDiagonal) else sums.error
    return bound


class _Vector:
    """A vector-valued σ at z, by p = softmax(z), or by a = σ(z) and 1/S of the layer norm."""

    def __init__(self, layer: _Layer, exact: Callable[[Any], Rounded]) -> None:
        self._name, self._m = layer.sigma.name, layer.m
        if self._name == "layer_norm":
            output, (low, largest) = layer.output(), layer._norm()
            centred = layer.z.value - layer.z.value.mean(axis=1, keepdims=True)
            S = np.sqrt((centred**2).mean(axis=1, keepdims=True) + layer.sigma.parameters["epsilon"])
            self._a = exact(output.value).like(output.value, output.error)
            error = 1 / low - 1 / S + layer._norm_roundings(low, largest) * layer.u / low
            self._inverse = exact(1 / S).like(1 / S, error)
        else:
            p = layer._softmax()
            self._p = exact(p.value).like(p.value, p.error)
        self._part = exact(np.full((1, 1), 1 / layer.m)).like(np.full((1, 1), 1 / layer.m), layer.u)

    def _mean(self, x: Rounded) -> Rounded:
        return x.sum(1) * self._part

    def pushforward(self, x: Rounded) -> Rounded:
        """(∂σ/∂z) x."""
        return x - (self._p * x).sum(1) if self._name == "log_softmax" else self.pullback(x)

    def pullback(self, g: Rounded) -> Rounded:
        """(∂σ/∂z)ᵀ g."""
        if self._name == "softmax":
            return self._p * (g - (self._p * g).sum(1))
        if self._name == "log_softmax":
            return g - self._p * g.sum(1)
        return (g - self._mean(g) - self._a * self._mean(self._a * g)) * self._inverse

    def bend(self, g: Rounded, x: Rounded) -> Rounded:
        """∇²(gᵀσ)(z) x."""
        if self._name == "softmax":
            change = self._p * (x - (self._p * x).sum(1))
            return change * (g - (self._p * g).sum(1)) - self._p * (change * g).sum(1)
        if self._name == "log_softmax":
            return -(self._p * (x - (self._p * x).sum(1)) * g.sum(1))
        a, change, pulled = self._a, self.pullback(x), self.pullback(g)
        total = change * self._mean(a * g) + a * self._mean(change * g) + pulled * self._mean(a * x)
        return -(total * self._inverse)


def _closed(
    cost: cr.Cost, layer: _Layer, Y: Array, Rz: Rounded, exact: Callable[[Any], Rounded]
) -> tuple[Rounded, Rounded]:
    """δ[r] and R δ[r] of a closed form, without weights."""
    z, u = layer.z, layer.u
    delta = cost.canonical_delta(z.value, Y)
    if isinstance(cost, cr.CrossEntropy):
        p = layer._softmax()
        probabilities = exact(p.value).like(p.value, p.error)
        y = (1 - cost.label_smoothing) * Y + cost.label_smoothing / layer.m
        error = p.error + (2 * layer._softmax_roundings() + SCALE) * u * (p.size + y)
        return Rz.like(delta, error), probabilities * (Rz - (probabilities * Rz).sum(1))
    slope = np.asarray(layer.inner.derivative(z.value))
    moved: NDArray[Any] = layer.bend * z.error
    terms = 1.0 if isinstance(cost, cr.LogLikelihood) else np.exp(z.value) + Y
    of_delta = (abs(slope) + moved) * z.error + COST * u * terms
    return Rz.like(delta, of_delta), Rz.like(slope, moved + COST * u * (abs(slope) + moved)) * Rz


def _loss(cost: cr.Cost, a: Rounded, Y: Array, Ra: Rounded) -> tuple[Rounded, Rounded]:
    """∂ℓ/∂a[r] and R ∂ℓ/∂a[r], without weights."""
    at, u = Range(a.value, a.error), a.u
    slope, moved = cost.derivative(a.value, Y), _moved_derivative(cost, at, Y)
    g = a.like(slope, moved + COST * u * (abs(slope) + moved + _cancelling(cost, at, Y)))
    ends = [cost.hessian_product(a.value + s * a.error, Y, np.ones_like(a.value)) for s in (-1, 0, 1)]
    least, most = np.min(ends, axis=0), np.max(ends, axis=0)  # ∂²ℓ/∂a² ≥ 0 is convex in a, or a step
    return g, a.like(ends[1], most - least + CURVATURE * u * most) * Ra
