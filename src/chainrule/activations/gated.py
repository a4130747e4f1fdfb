"""Activations z G(z) with a gate G that rises from 0 to 1, each map beside its derivative; accuracy: see `decay`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations.activation import Activation
from chainrule.activations.decay import decay
from chainrule.activations.normal import normal_cdf, normal_density
from chainrule.activations.sigma import catalogued
from chainrule.activations.smooth import sigmoid

_S: Callable[[Array], Array] = sigmoid.function  # on arrays: the input needs no further check


def _gelu(z: Array) -> Array:
    """The Gaussian error linear unit, σ(z) = z Φ(z), with the exact normal distribution function Φ.

    σ′(z) = Φ(z) + z φ(z), with the normal density φ.
    Range: [−0.17, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.gelu([-2.0, 3.0]).round(4)
    array([-0.0455,  2.996 ])
    >>> cr.gelu.derivative([-2.0, 3.0]).round(4)
    array([-0.0852,  1.0119])

    Source: D. Hendrycks & K. Gimpel, Gaussian error linear units, 2016.
    """
    return z * normal_cdf(z)


def _gelu_derivative(z: Array) -> Array:
    return normal_cdf(z) + z * normal_density(z)


def _gelu_second(z: Array) -> Array:
    """(2 − z²) φ(z), in an order in which z = 1e308 does not overflow."""
    density = normal_density(z)
    return 2 * density - z * (z * density)


gelu = catalogued(
    Activation(
        _gelu,
        _gelu_derivative,
        name="gelu",
        range=(-0.1699712074799038, math.inf),
        hidden_initial="he",
        second_derivative=_gelu_second,
    )
)


def _silu(z: Array) -> Array:
    """The sigmoid linear unit, also called swish, σ(z) = z S(z).

    σ′(z) = S(z) (1 + z S(−z)).
    Range: [−0.278, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.silu([-2.0, 3.0]).round(4)
    array([-0.2384,  2.8577])
    >>> cr.silu.derivative([-2.0, 3.0]).round(4)
    array([-0.0908,  1.0881])

    Source: S. Elfwing, E. Uchibe & K. Doya, Sigmoid-weighted linear units, 2018; P. Ramachandran, B. Zoph & Q. V. Le,
    Searching for activation functions, 2017.
    """
    return z * _S(z)


def _silu_derivative(z: Array) -> Array:
    """S(z) (1 + z S(−z))."""
    return _S(z) * (1 + z * _S(-z))


def _silu_second(z: Array) -> Array:
    """2 S′(z) + z S″(z)."""
    return 2 * sigmoid.derivative(z) + z * sigmoid.second_derivative(z)


silu = catalogued(
    Activation(
        _silu,
        _silu_derivative,
        name="silu",
        range=(-0.2784645427610739, math.inf),
        hidden_initial="he",
        second_derivative=_silu_second,
    )
)


def _mish_parts(z: Array) -> tuple[Array, Array, Array]:
    """T = tanh(softplus(z)) = n/(n + 2) with n = eᶻ(eᶻ + 2), and its T′ = 4eᶻ(1 + eᶻ)/(n + 2)²; in powers of
    e = e^{−|z|}: for z ≥ 0 numerators and denominators are divided by e²ᶻ."""
    e = decay(z)
    n = np.where(z.real < 0, e * (e + 2), 1 + 2 * e)
    denominator = n + 2 * np.where(z.real < 0, 1, e**2)
    slope = 4 * np.where(z.real < 0, e, e**2) * (1 + e)
    return n, denominator, slope


def _mish(z: Array) -> Array:
    """Mish, σ(z) = z T(z), with T(z) = tanh(log(1 + eᶻ)).

    σ′(z) = T(z) + z T′(z), with T′(z) = (1 − T(z)²) S(z).
    Range: [−0.309, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.mish([-2.0, 3.0]).round(4)
    array([-0.2525,  2.9865])
    >>> cr.mish.derivative([-2.0, 3.0]).round(4)
    array([-0.1084,  1.0211])

    Source: D. Misra, Mish: a self regularized non-monotonic activation function, BMVC 2020.
    """
    n, denominator, _ = _mish_parts(z)
    return z * (n / denominator)


def _mish_derivative(z: Array) -> Array:
    """T + z T′."""
    n, denominator, slope = _mish_parts(z)
    return (n + z * (slope / denominator)) / denominator


def _mish_second(z: Array) -> Array:
    """2T′ + z T″, with T″ = 4w (2 + 2w − 3w² − 2w³)/(n + 2)³ and w = eᶻ, in powers of e = e^{−|z|} as above."""
    _, denominator, slope = _mish_parts(z)
    e = decay(z)
    numerator = np.where(
        z.real < 0,
        e * (2 + e * (2 - e * (3 + 2 * e))),
        e**2 * (e * (2 * e * (e + 1) - 3) - 2),
    )
    return np.asarray((2 * slope + z * (4 * numerator / denominator)) / denominator**2)


mish = catalogued(
    Activation(
        _mish,
        _mish_derivative,
        name="mish",
        range=(-0.3088434130172505, math.inf),
        hidden_initial="he",
        second_derivative=_mish_second,
    )
)
