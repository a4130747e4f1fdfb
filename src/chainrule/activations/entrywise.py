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
    """The identity, σ(z) = z.

    σ′(z) = 1.
    Range: (−∞, ∞). Shapes: (t, m) → (t, m), entry by entry.

    With r = 1 and the sum of squares, it is linear regression.

    >>> import chainrule as cr
    >>> cr.identity([-2.0, 3.0])
    array([-2.,  3.])
    >>> cr.identity.derivative([-2.0, 3.0])
    array([1., 1.])

    Source: Lecture, L10.
    """
    return +z


def _identity_derivative(z: Array) -> Array:
    return np.ones_like(z)


identity = catalogued(Activation(_identity, _identity_derivative, name="identity"))


def _relu(z: Array) -> Array:
    """The rectified linear unit, σ(z) = max{0, z}.

    σ′(z) = 1 for z > 0, else 0: also at the kink z = 0.
    Range: [0, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.relu([-2.0, 3.0])
    array([0., 3.])
    >>> cr.relu.derivative([-2.0, 3.0])
    array([0., 1.])

    Source: Lecture, Def. 4.1 (L2).
    """
    return np.where(z.real <= 0, 0, z)


def _relu_derivative(z: Array) -> Array:
    return np.where(z.real <= 0, 0, np.ones_like(z))


relu = catalogued(Activation(_relu, _relu_derivative, name="relu", range=(0, math.inf), kinks=[0], hidden_initial="he"))


def _leaky_relu(z: Array, slope: float) -> Array:
    """The leaky ReLU, σ(z) = z for z > 0, else slope·z; ``slope`` is 0.01 unless given.

    σ′(z) = 1 for z > 0, else slope: also at the kink z = 0.
    Range: (−∞, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.leaky_relu([-2.0, 3.0])
    array([-0.02,  3.  ])
    >>> cr.leaky_relu.derivative([-2.0, 3.0])
    array([0.01, 1.  ])

    Source: A. L. Maas, A. Y. Hannun & A. Y. Ng, Rectifier nonlinearities improve neural network acoustic models, 2013.
    """
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
    """The exponential linear unit, σ(z) = z for z > 0, else α(eᶻ − 1); ``alpha`` is 1 unless given.

    σ′(z) = 1 for z > 0, else α eᶻ; at 0 it is α, a kink unless α = 1.
    Range: (−α, ∞). Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.elu([-2.0, 3.0]).round(4)
    array([-0.8647,  3.    ])
    >>> cr.elu.derivative([-2.0, 3.0]).round(4)
    array([0.1353, 1.    ])

    Source: D.-A. Clevert, T. Unterthiner & S. Hochreiter, Fast and accurate deep network learning by ELUs, ICLR 2016.
    """
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
    """The scaled exponential linear unit, σ(z) = λz for z > 0, else λα(eᶻ − 1), with λ ≈ 1.0507 and λα ≈ 1.7581.

    σ′(z) = λ for z > 0, else λα eᶻ; at the kink z = 0 it is λα.
    Range: (−λα, ∞). Shapes: (t, m) → (t, m), entry by entry.

    With LeCun's initial values, outputs keep mean 0 and variance 1 from layer to layer.

    >>> import chainrule as cr
    >>> cr.selu([-2.0, 3.0]).round(4)
    array([-1.5202,  3.1521])
    >>> cr.selu.derivative([-2.0, 3.0]).round(4)
    array([0.2379, 1.0507])

    Source: G. Klambauer, T. Unterthiner, A. Mayr & S. Hochreiter, Self-normalizing neural networks, NIPS 2017.
    """
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
    """The hard tanh, σ(z) = min{1, max{−1, z}}.

    σ′(z) = 1 for |z| < 1, else 0: also at the kinks z = ±1.
    Range: [−1, 1]. Shapes: (t, m) → (t, m), entry by entry.

    >>> import chainrule as cr
    >>> cr.hard_tanh([-2.0, 0.5])
    array([-1. ,  0.5])
    >>> cr.hard_tanh.derivative([-2.0, 0.5])
    array([0., 1.])

    Source: R. Collobert, Large scale machine learning, 2004.
    """
    return np.where(z.real <= -1, -1, np.where(z.real >= 1, 1, z))


def _hard_tanh_derivative(z: Array) -> Array:
    return np.where(np.abs(z.real) >= 1, 0, np.ones_like(z))


hard_tanh = catalogued(Activation(_hard_tanh, _hard_tanh_derivative, name="hard_tanh", range=(-1, 1), kinks=[-1, 1]))


# The sigmoid and its kin.


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
    e = _decay(z)
    return np.where(z.real < 0, e, 1) / (1 + e)


def _sigmoid_derivative(z: Array) -> Array:
    """S′(z) = S(z) S(−z), and not S(1 − S), which is 0 from z = 37 on."""
    e = _decay(z)
    return e / (1 + e) ** 2


sigmoid = catalogued(Activation(_sigmoid, _sigmoid_derivative, name="sigmoid", range=(0, 1)))


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


tanh = catalogued(Activation(_tanh, _tanh_derivative, name="tanh", range=(-1, 1)))


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
    return np.where(z.real < 0, 0, z) + np.log1p(_decay(z))


softplus = catalogued(Activation(_softplus, _sigmoid, name="softplus", range=(0, math.inf)))


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
    return z / (1 + _magnitude(z))


def _softsign_derivative(z: Array) -> Array:
    """1/(1 + |z|)², squared last so that nothing overflows."""
    return (1 / (1 + _magnitude(z))) ** 2


softsign = catalogued(Activation(_softsign, _softsign_derivative, name="softsign", range=(-1, 1)))


# z times something that goes from 0 to 1.


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


gelu = catalogued(
    Activation(_gelu, _gelu_derivative, name="gelu", range=(-0.1699712074799038, math.inf), hidden_initial="he")
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


mish = catalogued(
    Activation(_mish, _mish_derivative, name="mish", range=(-0.3088434130172505, math.inf), hidden_initial="he")
)


# Others.


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


gaussian = catalogued(Activation(_gaussian, _gaussian_derivative, name="gaussian", range=(0, 1)))


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


sine = catalogued(Activation(_sine, _sine_derivative, name="sine", range=(-1, 1)))


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


exp = catalogued(Activation(_exp, _exp, name="exp", range=(0, math.inf)))
