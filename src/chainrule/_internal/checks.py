"""Checks at the public border: every argument that a user passes is checked here, once.

``as_x`` converts its argument, ``check_x`` verifies and returns it, ``require_x`` raises unless a condition holds, and
``refuse_x`` raises if one does.
"""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule.errors import InputError

Array = NDArray[np.inexact]
Floats = NDArray[np.float64]
RowNumbers = NDArray[np.integer[Any]]

LARGEST = 2**63 - 1  # counts and sizes are 64-bit integers in every engine
LARGEST_SEED = 2**128 - 1  # NumPy's own seeds have 128 bits of entropy too


class _Shaped(Protocol):
    """An array, or sparse rows."""

    @property
    def ndim(self) -> int:
        """The number of dimensions."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""


T = TypeVar("T")
RowsT = TypeVar("RowsT", bound=_Shaped)


class _Short(reprlib.Repr):
    """``repr`` that truncates long values, and shows the scalars of NumPy as Python's."""

    def repr1(self, x: Any, level: int) -> str:
        """Returns ``x`` as text: 'u' for np.str_('u'), 1.0 for np.float64(1.0), also inside a list or a dict."""
        if isinstance(x, np.generic):
            return super().repr1(x.item(), level) if isinstance(x, (str, bytes)) else str(x)
        return super().repr1(x, level)

    def repr_int(self, x: int, level: int) -> str:
        """Returns ``x`` as text; Python itself refuses to print more than 4300 digits."""
        return str(x) if abs(x) < 2**128 else f"an integer of {x.bit_length()} bits"


_short = _Short()
_short.maxstring = _short.maxother = 80


def shown(value: object) -> str:
    """Returns ``repr(value)``, shortened to one line for a message; a NumPy scalar is shown as its Python value.

    >>> shown("relu"), shown([1] * 1000), shown(10**5000), shown(np.float64(0.5))
    ("'relu'", '[1, 1, 1, 1, 1, 1, ...]', 'an integer of 16610 bits', '0.5')
    """
    return " ".join(line.strip() for line in _short.repr(value).splitlines())


def common_dtype(*dtypes: np.dtype[Any]) -> np.dtype[Any]:
    """Returns float32 if every dtype is float32, complex128 if any is complex, and float64 otherwise."""
    if any(dtype.kind == "c" for dtype in dtypes):
        return np.dtype(np.complex128)
    return np.dtype(np.float32 if all(dtype == np.float32 for dtype in dtypes) else np.float64)


def as_array(values: ArrayLike, symbol: str, dtype: DTypeLike | None = None, *, finite: bool = True) -> Array:
    """Returns ``values`` as a finite, C-contiguous, aligned array of ``dtype``, without a copy if they already are one.

    Without ``dtype``, float32 is kept, complex numbers become complex128, and all others float64. With ``finite=False``
    the caller checks for NaN and infinity.

    Raises InputError if they are not numbers, or if one is NaN or infinite (also after the cast to ``dtype``).
    """
    raw = _as_numbers(values, symbol)
    kind = common_dtype(raw.dtype) if dtype is None else np.dtype(dtype)
    if raw.dtype.kind == "c" != kind.kind:
        raise InputError(
            f"{symbol} must hold real numbers; got dtype {raw.dtype}. Pass {symbol}.real if the real part is meant."
        )
    with np.errstate(over="ignore", invalid="ignore"):  # a value too large for dtype is reported below, by name
        array: Array = np.asarray(raw, dtype=kind, order="C")
    if not array.flags.aligned:  # such as a view into bytes; the compiled core reads whole words
        array = array.copy()
    if finite and not all_finite(array):
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        reason = f", which does not fit into {kind.name}" if np.isfinite(raw[where]) else ""
        raise InputError(
            f"{symbol} must be finite; got {raw[where]} at index {where}{reason}. "
            "Replace or drop missing and infinite values."
        )
    return array


def all_finite(array: Array) -> bool:
    """Returns True if no entry of a C-contiguous array is NaN or infinite; it scans parts that stay in cache."""
    flat, part = array.reshape(-1), 1 << 18  # 64 MiB of float32 in 4 ms instead of 7 to 12
    return all(np.isfinite(flat[k : k + part]).all() for k in range(0, flat.size, part))


def _as_numbers(values: ArrayLike, symbol: str) -> NDArray[Any]:
    """Returns ``values`` as an array of some number type."""
    refuse_disguised(values, symbol)
    try:
        raw = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged lists, or an __array__ that refuses
        got = f"a {type(values).__name__}, whose conversion failed ({error}). Convert it to a NumPy array first."
        if isinstance(values, (list, tuple)) and isinstance(error, ValueError):
            got = "rows of different lengths. Give every row the same length."
        raise InputError(f"{symbol} must be an array of numbers; got {got}") from error
    if raw.dtype.kind in "biufc":
        return raw
    if raw.ndim == 0:
        hint = (
            "Turn a generator or a set into a list with list(…)."
            if isinstance(values, Iterable) and not isinstance(values, (Mapping, str, bytes))
            else "Pass a list or an array."
        )
        raise InputError(f"{symbol} must be an array of numbers; got {shown(values)}. {hint}")
    got = f"dtype {raw.dtype}"
    if raw.dtype.kind == "O":
        where, entry = first_non_number(np.ndenumerate(raw))
        if where is None:
            raise InputError(
                f"{symbol} must hold real numbers; got dtype object. Convert them: np.asarray({symbol}, dtype=float)."
            )
        got = f"{shown(entry)} at index {where}"
    elif raw.dtype.kind in "SU" and raw.size:
        where, entry = first_non_number((where, entry.item()) for where, entry in np.ndenumerate(raw))
        got = f"strings such as {shown(entry)} at index {where}"
    raise InputError(
        f"{symbol} must hold real numbers; got {got}. Encode categories, dates and strings as numbers, "
        "and replace or drop missing values."
    )


def first_non_number(entries: Iterable[tuple[T, Any]]) -> tuple[T | None, Any]:
    """Returns the first of numbered entries that is no number, if possible one that is no text of a number either.

    >>> first_non_number(enumerate([1.5, "2", "abc"])), first_non_number(enumerate([1.5, "2"]))
    ((2, 'abc'), (1, '2'))
    """
    first: tuple[T | None, Any] = (None, None)
    for where, entry in entries:
        if isinstance(entry, Real):
            continue
        try:
            float(entry)
        except (TypeError, ValueError):
            return where, entry
        first = (where, entry) if first[0] is None else first
    return first


def refuse_disguised(values: object, symbol: str) -> None:
    """Raises InputError for masked and sparse arrays, which np.asarray would silently misread."""
    refuse_masked(values, symbol)
    if hasattr(values, "toarray"):  # SciPy's sparse matrices
        raise InputError(f"{symbol} must be a dense array; got a {type(values).__name__}. Pass {symbol}.toarray().")


def refuse_masked(values: object, symbol: str) -> None:
    """Raises InputError for masked arrays, whose mask np.asarray would silently drop."""
    masked = sys.modules.get("numpy.ma")  # no array is masked before this module is loaded
    if masked is not None and masked.is_masked(values):
        raise InputError(
            f"{symbol} must be finite; got masked entries. Replace or drop them, for example with {symbol}.filled(0)."
        )


def as_rows(X: ArrayLike, n: int, symbol: str, dtype: DTypeLike) -> Array:
    """Returns ``X`` as an array (t, n) with t ≥ 1: one example per row."""
    return check_rows(as_array(X, symbol, dtype), n, symbol)


def check_rows(array: RowsT, n: int, symbol: str) -> RowsT:
    """Returns ``array`` if its shape is (t, n) with t ≥ 1, and raises InputError otherwise."""
    if array.ndim != 2 or array.shape[1] != n:
        hint = ""
        if array.ndim == 1:
            hint = (
                f" Make it a column: {symbol}[:, None]." if n == 1 else f" One example x is a row: {symbol}[None, :]."
            )
        raise InputError(f"{symbol} must have shape (t, {n}), one example per row; got {array.shape}.{hint}")
    if array.shape[0] == 0:
        raise InputError(f"{symbol} must hold at least one example; got shape {array.shape}.")
    return array


def as_weights(weights: ArrayLike | None, t: int, dtype: DTypeLike) -> Array | None:
    """Returns one weight w ≥ 0 per example, not all zero; None means a weight of 1 for each."""
    if weights is None:
        return None
    array = as_array(weights, "weights", dtype)
    if array.shape != (t,):
        raise InputError(f"weights must have shape ({t},), one weight per example; got {array.shape}.")
    if array.min() < 0 or array.max() == 0:
        raise InputError(f"weights must be ≥ 0 and not all zero; got values from {array.min()} to {array.max()}.")
    with np.errstate(over="ignore"):
        total = array.sum()
    if not np.isfinite(total):
        raise InputError(f"weights must have a finite sum; got {total}. Scale the weights down.")
    return array


def as_integer(value: object, symbol: str, minimum: int, maximum: int = LARGEST) -> int:
    """Returns ``value`` as an int between ``minimum`` and ``maximum``, by default the engines' largest count."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < minimum:
        raise InputError(f"{symbol} must be an integer ≥ {minimum}; got {shown(value)}.")
    if int(value) > maximum:
        most = f"≤ {maximum}" if maximum < LARGEST else f"< 2**{maximum.bit_length()}"
        raise InputError(f"{symbol} must be an integer {most}; got {shown(value)}.")
    return int(value)


def as_probability(value: object, symbol: str) -> float:
    """Returns ``value`` as a dropout probability p, 0 ≤ p < 1."""
    if (p := as_real(value, symbol, 0.0, 1.0)) == 1.0:
        raise InputError(f"{symbol} must be < 1 (1 would drop everything); got 1.")
    return p


def as_seed(value: object) -> int:
    """Returns ``value`` as a seed: an integer ≥ 0 of at most 128 bits."""
    return as_integer(value, "seed", 0, LARGEST_SEED)


def as_real(
    value: object, symbol: str, minimum: float = -math.inf, maximum: float = math.inf, *, open_minimum: bool = False
) -> float:
    """Returns ``value`` as a finite float between the bounds; ``open_minimum`` excludes the lower bound itself."""
    number = math.nan
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an integer or a fraction beyond 1.8e308
            number = math.inf
    if not math.isfinite(number) or not minimum <= number <= maximum or (open_minimum and number == minimum):
        low = f" {'>' if open_minimum else '≥'} {minimum:g}" if minimum > -math.inf else ""
        high = f" {'and ' if low else ''}≤ {maximum:g}" if maximum < math.inf else ""
        raise InputError(f"{symbol} must be a finite number{low}{high}; got {shown(value)}.")
    return number
