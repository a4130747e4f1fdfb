"""The entrywise activations, each map beside its derivative (Lecture, Def. 4.1).

Every formula is chosen so that it is exact to a few units in the last place (ulp), relative to the true value, for
every finite z: no exponential of a positive number, no 1 − s, no difference of nearly equal terms; except near the
roots of gelu′, silu′ and mish′, where the error is a few ulp of the terms that cancel. Results below 1e-306
may be off by 1e-320. All accept complex z and are analytic between their kinks (comparisons look at the real part).
A NaN stays a NaN: no comparison here sends it to the branch of an ordinary number.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations.activation import Activation
from chainrule.activations.normal import normal_cdf, normal_density, normal_kernel
from chainrule.activations.sigma import catalogued


def _magnitude(z: Array) -> Array:
    """|z| for real z, continued analytically from the real line's two halves."""
    return np.where(z.real < 0, -z, z)


def _decay(z: Array) -> Array:
    """e^{−|z|} ∈ [0, 1]."""
    return np.exp(-_magnitude(z))


# Piecewise linear and piecewise exponential: a kink each, at 0 or ±1.


def _identity(z: Array) -> Array:
    """σ(z) = z. Lecture, L10: with r = 1 and the sum of squares, linear regression."""
    return +z


def _identity_derivative(z: Array) -> Array:
    return np.ones_like(z)


identity = catalogued(Activation(_identity, _identity_derivative, name="identity"))


def _relu(z: Array) -> Array:
    """ReLU(z) = max{0, z}; ReLU′(0) = 0. Lecture, Def. 4.1 (L2)."""
    return np.where(z.real <= 0, 0, z)


def _relu_derivative(z: Array) -> Array:
    return np.where(z.real <= 0, 0, np.ones_like(z))


relu = catalogued(Activation(_relu, _relu_derivative, name="relu", range=(0, math.inf), kinks=[0], hidden_initial="he"))


def _leaky_relu(z: Array, slope: float) -> Array:
    """σ(z) = z for z > 0, slope·z otherwise; σ′(0) = slope. Maas, Hannun & Ng 2013."""
    return np.where(z.real <= 0, slope * z, z)


def _leaky_relu_derivative(z: Array, slope: float) -> Array:
    return np.where(z.real <= 0, slope, np.ones_like(z))


leaky_relu = catalogued(
    Activation(
        _leaky_relu,
        _leaky_relu_derivative,
        name="leaky_relu",
        parameters={"slope": 0.01},
        kinks=[0],
        hidden_initial="he",
    )
)


def _negative_part(z: Array) -> Array:
    """min{0, z}, so that the branch that is not taken cannot overflow."""
    return np.where(z.real > 0, 0, z)


def _elu(z: Array, alpha: float) -> Array:
    """σ(z) = z for z > 0, α(eᶻ − 1) otherwise; σ′(0) = α. Clevert, Unterthiner & Hochreiter 2016."""
    return np.where(z.real <= 0, alpha * np.expm1(_negative_part(z)), z)


def _elu_derivative(z: Array, alpha: float) -> Array:
    return np.where(z.real <= 0, alpha * _decay(z), 1)


# Its lower bound −α moves with the parameter, so the range is left open.
elu = catalogued(
    Activation(_elu, _elu_derivative, name="elu", parameters={"alpha": 1.0}, kinks=[0], hidden_initial="he")
)

# The fixed point of mean 0 and variance 1 under LeCun's initial values.
_SELU_SCALE = 1.0507009873554804934
_SELU_SCALE_ALPHA = 1.7580993408473768600


def _selu(z: Array) -> Array:
    """σ(z) = λz for z > 0, λα(eᶻ − 1) otherwise; σ′(0) = λα. Klambauer et al. 2017 (λ ≈ 1.0507, λα ≈ 1.7581)."""
    return np.where(z.real <= 0, _SELU_SCALE_ALPHA * np.expm1(_negative_part(z)), _SELU_SCALE * z)


def _selu_derivative(z: Array) -> Array:
    return np.where(z.real <= 0, _SELU_SCALE_ALPHA * _decay(z), _SELU_SCALE)


selu = catalogued(
    Activation(
        _selu,
        _selu_derivative,
        name="selu",
        range=(-_SELU_SCALE_ALPHA, math.inf),
        kinks=[0],
        hidden_initial="lecun",
    )
)


def _hard_tanh(z: Array) -> Array:
    """σ(z) = min{1, max{−1, z}}; σ′(±1) = 0. Collobert 2004."""
    return np.where(z.real <= -1, -1, np.where(z.real >= 1, 1, z))


def _hard_tanh_derivative(z: Array) -> Array:
    return np.where(np.abs(z.real) >= 1, 0, np.ones_like(z))


hard_tanh = catalogued(Activation(_hard_tanh, _hard_tanh_derivative, name="hard_tanh", range=(-1, 1), kinks=[-1, 1]))


# The sigmoid and its kin.


def _sigmoid(z: Array) -> Array:
    """S(z) = 1/(1 + e⁻ᶻ). Lecture, Def. 4.1 (L3)."""
    e = _decay(z)
    return np.where(z.real < 0, e, 1) / (1 + e)


def _sigmoid_derivative(z: Array) -> Array:
    """S′(z) = S(z) S(−z), and not S(1 − S), which is 0 from z = 37 on."""
    e = _decay(z)
    return e / (1 + e) ** 2


sigmoid = catalogued(Activation(_sigmoid, _sigmoid_derivative, name="sigmoid", range=(0, 1)))


def _tanh(z: Array) -> Array:
    """σ(z) = tanh z = 2S(2z) − 1. LeCun et al. 1998."""
    return np.tanh(z)


def _tanh_derivative(z: Array) -> Array:
    """tanh′(z) = 4 S(2z) S(−2z); beyond ±400 it is 0 in float64, and 2z might overflow."""
    return 4 * _sigmoid_derivative(2 * np.where(np.abs(z.real) > 400, 400, z))


tanh = catalogued(Activation(_tanh, _tanh_derivative, name="tanh", range=(-1, 1)))


def _softplus(z: Array) -> Array:
    """σ(z) = log(1 + eᶻ) = max{0, z} + log(1 + e^{−|z|}); σ′ = S. Dugas et al. 2001."""
    return np.where(z.real < 0, 0, z) + np.log1p(_decay(z))


softplus = catalogued(Activation(_softplus, _sigmoid, name="softplus", range=(0, math.inf)))


def _softsign(z: Array) -> Array:
    """σ(z) = z/(1 + |z|). Bergstra et al. 2009."""
    return z / (1 + _magnitude(z))


def _softsign_derivative(z: Array) -> Array:
    """1/(1 + |z|)², squared last so that nothing overflows."""
    return (1 / (1 + _magnitude(z))) ** 2


softsign = catalogued(Activation(_softsign, _softsign_derivative, name="softsign", range=(-1, 1)))


# z times something that goes from 0 to 1.


def _gelu(z: Array) -> Array:
    """σ(z) = z Φ(z), Φ the normal distribution function (exact, by erfc). Hendrycks & Gimpel 2016."""
    return z * normal_cdf(z)


def _gelu_derivative(z: Array) -> Array:
    return normal_cdf(z) + z * normal_density(z)


gelu = catalogued(
    Activation(_gelu, _gelu_derivative, name="gelu", range=(-0.1699712074799038, math.inf), hidden_initial="he")
)


def _silu(z: Array) -> Array:
    """σ(z) = z S(z). Elfwing, Uchibe & Doya 2018 ("swish": Ramachandran et al. 2017)."""
    return z * _sigmoid(z)


def _silu_derivative(z: Array) -> Array:
    """S(z) (1 + z S(−z))."""
    return _sigmoid(z) * (1 + z * _sigmoid(-z))


silu = catalogued(
    Activation(_silu, _silu_derivative, name="silu", range=(-0.2784645427610739, math.inf), hidden_initial="he")
)


def _mish_parts(z: Array) -> tuple[Array, Array, Array]:
    """T = tanh(softplus(z)) = n/(n + 2) with n = eᶻ(eᶻ + 2), and its T′ = 4eᶻ(1 + eᶻ)/(n + 2)²; in powers of
    e = e^{−|z|}: for z ≥ 0 numerators and denominators are divided by e²ᶻ."""
    e = _decay(z)
    n = np.where(z.real < 0, e * (e + 2), 1 + 2 * e)
    denominator = n + 2 * np.where(z.real < 0, 1, e**2)
    slope = 4 * np.where(z.real < 0, e, e**2) * (1 + e)
    return n, denominator, slope


def _mish(z: Array) -> Array:
    """σ(z) = z tanh(log(1 + eᶻ)). Misra 2020."""
    n, denominator, _ = _mish_parts(z)
    return z * (n / denominator)


def _mish_derivative(z: Array) -> Array:
    """T + z T′."""
    n, denominator, slope = _mish_parts(z)
    return (n + z * (slope / denominator)) / denominator


mish = catalogued(
    Activation(_mish, _mish_derivative, name="mish", range=(-0.3088434130172505, math.inf), hidden_initial="he")
)


# Others.


def _gaussian(z: Array) -> Array:
    """σ(z) = e^{−z²}. Broomhead & Lowe 1988."""
    return normal_kernel(z, 1.0)


def _gaussian_derivative(z: Array) -> Array:
    """−2z e^{−z²}, in an order in which z = 1e308 does not overflow."""
    return -2 * (z * normal_kernel(z, 1.0))


gaussian = catalogued(Activation(_gaussian, _gaussian_derivative, name="gaussian", range=(0, 1)))


def _sine(z: Array) -> Array:
    """σ(z) = sin z. Sitzmann et al. 2020."""
    return np.sin(z)


def _sine_derivative(z: Array) -> Array:
    return np.cos(z)


sine = catalogued(Activation(_sine, _sine_derivative, name="sine", range=(-1, 1)))


def _exp(z: Array) -> Array:
    """σ(z) = eᶻ, the inverse of the logarithmic link of Poisson regression; infinite from z = 709.8 on."""
    return np.exp(z)


exp = catalogued(Activation(_exp, _exp, name="exp", range=(0, math.inf)))
