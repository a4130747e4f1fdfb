"""Numbers of single precision, which ends at 3.4e+38."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import InputError

LARGEST = float(np.finfo(np.float32).max)


def as_single(values: ArrayLike, remedy: str = "real must be 'double'") -> NDArray[np.float32]:
    """Returns numbers in float32. Raises InputError, which begins with the remedy, for one that is too large.

    >>> as_single(0.1).item()
    0.10000000149011612
    """
    numbers = np.asarray(values, dtype=np.float64)
    if (size := np.fmax.reduce(np.abs(numbers), axis=None, initial=0.0)) > LARGEST:  # of all but NaN
        raise InputError(f"{remedy} for a model with numbers up to {size:.2g}, since float ends at {LARGEST:.2g}.")
    return numbers.astype(np.float32)
