"""Bounds of the rounding errors of ∇J(θ), J(θ), δ[i] and N(x), one for every entry.

They hold for any engine that computes the formulas of the lecture with unit roundoff u, sums in any order, and whose
elementary functions have the errors stated in native/src/kernels, which the C++ tests enforce.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

import chainrule as cr
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.activations import Sigma
from chainrule.network.block_diagonal import Matrix, free_entries
from chainrule.network.forward import forward
from chainrule.network.theta import parameter_views
from support.constrained import at_blocks

Masks = ByLayer[Array | None] | None

# Errors in units of u, as stated in the kernels' headers (one unit in the last place is at most 2 u), plus one u for a
# parameter, such as a slope, that is rounded itself:
VALUE = 12.0  # σ(z): 5.5 ulp, relative to |σ(z)|
SLOPE = 7.0  # σ′: 6 u, relative to 1 + |σ′|, since σ′ is made from a = σ(z) where that saves z
COST = 16.0  # a loss, ∂ℓ/∂a or a closed δ[r]: 8 u, relative to its value and to the terms that cancel in it
SCALE = 4.0  # an example's weight over the sum of them, and the product with it

U = {np.dtype(kind): float(np.finfo(kind).eps) / 2 for kind in (np.float32, np.float64)}


def gamma(k: float, u: float) -> float:
    """γ(k) = ku/(1 − ku), the relative error of k roundings (Higham, Accuracy and Stability, 2002, lemma 3.1)."""
    return k * u / (1 - k * u)


@dataclass(frozen=True)
class Bounds:
    """The largest possible errors: of J, of each entry of ∇J(θ) (d,), of δ[i] and a[i] (t, mᵢ)."""

    J: float
    theta: Array
    delta: ByLayer[Array]
    a: ByLayer[Array]


class Range(NamedTuple):
    """A quantity and a bound of its error, entry by entry."""

    value: Array
    error: Array

    @property
    def size(self) -> Array:
        """The largest absolute value of a computed quantity."""
        return np.asarray(abs(self.value) + self.error)


def difference_bounds(
    net: cr.Network, cost: cr.Cost, X: Array, Y: Array, weights: Array | None = None, masks: Masks = None
) -> Bounds:
    """Bounds of the difference between an engine in the dtype of ``net`` and the reference in float64."""
    wide = net.astype(np.float64)
    w = None if weights is None else weights.astype(np.float64)
    exact = X.astype(np.float64), Y.astype(np.float64)
    one = other = rounding_bounds(wide, cost, *exact, w, masks, np.float64)
    if net.dtype != np.float64:
        one = rounding_bounds(wide, cost, *exact, w, masks, net.dtype)
    return Bounds(
        one.J + other.J,
        one.theta + other.theta,
        ByLayer(a + b for a, b in zip(one.delta, other.delta, strict=True)),
        ByLayer((a + b for a, b in zip(one.a, other.a, strict=True)), first=0),
    )


@np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore")
def rounding_bounds(
    net: cr.Network, cost: cr.Cost, X: Array, Y: Array, weights: Array | None, masks: Masks, dtype: DTypeLike
) -> Bounds:
    """Bounds of the errors of a computation in ``dtype``; net, X, Y and weights hold numbers of ``dtype`` as float64.

    The errors are carried along the chain rule in absolute values; products of two errors are kept, so that the bound
    holds exactly and not only to first order. With u the unit roundoff of ``dtype``, |da| a bound of a's error:

    - z = W a + b is a sum of n products and b in some order: dz = |W| da + γ(n + 2) (|W| (|a| + da) + |b|);
    - a = σ(z): da = |σ(ẑ) − σ(z)| + VALUE u |a|, and by Taylor |σ(ẑ) − σ(z)| ≤ (|σ′(z)| + ½ B dz) dz, B = max |σ″|;
    - σ′: dσ′ = B dz + SLOPE u (1 + |σ′|), and the jump of σ′ where a kink lies within dz of z;
    - ∂J/∂a = Wᵀ δ: |W|ᵀ dδ + γ(m) |W|ᵀ (|δ| + dδ);  δ = σ′ ⊙ ∂J/∂a: by the product rule;
    - ∂J/∂W = Σ δ aᵀ over t examples: Σ (dδ |a|ᵀ + |δ| daᵀ + dδ daᵀ) + γ(t) Σ (|δ| + dδ) (|a| + da)ᵀ; so too ∂J/∂b;
    - a = (1 − κ) z + κ σ(z) and its slope: the same, and 3 u of the sizes of the two terms; ∂J/∂κ = Σ ∂J/∂a (σ(z) − z);
    - δ[r], ℓ and vector-valued σ: see the functions below, with the constants that the C++ tests enforce.

    η, the smallest number of ``dtype``, is added where a result may underflow.
    """
    dtype = np.dtype(dtype)
    u, eta = U[dtype], float(np.finfo(dtype).smallest_subnormal)
    t, r, run = len(X), net.r, forward(net, X, masks)
    layers: list[_Layer] = []
    a = Range(X, np.zeros_like(X))
    errors = [a.error]
    for i in range(1, r + 1):
        W: NDArray[Any] = np.abs(np.asarray(net.W[i]))
        b: NDArray[Any] = np.abs(net.b[i])
        dz = a.error @ W.T + gamma(net.m[i - 1] + 2, u) * (a.size @ W.T + b) + net.m[i - 1] * eta
        layers.append(_Layer(net.sigma[i], Range(run.z[i], dz), u, eta))
        a = layers[-1].output()
        if masks is not None and (mask := masks[i]) is not None:
            a = Range(a.value * mask, mask * (a.error + 2 * u * a.size))
        errors.append(a.error)

    J, delta, da = _output(net, cost, layers[-1], a, Y, weights, u, eta)
    W_norms = cost.penalty([free_entries(V).astype(np.float64) for V in net.W])
    J += (gamma(net.d, U[np.dtype(np.float64)]) + SCALE * u) * W_norms
    deltas, theta = [delta.error], np.empty(net.d)
    dW, db, dkappa = parameter_views(theta, net.layout)
    if da is not None and isinstance(net.sigma[r], cr.Parametric):
        dkappa[r][...] = layers[-1].kappa_gradient(da)
    for i in range(r, 0, -1):
        below, W = Range(run.a[i - 1], errors[i - 1]), np.abs(np.asarray(net.W[i]))
        terms: NDArray[Any] = delta.size.T @ below.size
        sums: NDArray[Any] = delta.error.T @ below.size + np.abs(delta.value).T @ below.error + gamma(t, u) * terms
        if cost.l1 or cost.l2:  # λ₁ sign W + λ₂ W, and one more sum
            sums += SCALE * u * (terms + cost.l1 + cost.l2 * W)
        sums += t * eta
        own: Matrix = dW[i]
        free_entries(own)[...] = at_blocks(own, sums) if isinstance(own, cr.BlockDiagonal) else sums
        db[i][...] = delta.error.sum(axis=0) + gamma(t, u) * delta.size.sum(axis=0) + t * eta
        if i > 1:
            g = Range(delta.value @ net.W[i], delta.error @ W + gamma(net.m[i], u) * delta.size @ W + net.m[i] * eta)
            if masks is not None and (mask := masks[i - 1]) is not None:
                g = Range(g.value * mask, mask * (g.error + 2 * u * g.size))
            if isinstance(net.sigma[i - 1], cr.Parametric):
                dkappa[i - 1][...] = layers[i - 2].kappa_gradient(g)
            delta = layers[i - 2].pullback(g)
            deltas.append(delta.error)
    return Bounds(J, theta, ByLayer(reversed(deltas)), ByLayer(errors, first=0))


class _Layer:
    """σ[i] at a z[i] (t, m) that is known up to an error: its value, and its pullback."""

    def __init__(self, sigma: Sigma, z: Range, u: float, eta: float) -> None:
        self.sigma, self.z, self.u, self.eta = sigma, z, u, eta
        self.m = z.value.shape[1]
        if isinstance(sigma, cr.Activation):
            self.inner, self.kappa = sigma, np.ones(self.m)
            if isinstance(sigma, cr.Parametric):
                self.inner = sigma.sigma
                self.kappa = np.asarray(sigma.kappa, np.float64)
            self.slope: Array = np.asarray(abs(sigma.derivative(z.value)))
            self.inner_slope: Array = np.asarray(abs(self.inner.derivative(z.value)))
            self.inner_bend, jump = _bend(self.inner, z), np.zeros_like(z.value)
            self.bend = abs(self.kappa) * self.inner_bend
            for kink in sigma.kinks:
                left, right = (float(self.inner.derivative(np.nextafter(kink, end))) for end in (-np.inf, np.inf))
                jump += abs(right - left) * (abs(z.value - kink) <= z.error)
            self.inner_jump, self.jump = jump, abs(self.kappa) * jump
        else:
            self.spread = np.ptp(z.value, axis=1, keepdims=True) + 2 * z.error.max(axis=1, keepdims=True)

    def output(self) -> Range:
        """a = σ(z)."""
        value, dz, u = np.asarray(self.sigma(self.z.value)), self.z.error, self.u
        if isinstance(self.sigma, cr.Activation):
            moved = (self.slope + self.bend * dz / 2 + self.jump) * dz
            if self.inner is self.sigma:
                return Range(value, moved + VALUE * u * (abs(value) + moved) + 2 * self.eta)
            terms = (VALUE + 3) * abs(self.kappa) * self._inner().size + 3 * abs(1 - self.kappa) * self.z.size
            return Range(value, moved + u * terms + 4 * self.eta)
        if self.sigma.name == "layer_norm":
            # S = √(mean (z − z̄)² + ε) moves by no more than the root mean square of dz.
            low, largest = self._norm()
            moved = (dz + dz.mean(axis=1, keepdims=True) + abs(value) * _rms(dz)) / low
            return Range(value, moved + self._norm_roundings(low, largest) * u)
        moved = dz + dz.max(axis=1, keepdims=True)  # of zₖ − log Σ eᶻ
        if self.sigma.name == "log_softmax":
            return Range(value, moved + self._softmax_roundings() * u * (1 + abs(value) + moved))
        return Range(value, self._softmax().error)

    def _inner(self) -> Range:
        """σ(z), without κ."""
        value, dz = np.asarray(self.inner(self.z.value)), self.z.error
        moved = (self.inner_slope + self.inner_bend * dz / 2 + self.inner_jump) * dz
        return Range(value, moved + VALUE * self.u * (abs(value) + moved) + 2 * self.eta)

    def kappa_gradient(self, g: Range) -> Array:
        """The error of Σ g ⊙ (σ(z) − z) over the examples, (m,)."""
        a, t = self._inner(), len(g.value)
        rest = Range(a.value - self.z.value, a.error + self.z.error + self.u * (a.size + self.z.size))
        error = abs(g.value) * rest.error + g.error * rest.size
        return np.asarray((error + gamma(t + 1, self.u) * g.size * rest.size + self.eta).sum(axis=0))

    def pullback(self, g: Range) -> Range:
        """(∂σ/∂z)ᵀ g."""
        value, dz, u = np.asarray(self.sigma.pullback(self.z.value, g.value)), self.z.error, self.u
        if isinstance(self.sigma, cr.Activation):
            moved = self.bend * dz + self.jump
            rounded: NDArray[Any] = SLOPE * (1 + self.slope + moved)
            if self.inner is not self.sigma:
                inner = self.inner_slope + self.inner_bend * dz + self.inner_jump
                rounded = abs(self.kappa) * (SLOPE * (1 + inner) + 3 * inner) + 3 * abs(1 - self.kappa)
            slope = Range(self.slope, moved + u * rounded)
            error = slope.value * g.error + slope.error * g.size + 3 * u * slope.size * g.size
            return Range(value, error + 4 * self.eta)
        total = g.size.sum(axis=1, keepdims=True)
        if self.sigma.name == "layer_norm":  # ((I − 11ᵀ/m − aaᵀ/m)/S) g
            a, (low, largest) = self.output(), self._norm()
            q = Range(
                (a.value * g.value).mean(axis=1, keepdims=True),
                (abs(a.value) * g.error + a.error * g.size).mean(axis=1, keepdims=True),
            )
            top = g.error + g.error.mean(axis=1, keepdims=True) + abs(a.value) * q.error + a.error * q.size
            moved = top / low + abs(value) * _rms(dz) / low
            return Range(value, moved + 2 * self._norm_roundings(low, largest) * u * total / low)
        p, roundings = self._softmax(), 2 * self._softmax_roundings() * u * total
        if self.sigma.name == "log_softmax":  # g − p Σ g
            error = g.error + p.value * g.error.sum(axis=1, keepdims=True) + p.error * total
            return Range(value, error + roundings)
        dot = Range(  # p ⊙ (g − pᵀg)
            (p.value * g.value).sum(axis=1, keepdims=True),
            (p.value * g.error + p.error * g.size).sum(axis=1, keepdims=True),
        )
        error = p.value * (g.error + dot.error) + p.error * (g.size + dot.size)
        return Range(value, error + roundings + 4 * self.eta)

    def _softmax(self) -> Range:
        """p = softmax(z); zₖ − max z and its exponential lose one u per unit of it."""
        p, dz = np.asarray(cr.softmax(self.z.value)), self.z.error
        moved = p * np.expm1(dz + dz.max(axis=1, keepdims=True))
        return Range(p, moved + self._softmax_roundings() * self.u * (p + moved) + 2 * self.eta)

    def _softmax_roundings(self) -> Array:
        return np.asarray(8 + self.m + self.spread)

    def _norm(self) -> tuple[Array, Array]:
        """A lower bound of a computed S, and max |z|, each (t, 1)."""
        centred = self.z.value - self.z.value.mean(axis=1, keepdims=True)
        S = np.sqrt((centred**2).mean(axis=1, keepdims=True) + self.sigma.parameters["epsilon"])
        low = S - _rms(self.z.error)
        return np.where(low > 0, low, 0.0), self.z.size.max(axis=1, keepdims=True)

    def _norm_roundings(self, low: Array, largest: Array) -> Array:
        return np.asarray(4 * (8 + self.m) * (1 + largest / low))  # z − z̄ may cancel


def _output(
    net: cr.Network, cost: cr.Cost, layer: _Layer, a: Range, Y: Array, weights: Array | None, u: float, eta: float
) -> tuple[float, Range, Range | None]:
    """The error of J without penalties, δ[r], and ∂J/∂a[r] where δ[r] is made of it.

    A loss moves by at most (|∂ℓ/∂a| and the change of it) da, or the same in z for the closed forms over z[r].
    """
    t, m = Y.shape
    z, sigma = layer.z, layer.sigma
    outer: Range | None = None
    scale = np.broadcast_to(np.asarray(cost.example_scale(weights, t)), t)[:, None]  # (t, 1)
    if cost.closed_form(sigma):
        value = cost.canonical_delta(z.value, Y)
        losses: NDArray[Any] = np.abs(cost.canonical_losses(z.value, Y))[:, None] / m * np.ones((1, m))
        if isinstance(cost, cr.CrossEntropy):
            p, y = layer._softmax(), (1 - cost.label_smoothing) * Y + cost.label_smoothing / m
            moved: NDArray[Any] = p.error
            rounded = (2 * layer._softmax_roundings() + SCALE) * u * (p.size + y)
            loss_rounded = 2 * layer._softmax_roundings() * u * losses
        else:
            moved = (layer.slope + layer.bend * z.error / 2) * z.error
            terms: Array | float = a.value + Y
            if isinstance(cost, cr.LogLikelihood):
                terms = (1 - Y) * a.value + Y * (1 - a.value)
            rounded = COST * u * (terms + moved)
            if isinstance(cost, cr.Poisson):  # eᶻ − y z
                losses = a.value + np.abs(Y * z.value)
            loss_rounded = COST * u * losses
        delta = Range(value, moved + rounded + eta)
        loss_error = (abs(value) + moved) * z.error + loss_rounded
    else:
        slope, terms = cost.derivative(a.value, Y), _cancelling(cost, a, Y)
        moved = _moved_derivative(cost, a, Y)
        losses = np.abs(cost.losses(a.value.reshape(-1, 1), Y.reshape(-1, 1)).reshape(t, m))
        if isinstance(cost, cr.Poisson):  # a − y log a
            losses = a.size + np.where(Y == 0, 0.0, abs(Y * np.log(a.value)))
        loss_error = (abs(slope) + moved) * a.error + COST * u * (losses + terms)
        outer = Range(slope, moved + COST * u * (abs(slope) + moved + terms))
        delta = layer.pullback(outer)
    J = (scale * loss_error).sum() + gamma(t + m + SCALE, u) * (scale * (losses + loss_error)).sum()
    rounding = SCALE * u + gamma(t, U[np.dtype(np.float64)])

    def scaled(x: Range) -> Range:
        return Range(x.value * scale, scale * (x.error + rounding * x.size) + eta)

    return float(J), scaled(delta), None if outer is None else scaled(outer)


def _moved_derivative(cost: cr.Cost, a: Range, Y: Array) -> Array:
    """A bound of the change of ∂ℓ/∂a as a moves by its error; a kink within reach counts with its whole jump."""
    reach = abs(a.value - Y) <= a.error
    low, rest = a.value - a.error, 1 - a.value - a.error
    ratio = np.where(Y == 0, 0.0, np.where(low > 0, Y * a.error / (a.value * low), np.inf))
    if isinstance(cost, cr.LogLikelihood):
        other = np.where(rest > 0, (1 - Y) * a.error / ((1 - a.value) * rest), np.inf)
        return np.asarray(ratio + np.where(Y == 1, 0.0, other))
    if isinstance(cost, cr.Poisson):
        return np.asarray(ratio)
    if isinstance(cost, cr.AbsoluteError | cr.Quantile):
        return np.asarray(2.0 * reach)
    return a.error  # ∂ℓ/∂a is a − y, clipped or not


def _cancelling(cost: cr.Cost, a: Range, Y: Array) -> Array | float:
    """The size of the terms that ∂ℓ/∂a is a difference of, other than a − y (which is exact but for one rounding)."""
    if isinstance(cost, cr.LogLikelihood):
        return np.asarray(_quotient(Y, a.value - a.error) + _quotient(1 - Y, 1 - a.value - a.error))
    if isinstance(cost, cr.Poisson):
        return np.asarray(1 + _quotient(Y, a.value - a.error))
    return 0.0


def _quotient(y: Array, a: Array) -> Array:
    return np.where(y == 0, 0.0, np.where(a > 0, y / a, np.inf))


def _bend(sigma: cr.Activation, z: Range) -> float:
    """max |σ″| over the range of z, by complex steps of σ′ on a fine grid, with a margin of 5 % for the gaps."""
    low, high = float((z.value - z.error).min()), float((z.value + z.error).max())
    grid = np.linspace(low, high, 2001) + 1e-30j
    return 1.05 * float(abs(np.imag(sigma.derivative(grid)) / 1e-30).max())


def _rms(x: Array) -> Array:
    return np.asarray(np.sqrt((x**2).mean(axis=1, keepdims=True)))
