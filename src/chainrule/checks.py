"""Checks at the public border: every array that a user hands in passes here once, and nowhere else."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.errors import InputError

Array = NDArray[np.inexact]


def as_array(values: ArrayLike, symbol: str, dtype: DTypeLike) -> Array:
    """``values`` as a finite, C-contiguous array of ``dtype``; not copied where they already are one.

    Raises InputError where they are not numbers, or where one is NaN or infinite (also after the cast to ``dtype``).
    """
    try:
        raw = np.asarray(values)
    except ValueError as error:  # ragged nested lists
        raise InputError(f"{symbol} must be an array of numbers; got rows of different lengths ({error}).") from None
    if raw.dtype.kind not in "biufc" or (raw.dtype.kind == "c" and np.dtype(dtype).kind != "c"):
        raise InputError(
            f"{symbol} must hold real numbers; got dtype {raw.dtype}. Encode categories, dates and texts as numbers first."
        )
    with np.errstate(over="ignore", invalid="ignore"):  # a value too large for dtype is reported below, by name
        array = np.ascontiguousarray(raw, dtype=dtype) if raw.ndim else np.asarray(raw, dtype=dtype)
    if not np.isfinite(array).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        was = raw[where]
        reason = "" if not np.isfinite(was) else f", which does not fit into {np.dtype(dtype).name}"
        raise InputError(
            f"{symbol} must be finite; got {was} at index {where}{reason}. Replace or drop missing and infinite values."
        )
    return array


def as_rows(X: ArrayLike, n: int, symbol: str, dtype: DTypeLike) -> Array:
    """``X`` as (t, n) with t ≥ 1: one example per row."""
    array = as_array(X, symbol, dtype)
    if array.ndim != 2 or array.shape[1] != n:
        hint = " One example per row: reshape a vector x of one example to x[None, :]." if array.ndim < 2 else ""
        raise InputError(f"{symbol} must have shape (t, {n}), one example per row; got {array.shape}.{hint}")
    if array.shape[0] == 0:
        raise InputError(f"{symbol} must hold at least one example; got shape {array.shape}.")
    return array


def as_weights(weights: ArrayLike | None, t: int, dtype: DTypeLike, symbol: str = "weights") -> Array | None:
    """One weight w ≥ 0 per example, not all zero; None means that each counts once."""
    if weights is None:
        return None
    array = as_array(weights, symbol, dtype)
    if array.shape != (t,):
        raise InputError(f"{symbol} must have shape ({t},), one weight per example; got {array.shape}.")
    if (array < 0).any() or not (array > 0).any():
        raise InputError(f"{symbol} must be ≥ 0 and not all zero; got values from {array.min()} to {array.max()}.")
    if not np.isfinite(array.sum()):
        raise InputError(f"{symbol} must have a finite sum; got {array.sum()}. Scale the weights down.")
    return array


def as_integer(value: object, symbol: str, minimum: int) -> int:
    """``value`` as an int of at least ``minimum``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < minimum:
        raise InputError(f"{symbol} must be an integer ≥ {minimum}; got {value!r}.")
    return int(value)


def as_real(
    value: object, symbol: str, minimum: float = -math.inf, maximum: float = math.inf, *, open_minimum: bool = False
) -> float:
    """``value`` as a finite float between the bounds; ``open_minimum`` leaves the lower bound itself out."""
    if (
        isinstance(value, bool)
        or not isinstance(value, Real)
        or not math.isfinite(value)
        or not minimum <= value <= maximum
        or (open_minimum and value == minimum)
    ):
        low = f" {'>' if open_minimum else '≥'} {minimum:g}" if minimum > -math.inf else ""
        high = f" {'and ' if low else ''}≤ {maximum:g}" if maximum < math.inf else ""
        raise InputError(f"{symbol} must be a finite number{low}{high}; got {value!r}.")
    return float(value)
