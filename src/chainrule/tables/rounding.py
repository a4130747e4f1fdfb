"""Integers that float64 does not hold: networks compute with the nearest number, and a warning says so."""

from __future__ import annotations

import decimal
import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.tables.columns import LARGEST_WHOLE


def rounded_integers(values: NDArray[Any]) -> NDArray[np.intp]:
    """Returns the places, in the flat array, of integers that float64 does not hold.

    >>> rounded_integers(np.array([2**53, 2**53 + 1, -(2**63), 2**63 - 1])).tolist()
    [1, 3]
    """
    if values.dtype.kind == "O":
        return np.flatnonzero([is_rounded(value) for value in values.flat])
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not values.size:
        return np.empty(0, dtype=np.intp)
    if int(values.max()) <= LARGEST_WHOLE and int(values.min()) >= -LARGEST_WHOLE:
        return np.empty(0, dtype=np.intp)
    nearest = values.reshape(-1).astype(np.float64)
    is_beyond = nearest >= 2.0 ** (63 if values.dtype.kind == "i" else 64)  # which the type itself does not hold
    back = np.where(is_beyond, 0.0, nearest).astype(values.dtype)
    return np.flatnonzero(is_beyond | (back != values.reshape(-1)))


def has_large_integers(values: NDArray[np.object_], floats: NDArray[np.float64]) -> bool:
    """True if integers that float64 may round are among Python's numbers, whose floats are given."""
    return any(map(_is_integer, values[np.abs(floats) >= LARGEST_WHOLE]))


def integer_or_float(value: Any) -> int | float:
    """Returns a number of any type as an integer of Python, if it is of a type of integers or decimals, or as a float.

    >>> integer_or_float(decimal.Decimal("9007199254740993.0")), integer_or_float(decimal.Decimal("0.5"))
    (9007199254740993, 0.5)
    """
    return int(value) if _is_integer(value) else nearest_float(value)


def nearest_float(value: Any) -> float:
    """Returns the nearest float of a number; an infinite one for a number beyond every float."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_integer(value: object) -> bool:
    """True for an integer, and for a decimal without a fraction."""
    if isinstance(value, decimal.Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, numbers.Integral)


def is_rounded(value: object) -> bool:
    """True for an integer that float64 does not hold; False for one beyond every float."""
    try:
        return isinstance(value, int) and int(float(value)) != value
    except OverflowError:
        return False


def words_about(integer: int) -> str:
    """Returns what becomes of an integer; {} stands for the names of the columns."""
    return (
        f"{{}}: integers such as {integer} are rounded to the nearest number in float64, {int(float(integer))}, as it "
        "holds only some beyond 2⁵³. If they are codes, make them texts, or categories (--category)."
    )


def warn_about_rounding(columns: Iterable[tuple[str, NDArray[Any]]]) -> None:
    """Issues one DataWarning that names the columns with such integers, and shows the first."""
    found = [(name, values, places) for name, values in columns if len(places := rounded_integers(values))]
    if found:
        _, values, places = found[0]
        words = words_about(int(values.reshape(-1)[places[0]]))
        warn(words.replace("{}", listed(name for name, _, _ in found)), DataWarning)
