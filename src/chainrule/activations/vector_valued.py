"""The vector-valued activations of the catalogue, each map beside its pullback (Lecture, Def. 4.1, L1, L4).

z is (t, m) or (m,); every row is mapped by itself. The pullback is (∂σ/∂z)ᵀ g, row by row; the full Jacobian
(t, m, m) follows from it. Entries up to ±1e308 are allowed: what overflows on the way is −∞ and its exponential 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.activations.activation import VectorActivation
from chainrule.activations.sigma import catalogued


def _below_top(z: Array) -> tuple[Array, NDArray[np.intp]]:
    """z − z_top and the index of z_top (t, 1), the entry of each row whose real part is largest."""
    top = np.argmax(z.real, axis=-1, keepdims=True)
    return z - np.take_along_axis(z, top, axis=-1), top


def _softmax(z: Array) -> Array:
    """The softmax, σ(z)ₖ = e^{zₖ} / Σₗ e^{zₗ}: each row becomes probabilities, which sum to 1.

    ∂σ/∂z = diag p − ppᵀ with p = σ(z), and (∂σ/∂z)ᵀ g = p ⊙ (g − pᵀg).
    Range: (0, 1). Shapes: (t, m) → (t, m), each row by itself.

    The largest zₗ is subtracted first; the relative error of entry k is at most (max z − zₖ + m + 4) u. One example is
    a row: of a column (m, 1), each row has one entry and becomes 1. Pass the z of one example as (m,), or ``z.T``.

    >>> import chainrule as cr
    >>> cr.softmax([0.0, 0.0])
    array([0.5, 0.5])
    >>> cr.softmax.pullback([0.0, 0.0], [1.0, 0.0])
    array([ 0.25, -0.25])

    Source: Lecture, Def. 4.1 (L4).
    """
    e = np.exp(_below_top(z)[0])
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _softmax_pullback(z: Array, g: Array) -> Array:
    """(diag p − ppᵀ) g = p ⊙ (g − pᵀg) with p = softmax(z)."""
    p = _softmax(z)
    return np.asarray(p * (g - (p * g).sum(axis=-1, keepdims=True)))


def _softmax_hessian_product(z: Array, g: Array, u: Array) -> Array:
    """ṗ ⊙ (g − pᵀg) − p ṗᵀg with p = softmax(z) and ṗ = (diag p − ppᵀ) u."""
    p, change = _softmax(z), _softmax_pullback(z, u)
    mean, change_of_mean = ((weights * g).sum(axis=-1, keepdims=True) for weights in (p, change))
    return np.asarray(change * (g - mean) - p * change_of_mean)


softmax = catalogued(
    VectorActivation(
        _softmax,
        _softmax_pullback,
        name="softmax",
        range=(0, 1),
        pushforward=_softmax_pullback,  # the Jacobian is symmetric
        hessian_product=_softmax_hessian_product,
    )
)


def _log_softmax(z: Array) -> Array:
    """The logarithm of the softmax, σ(z)ₖ = zₖ − log Σₗ e^{zₗ}.

    ∂σ/∂z = I − 1pᵀ with p = softmax(z), and (∂σ/∂z)ᵀ g = g − p Σₖ gₖ.
    Range: (−∞, 0). Shapes: (t, m) → (t, m), each row by itself.

    It is computed as (zₖ − z_top) − log(1 + Σ e^{zₗ − z_top}), the sum without l = top; with log1p, the entry of a
    near-certain class keeps its digits: −2e-22, say, and not 0.

    >>> import chainrule as cr
    >>> cr.log_softmax([0.0, 0.0]).round(4)
    array([-0.6931, -0.6931])
    >>> cr.log_softmax.pullback([0.0, 0.0], [1.0, 0.0])
    array([ 0.5, -0.5])

    Source: J. S. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
    """
    d, top = _below_top(z)
    e = np.exp(d)
    np.put_along_axis(e, top, 0 * np.take_along_axis(e, top, axis=-1), axis=-1)  # 0, or NaN where the row has one
    return np.asarray(d - np.log1p(e.sum(axis=-1, keepdims=True)))


def _log_softmax_pullback(z: Array, g: Array) -> Array:
    """(I − 1pᵀ)ᵀ g = g − p Σₖ gₖ with p = softmax(z)."""
    return np.asarray(g - _softmax(z) * g.sum(axis=-1, keepdims=True))


def _log_softmax_pushforward(z: Array, u: Array) -> Array:
    """(I − 1pᵀ) u = u − pᵀu with p = softmax(z)."""
    return np.asarray(u - (_softmax(z) * u).sum(axis=-1, keepdims=True))


def _log_softmax_hessian_product(z: Array, g: Array, u: Array) -> Array:
    """−(diag p − ppᵀ) u Σₖ gₖ with p = softmax(z)."""
    return np.asarray(-_softmax_pullback(z, u) * g.sum(axis=-1, keepdims=True))


log_softmax = catalogued(
    VectorActivation(
        _log_softmax,
        _log_softmax_pullback,
        name="log_softmax",
        range=(-math.inf, 0),
        pushforward=_log_softmax_pushforward,
        hessian_product=_log_softmax_hessian_product,
    )
)


def _normalised(z: Array, epsilon: float) -> tuple[Array, Array]:
    """The layer norm y (t, m) and the 1/S (t, 1) it was multiplied with.

    Rows are divided by a power of two near their largest entry, then the centred ones near theirs, so that neither a
    sum nor a square overflows; the exponents are those of the row, at least 0, so that ε never overflows either.
    """
    size = _exponent(z)
    z = _scaled(z, -size)
    centred = z - z.mean(axis=-1, keepdims=True)
    shrink = np.maximum(_exponent(centred) + size, 0)  # S is about 2^shrink
    centred = _scaled(centred, size - shrink)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    inverse = 1 / np.sqrt(variance + np.ldexp(epsilon, -2 * shrink))
    return centred * inverse, _scaled(inverse, -shrink)


def _exponent(z: Array) -> Array:
    """The e with 2ᵉ ≤ max |Re zₖ| < 2ᵉ⁺¹ for each row, (t, 1); for a row of zeros one below them all."""
    largest = np.abs(z.real).max(axis=-1, keepdims=True)
    return np.where(largest == 0, -1100, np.frexp(largest)[1] - 1)


def _scaled(z: Array, exponent: Array) -> Array:
    """z · 2^exponent, exactly, for real or complex z."""
    if z.dtype.kind == "c":
        return np.asarray(np.ldexp(z.real, exponent) + 1j * np.ldexp(z.imag, exponent))
    return np.ldexp(z, exponent)


def _layer_norm(z: Array, epsilon: float) -> Array:
    """Layer normalisation, σ(z) = (z − z̄)/S with S = √(mean (z − z̄)² + ε), without parameters to learn.

    ∂σ/∂z = (I − 11ᵀ/m − yyᵀ/m)/S with y = σ(z), which is symmetric.
    Range: (−∞, ∞). Shapes: (t, m) → (t, m), each row by itself.

    ``epsilon`` is 1e-5 unless given.

    >>> import chainrule as cr
    >>> cr.layer_norm([0.0, 2.0, 4.0]).round(4)
    array([-1.2247,  0.    ,  1.2247])
    >>> cr.layer_norm.pullback([0.0, 2.0, 4.0], [1.0, 0.0, 0.0]).round(4)
    array([ 0.1021, -0.2041,  0.1021])

    Source: J. L. Ba, J. R. Kiros & G. E. Hinton, Layer normalization, 2016.
    """
    return _normalised(z, epsilon)[0]


def _layer_norm_pullback(z: Array, g: Array, epsilon: float) -> Array:
    """((I − 11ᵀ/m − yyᵀ/m)/S) g, a symmetric Jacobian; y = σ(z)."""
    y, inverse = _normalised(z, epsilon)
    centred = g - g.mean(axis=-1, keepdims=True)
    return np.asarray((centred - y * (y * g).mean(axis=-1, keepdims=True)) * inverse)


def _layer_norm_hessian_product(z: Array, g: Array, u: Array, epsilon: float) -> Array:
    """−(ẏ ȳg + y m(ẏ ⊙ g) + pullback(z, g) m(y ⊙ u))/S with ẏ = (∂σ/∂z) u, m the mean of a row and ȳg = m(y ⊙ g)."""
    y, inverse = _normalised(z, epsilon)
    change, pulled = _layer_norm_pullback(z, u, epsilon), _layer_norm_pullback(z, g, epsilon)
    yg, change_g, yu = ((left * right).mean(axis=-1, keepdims=True) for left, right in ((y, g), (change, g), (y, u)))
    return np.asarray(-(change * yg + y * change_g + pulled * yu) * inverse)


layer_norm = catalogued(
    VectorActivation(
        _layer_norm,
        _layer_norm_pullback,
        name="layer_norm",
        parameters={"epsilon": 1e-5},
        pushforward=_layer_norm_pullback,  # the Jacobian is symmetric
        hessian_product=_layer_norm_hessian_product,
    )
)
