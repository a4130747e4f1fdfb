"""Activations in linear and exponential pieces that meet at kinks, each map beside its derivative (Lecture, Def. 4.1).

The pieces of the identity meet smoothly; so do those of elu where α is 1. Accuracy: see `decay`.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations.activation import Activation
from chainrule.activations.decay import decay
from chainrule.activations.sigma import catalogued


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


identity = catalogued(Activation(_identity, _identity_derivative, name="identity", second_derivative=np.zeros_like))


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


relu = catalogued(
    Activation(
        _relu,
        _relu_derivative,
        name="relu",
        range=(0, math.inf),
        kinks=[0],
        hidden_initial="he",
        second_derivative=np.zeros_like,
    )
)


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


def _leaky_relu_second(z: Array, slope: float) -> Array:
    return np.zeros_like(z)


leaky_relu = catalogued(
    Activation(
        _leaky_relu,
        _leaky_relu_derivative,
        name="leaky_relu",
        parameters={"slope": 0.01},
        kinks=[0],
        hidden_initial="he",
        second_derivative=_leaky_relu_second,
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
    return np.where(z.real <= 0, alpha * decay(z), 1)


def _elu_second(z: Array, alpha: float) -> Array:
    """α eᶻ for z ≤ 0, else 0."""
    return np.where(z.real <= 0, alpha * decay(z), 0)


# Its lower bound −α moves with the parameter, so the range is left open.
elu = catalogued(
    Activation(
        _elu,
        _elu_derivative,
        name="elu",
        parameters={"alpha": 1.0},
        kinks=[0],
        hidden_initial="he",
        second_derivative=_elu_second,
    )
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
    return np.where(z.real <= 0, _SELU_SCALE_ALPHA * decay(z), _SELU_SCALE)


def _selu_second(z: Array) -> Array:
    """λα eᶻ for z ≤ 0, else 0."""
    return np.where(z.real <= 0, _SELU_SCALE_ALPHA * decay(z), 0)


selu = catalogued(
    Activation(
        _selu,
        _selu_derivative,
        name="selu",
        range=(-_SELU_SCALE_ALPHA, math.inf),
        kinks=[0],
        hidden_initial="lecun",
        second_derivative=_selu_second,
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


hard_tanh = catalogued(
    Activation(
        _hard_tanh,
        _hard_tanh_derivative,
        name="hard_tanh",
        range=(-1, 1),
        kinks=[-1, 1],
        second_derivative=np.zeros_like,
    )
)
