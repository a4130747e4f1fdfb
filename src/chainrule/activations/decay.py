"""The bounded exponential e^{−|z|}, from which entrywise activations and their derivatives are computed.

Every formula of `piecewise`, `smooth` and `gated` is chosen so that it is exact to a few units in the last place (ulp),
relative to the true value, for every finite z: no exponential of a positive number, no 1 − s, no difference of nearly
equal terms. The exceptions are the neighbourhoods of the roots of gelu′, silu′ and mish′, where the error is a few ulp
of the terms that cancel. Results below 1e-306 may be off by 1e-320. All formulas accept complex z and are analytic
between their kinks (comparisons look at the real part). A NaN stays a NaN: no comparison sends it to the branch of an
ordinary number.
"""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import Array


def magnitude(z: Array) -> Array:
    """|z| for real z, continued analytically from the real line's two halves."""
    return np.where(z.real < 0, -z, z)


def decay(z: Array) -> Array:
    """e^{−|z|} ∈ [0, 1]."""
    return np.exp(-magnitude(z))
