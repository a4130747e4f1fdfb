"""Every entrywise σ of the catalogue as a straight-line program (Lecture, Def. 4.1).

No step overflows where σ does not, so that a program is right in every number type; eᶻ − 1 and log(1 + eᶻ) are exact to
a few units in the last place of 1, not of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.polynomial import chebyshev

from chainrule.activations import Activation, Parametric, Sigma
from chainrule.exports.program import Program, Value, trace

ERFC_TERMS = 30  # of a Chebyshev series; its error is below 1e-15


def program_of(sigma: Sigma) -> Program | None:
    """Returns the program of an entrywise σ of the catalogue: of z, and of z and κ if it is parametric; else None."""
    if isinstance(sigma, Parametric):
        inner = _formula(sigma.sigma)
        return None if inner is None else trace(lambda z, kappa: (1.0 - kappa) * z + kappa * inner(z), 2)
    formula = _formula(sigma)
    return None if formula is None else trace(formula)


def _formula(sigma: Sigma) -> Callable[[Value], Value] | None:
    if not isinstance(sigma, Activation) or not sigma.builtin or sigma.name not in FORMULAS:
        return None
    constants = [*sigma.parameters.values()]
    if sigma.name == "selu":  # its λ and λα
        constants = [float(sigma(1.0)), float(sigma.derivative(0.0))]
    return lambda z: FORMULAS[sigma.name](z, *constants)


def _decay(z: Value) -> Value:
    """e^{−|z|}, which never overflows."""
    return (-abs(z)).exp()


def _relu(z: Value) -> Value:
    return (z < 0.0).where(0.0, z)


def _leaky_relu(z: Value, slope: float) -> Value:
    return (z < 0.0).where(slope * z, z)


def _elu(z: Value, alpha: float) -> Value:
    return (z < 0.0).where(alpha * (_decay(z) - 1.0), z)


def _selu(z: Value, scale: float, scale_alpha: float) -> Value:
    return (z < 0.0).where(scale_alpha * (_decay(z) - 1.0), scale * z)


def _hard_tanh(z: Value) -> Value:
    return (z < -1.0).where(-1.0, (z < 1.0).where(z, 1.0))


def _sigmoid(z: Value) -> Value:
    e = _decay(z)
    return (z < 0.0).where(e, 1.0) / (1.0 + e)


def _softplus(z: Value) -> Value:
    return _relu(z) + (1.0 + _decay(z)).log()


def _softsign(z: Value) -> Value:
    return z / (1.0 + abs(z))


def _gaussian(z: Value) -> Value:
    near = (abs(z) < 40.0).where(z, 40.0)  # e^{−z²} is 0 beyond
    return (-(near * near)).exp()


def _gelu(z: Value) -> Value:
    """z Φ(z); Φ(−|z|) = ½ erfc(|z|/√2) and erfc(x) = s exp(P(s) − x²), s = 1/(1 + x/2), P a Chebyshev series."""
    x = (abs(z) < 56.0).where(abs(z), 56.0) * math.sqrt(0.5)
    s = 1.0 / (1.0 + 0.5 * x)
    tail = 0.5 * (s * (_series(2.0 * s - 1.0) - x * x).exp())
    return z * (z < 0.0).where(tail, 1.0 - tail)


def _series(y: Value) -> Value:
    """Σ cₖ Tₖ(y) by Clenshaw's recurrence."""
    twice = 2.0 * y
    first, *others = _erfc_series()
    last, before = twice * 0.0 + others[-1], twice * 0.0
    for c in reversed(others[:-1]):
        last, before = twice * last - before + c, last
    return y * last - before + first


@cache
def _erfc_series() -> tuple[float, ...]:
    """The coefficients of log(erfc(x)/s) + x² as a function of y = 2s − 1 ∈ (−1, 1), s = 1/(1 + x/2)."""

    def rest(y: float) -> float:
        s = 0.5 * (y + 1.0)
        x = 2.0 / s - 2.0
        if x < 10.0:
            return math.log(math.erfc(x) / s) + x * x
        w = 1.0 / (2.0 * x * x)  # erfc(x) = exp(−x²)/(x√π) (1 − w + 3w² − 15w³ + …)
        terms = 1.0 - w * (1.0 - 3.0 * w * (1.0 - 5.0 * w * (1.0 - 7.0 * w * (1.0 - 9.0 * w * (1.0 - 11.0 * w)))))
        return math.log(terms / (x * math.sqrt(math.pi) * s))

    return tuple(chebyshev.chebinterpolate(np.vectorize(rest), ERFC_TERMS).tolist())


def _silu(z: Value) -> Value:
    return z * _sigmoid(z)


def _mish(z: Value) -> Value:
    """z n/(n + 2) with n = eᶻ(eᶻ + 2); for z ≥ 0 numerator and denominator are divided by e²ᶻ."""
    e = _decay(z)
    is_negative = z < 0.0
    n = is_negative.where(e * (e + 2.0), 1.0 + 2.0 * e)
    return z * (n / (n + 2.0 * is_negative.where(1.0, e * e)))


FORMULAS: dict[str, Callable[..., Value]] = {
    "identity": lambda z: z,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "hard_tanh": _hard_tanh,
    "sigmoid": _sigmoid,
    "tanh": Value.tanh,
    "softplus": _softplus,
    "softsign": _softsign,
    "gaussian": _gaussian,
    "sine": Value.sin,
    "exp": Value.exp,
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
}
