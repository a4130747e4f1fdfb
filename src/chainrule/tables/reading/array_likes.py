"""Conversion of whatever NumPy may convert: lists, tensors, Series and other objects with ``__array__``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError
from chainrule.tables.columns import LARGEST_WHOLE
from chainrule.tables.rounding import has_large_integers, rounded_integers

BYTES_OF_A_LETTER, MOST_BYTES = 4, 1 << 26  # of an array of texts


def as_numpy(values: Any, symbol: str, what: str) -> NDArray[Any]:
    """Returns values as an array in native byte order; lists that mix texts and other objects stay objects, as do
    texts of NumPy's type of variable length, which may have gaps.

    ``what`` is what they should be, for the message of the InputError that is raised if NumPy cannot convert them.
    """
    try:
        array = np.array(values, dtype=object) if _has_long_texts(values) else np.asarray(values)
        if array.dtype.kind in "US" and not isinstance(values, np.ndarray):
            array = _unless_texts(array, values)
        elif array.dtype == np.float64 and isinstance(values, (list, tuple)):
            array = _unless_rounded(array, values)
    except Exception as error:  # an object's own __array__ may raise anything
        reason = f"{str(error).rstrip('.')}.{_remedy(values, symbol)}"
        raise InputError(
            f"{symbol} must be {what}; got a {type(values).__name__} that NumPy cannot convert: {reason}"
        ) from None
    return array.astype(object if array.dtype.kind == "T" else array.dtype.newbyteorder("="), copy=False)


def _has_long_texts(values: Any) -> bool:
    """True for lists whose longest text would take too much memory: NumPy gives all values the width of the longest."""
    if not isinstance(values, (list, tuple)):
        return False
    longest, count = 0, 0
    for row in values if values and isinstance(values[0], (list, tuple)) else (values,):
        if isinstance(row, (list, tuple)):
            count += len(row)
            if any(issubclass(kind, str) for kind in set(map(type, row))):
                longest = max(longest, *(len(value) for value in row if isinstance(value, str)))
    return BYTES_OF_A_LETTER * longest * count > MOST_BYTES


def as_objects(values: Any) -> NDArray[np.object_]:
    """Returns a list of Python objects, each of which may be a list itself, as an array (t,)."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def without_mask(values: Any) -> NDArray[Any]:
    """Returns a masked array as an array with missing values: NaN, NaT or None where an entry is masked."""
    mask = np.ma.getmaskarray(values)
    if values.dtype.names is not None or not mask.any():
        return np.asarray(values.data)
    kind = values.dtype.kind
    are_floats = kind in "iuf" and not len(rounded_integers(values.data[~mask]))
    array: NDArray[Any] = values.data.astype(np.float64 if are_floats else values.dtype if kind in "mM" else object)
    array[mask] = np.nan if are_floats else "NaT" if kind in "mM" else None
    return array


def _unless_texts(array: NDArray[Any], values: Any) -> NDArray[Any]:
    """Returns the array if all values are texts; otherwise the values themselves, which NumPy turned into texts."""
    objects = np.array(values, dtype=object)
    return array if all(isinstance(value, (str, bytes)) for value in objects.flat) else objects


def _unless_rounded(array: NDArray[Any], values: Any) -> NDArray[Any]:
    """Returns the array, or the values themselves if integers that float64 may round are among them."""
    if not (np.abs(array) >= LARGEST_WHOLE).any():
        return array
    objects = np.array(values, dtype=object)
    return objects if has_large_integers(objects, array) else array


def _remedy(values: Any, symbol: str) -> str:
    """Returns what to call for a tensor of PyTorch, which may need its gradient, be on a device or be bfloat16."""
    if not hasattr(values, "detach"):
        return ""
    cast = "" if getattr(getattr(values, "dtype", None), "itemsize", 8) > 2 else ".float()"
    return f" Call {symbol}.detach().cpu(){cast}.numpy()."
