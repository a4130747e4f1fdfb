"""The derivative of a user's own map along a direction, by the complex step, compared with differences each time."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array
from chainrule.errors import InputError

H = 1e-30  # the step; the error is O(h²), far below rounding, and h is far above underflow
RELATIVE_DIFFERENCE = 1e-5  # the step of a difference quotient, relative to z
TOLERANCE = 1e-5


def derivative_along(function: Callable[[Array], Array], z: Array, u: Array, what: str, remedy: str) -> Array:
    """Computes d/ds F(z + s u) at s = 0 for an F that maps each row by itself, as Im F(z + ihu)/h; z and u (t, m).

    It must lie between the left and the right difference quotient, within rounding, which a function that discards
    imaginary parts (abs, casts) does not fulfil.

    The result has the number type of z.

    Raises InputError, which names ``what``, if z is complex, if F fails for complex z, or if the result is not its
    derivative.
    """
    if z.dtype.kind == "c":
        raise InputError(f"{what} is computed by the complex step, which needs real numbers. {remedy}")
    wide = z.astype(np.float64)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            slope = np.asarray(function(wide + 1j * H * u)).imag / H
        except (TypeError, ValueError, np.exceptions.ComplexWarning) as error:
            raise InputError(f"{what} cannot be computed by the complex step: {error}. {remedy}") from error
        _require_derivative(function, wide, u, slope, f"{what} is not what the complex step gives", remedy)
    return slope.astype(z.dtype)


def _require_derivative(
    function: Callable[[Array], Array], z: Array, u: Array, slope: Array, what: str, remedy: str
) -> None:
    size = np.maximum(abs(z).max(axis=-1, keepdims=True), 1e-2)
    steepest = abs(u).max(axis=-1, keepdims=True)
    step = RELATIVE_DIFFERENCE * size / np.where(steepest == 0.0, 1.0, steepest)  # (t, 1)
    here, after, before = (np.asarray(function(z + s * u)) for s in (0.0, step, -step))
    right, left = (after - here) / step, (here - before) / step
    outside = np.maximum(np.minimum(left, right) - slope, slope - np.maximum(left, right))
    rounding = 1e-14 * (1.0 + abs(here).max(axis=-1, keepdims=True)) / step
    allowed = TOLERANCE * abs(slope).max(axis=-1, keepdims=True) + rounding
    wrong = np.isfinite(left) & np.isfinite(right) & ~(outside <= allowed)
    if wrong.any():
        k = np.unravel_index(wrong.argmax(), wrong.shape)
        raise InputError(
            f"{what}: at {z[k]:.6g} it gives {slope[k]:.6g}, differences give {(left[k] + right[k]) / 2:.6g}. {remedy}"
        )
