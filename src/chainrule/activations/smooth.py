"""Activations without a kink, each map beside its derivative (Lecture, Def. 4.1); accuracy: see `decay`."""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations.activation import Activation
from chainrule.activations.decay import decay, magnitude
from chainrule.activations.normal import normal_kernel
from chainrule.activations.sigma import catalogued


def _sigmoid(z: Array) -> Array:
    """The sigmoid, S(z) = 1/(1 + e⁻ᶻ).

    σ′(z) = S(z) S(−z).
    Range: (0, 1). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.sigmoid([-2.0, 0.0]).round(4)
    array([0.1192, 0.5   ])
    >>> cr.sigmoid.derivative([-2.0, 0.0]).round(4)
    array([0.105, 0.25 ])

    Source: Lecture, Def. 4.1 (L3).
    """
    e = decay(z)
    return np.where(z.real < 0, e, 1) / (1 + e)


def _sigmoid_derivative(z: Array) -> Array:
    """S′(z) = S(z) S(−z), and not S(1 − S), which is 0 from z = 37 on."""
    e = decay(z)
    return e / (1 + e) ** 2


def _sigmoid_second(z: Array) -> Array:
    """S″(z) = S′(z) (S(−z) − S(z)) = −S′(z) tanh(z/2)."""
    e = decay(z)
    difference = np.expm1(-magnitude(z)) / (1 + e)  # S(−|z|) − S(|z|), without cancellation at 0
    return np.asarray(np.where(z.real < 0, -difference, difference) * (e / (1 + e) ** 2))


sigmoid = catalogued(
    Activation(_sigmoid, _sigmoid_derivative, name="sigmoid", range=(0, 1), second_derivative=_sigmoid_second)
)


def _tanh(z: Array) -> Array:
    """The hyperbolic tangent, σ(z) = tanh z = 2S(2z) − 1.

    σ′(z) = 1 − tanh² z = 4 S(2z) S(−2z).
    Range: (−1, 1). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.tanh([-2.0, 0.0]).round(4)
    array([-0.964,  0.   ])
    >>> cr.tanh.derivative([-2.0, 0.0]).round(4)
    array([0.0707, 1.    ])

    Source: Y. LeCun, L. Bottou, G. B. Orr & K.-R. Müller, Efficient backprop, 1998.
    """
    return np.tanh(z)


def _tanh_derivative(z: Array) -> Array:
    """tanh′(z) = 4 S(2z) S(−2z); beyond ±400 it is 0 in float64, and 2z might overflow."""
    return 4 * _sigmoid_derivative(2 * np.where(np.abs(z.real) > 400, 400, z))


def _tanh_second(z: Array) -> Array:
    """tanh″(z) = −2 tanh(z) tanh′(z)."""
    return -2 * np.tanh(z) * _tanh_derivative(z)


tanh = catalogued(Activation(_tanh, _tanh_derivative, name="tanh", range=(-1, 1), second_derivative=_tanh_second))


def _softplus(z: Array) -> Array:
    """The smooth ReLU, σ(z) = log(1 + eᶻ) = max{0, z} + log(1 + e^{−|z|}).

    σ′(z) = S(z), the sigmoid.
    Range: (0, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.softplus([-2.0, 0.0]).round(4)
    array([0.1269, 0.6931])
    >>> cr.softplus.derivative([-2.0, 0.0]).round(4)
    array([0.1192, 0.5   ])

    Source: C. Dugas et al., Incorporating second-order functional knowledge for better option pricing, NIPS 2001.
    """
    return np.where(z.real < 0, 0, z) + np.log1p(decay(z))


softplus = catalogued(
    Activation(_softplus, _sigmoid, name="softplus", range=(0, math.inf), second_derivative=_sigmoid_derivative)
)


def _softsign(z: Array) -> Array:
    """The softsign, σ(z) = z/(1 + |z|).

    σ′(z) = 1/(1 + |z|)².
    Range: (−1, 1). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.softsign([-1.0, 3.0])
    array([-0.5 ,  0.75])
    >>> cr.softsign.derivative([-1.0, 3.0])
    array([0.25  , 0.0625])

    Source: J. Bergstra, G. Desjardins, P. Lamblin & Y. Bengio, Quadratic polynomials learn better image features, 2009.
    """
    return z / (1 + magnitude(z))


def _softsign_derivative(z: Array) -> Array:
    """1/(1 + |z|)², squared last so that nothing overflows."""
    return (1 / (1 + magnitude(z))) ** 2


def _softsign_second(z: Array) -> Array:
    """−2 sign(z)/(1 + |z|)³, which is 0 at the kink 0 of σ′."""
    return np.asarray(-2 * np.sign(z.real) * (1 / (1 + magnitude(z))) ** 3)


softsign = catalogued(
    Activation(_softsign, _softsign_derivative, name="softsign", range=(-1, 1), second_derivative=_softsign_second)
)


def _gaussian(z: Array) -> Array:
    """The Gaussian, σ(z) = e^{−z²}.

    σ′(z) = −2z e^{−z²}.
    Range: (0, 1]. Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.gaussian([-1.0, 0.0]).round(4)
    array([0.3679, 1.    ])
    >>> cr.gaussian.derivative([-1.0, 0.5]).round(4)
    array([ 0.7358, -0.7788])

    Source: D. S. Broomhead & D. Lowe, Multivariable functional interpolation and adaptive networks, 1988.
    """
    return normal_kernel(z, 1.0)


def _gaussian_derivative(z: Array) -> Array:
    """−2z e^{−z²}, in an order in which z = 1e308 does not overflow."""
    return -2 * (z * normal_kernel(z, 1.0))


def _gaussian_second(z: Array) -> Array:
    """(4z² − 2) e^{−z²}, in an order in which z = 1e308 does not overflow."""
    kernel = normal_kernel(z, 1.0)
    return 4 * (z * (z * kernel)) - 2 * kernel


gaussian = catalogued(
    Activation(_gaussian, _gaussian_derivative, name="gaussian", range=(0, 1), second_derivative=_gaussian_second)
)


def _sine(z: Array) -> Array:
    """The sine, σ(z) = sin z.

    σ′(z) = cos z.
    Range: [−1, 1]. Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.sine([-1.0, 0.0]).round(4)
    array([-0.8415,  0.    ])
    >>> cr.sine.derivative([-1.0, 0.0]).round(4)
    array([0.5403, 1.    ])

    Source: V. Sitzmann et al., Implicit neural representations with periodic activation functions, NeurIPS 2020.
    """
    return np.sin(z)


def _sine_derivative(z: Array) -> Array:
    return np.cos(z)


def _sine_second(z: Array) -> Array:
    return -np.sin(z)


sine = catalogued(Activation(_sine, _sine_derivative, name="sine", range=(-1, 1), second_derivative=_sine_second))


def _exp(z: Array) -> Array:
    """The exponential, σ(z) = eᶻ, which is the inverse of the logarithmic link of Poisson regression.

    σ′(z) = eᶻ. Both are infinite from z = 709.8 on.
    Range: (0, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.exp([-1.0, 0.0]).round(4)
    array([0.3679, 1.    ])
    >>> cr.exp.derivative([-1.0, 0.0]).round(4)
    array([0.3679, 1.    ])

    Source: P. McCullagh & J. A. Nelder, Generalized linear models, 1989.
    """
    return np.exp(z)


exp = catalogued(Activation(_exp, _exp, name="exp", range=(0, math.inf), second_derivative=_exp))
