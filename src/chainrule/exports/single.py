"""Numbers of single precision, which begins at 1.2e-38 and ends at 3.4e+38."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Floats
from chainrule.errors import InputError

LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).tiny)  # that has all digits


def as_single(values: ArrayLike, remedy: str = "real must be 'double'") -> NDArray[np.float32]:
    """Returns numbers in float32. Raises InputError, which begins with the remedy, for one that is too large.

    >>> as_single(0.1).item()
    0.10000000149011612
    """
    numbers = np.asarray(values, dtype=np.float64)
    if (size := np.fmax.reduce(np.abs(numbers), axis=None, initial=0.0)) > LARGEST:  # of all but NaN
        raise InputError(f"{remedy} for a model with numbers up to {size:.2g}, since float ends at {LARGEST:.2g}.")
    return numbers.astype(np.float32)


def require_digits(deviation: Floats) -> None:
    """Raises InputError if numbers with one of these deviations (m,) have less than all digits of float32."""
    if (least := float(np.min(deviation))) < SMALLEST:
        raise InputError(
            f"real must be 'double' for a target with a deviation of {least:.2g}, since float begins at {SMALLEST:.2g}."
        )
