"""The functions e^{−az²} and Φ, the normal distribution function, with small relative error also in the tails.

In the tails e^{−z²} magnifies the relative error of z² by z²: rounding z² to 53 bits would cost hundreds of ulp.
Therefore z = head + tail, where head has 24 bits, so that the critical products are exact.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array

_BEYOND = 40.0  # e^{−z²/2} and Φ(−z) are 0 in float64 from 39 on
_ROOT_HALF = 1 / math.sqrt(2.0)
_ROOT_HALF_HEAD = float(np.float32(_ROOT_HALF))
_ROOT_HALF_TAIL = 1.210161710447897e-08  # 1/√2 − its 24-bit head
_erfc = np.frompyfunc(math.erfc, 1, 1)


def normal_kernel(z: Array, a: float) -> Array:
    """Computes e^{−az²} for a = ½ or 1 and real or complex z, analytically, with a relative error below 4 ulp."""
    z = _near(z)
    head = _head(z)
    return np.asarray(np.exp(-a * head**2) * np.exp(-a * (z - head) * (z + head)))


def normal_density(z: Array) -> Array:
    """Computes φ(z) = e^{−z²/2}/√(2π) = Φ′(z)."""
    return normal_kernel(z, 0.5) / math.sqrt(2 * math.pi)


def normal_cdf(z: Array) -> Array:
    """Computes Φ(z) = ½ erfc(−z/√2), with a relative error below 8 ulp, of which the C library's erfc may cause 5.

    Complex z: Φ(x + iy) = Φ(x) + iy φ(x), the first-order Taylor step, exact enough for the complex step (y = 1e-30).
    """
    if z.dtype.kind == "c":
        return normal_cdf(z.real) + 1j * z.imag * normal_density(z.real)
    z = _near(z)
    head = _head(z)
    tail = z - head
    x = -_ROOT_HALF * z
    missing = -((head * _ROOT_HALF_HEAD + x) + head * _ROOT_HALF_TAIL + tail * _ROOT_HALF)  # −z/√2 − x
    slope = -2 / math.sqrt(math.pi) * np.exp(-(x**2))  # erfc′(x)
    return np.asarray(0.5 * (np.asarray(_erfc(x), dtype=np.float64) + slope * missing))


def _near(z: Array) -> Array:
    """Clips z to ±40, so that z² cannot overflow; the results are the same. NaN remains NaN."""
    return np.where(np.abs(z.real) > _BEYOND, np.copysign(_BEYOND, z.real), z)


def _head(z: Array) -> Array:
    """Returns the leading 24 bits of the real part."""
    return z.real.astype(np.float32).astype(np.float64)
