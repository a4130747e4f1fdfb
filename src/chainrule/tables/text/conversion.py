"""Conversion of a column of texts by its notation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.tables.columns import DATETIME, DURATION, LARGEST_WHOLE, MISSING, Column, categories, gaps_of, whole
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.rounding import is_rounded
from chainrule.tables.text.notation import PLAIN, USUAL_MISSING, Notation, is_usual_gap
from chainrule.tables.text.numbers import number_reader, tidied
from chainrule.tables.text.text_column import TextColumn
from chainrule.tables.text.times import date_reader, time_of_day

DTYPES: dict[str, Any] = {"numbers": np.float64, "booleans": np.bool_, "datetimes": DATETIME, "durations": DURATION}
BOOLEANS = {"true": True, "false": False}
BITS = {"1": True, "0": False}  # booleans in new rows alone: beside true and false in training, they are other texts
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
GAP_FORMS = sorted({form for gap in USUAL_MISSING for form in (gap, gap.upper(), gap.title(), "NaN", "N/a")})


def reader(notation: Notation) -> Callable[[str], Any]:
    """Returns a function from a text to its value, or None if it holds none in this notation."""
    if notation.kind == "numbers":
        return number_reader(notation)
    if notation.kind == "datetimes":
        return date_reader(notation.date_order)
    if notation.kind == "durations":
        return time_of_day
    return lambda text: BOOLEANS.get(text.strip().lower())


def boolean_or_bit(text: str) -> bool | None:
    """Returns the boolean that a text of new rows holds, also 0 or 1 for one, or None if it holds none."""
    word = text.strip().lower()
    return BOOLEANS.get(word, BITS.get(word))


def value_of(text: str) -> float | bool | str:
    """Returns the plain number or the boolean that a text holds, or the text itself; large integers are exact.

    >>> value_of("007"), value_of("TRUE"), value_of("A12"), value_of("9007199254740993")
    (7.0, True, 'A12', 9007199254740993)
    """
    number = number_reader(PLAIN)(text)
    if number is None:
        return BOOLEANS.get(text.strip().lower(), text)
    integer = _integer_in(text, PLAIN) if LARGEST_WHOLE <= abs(number) < math.inf else None
    return number if integer is None else integer


def plain_numbers(column: TextColumn, notation: Notation) -> Column | None:
    """Returns the numbers of a column in which Arrow reads every text but the usual gaps as one, or else None.

    Arrow knows decimal points and commas, but no thousands.
    """
    if notation.kind != "numbers" or notation.unit or not column.is_arrow:
        return None
    values = column.plain_numbers(GAP_FORMS, notation.decimal)
    return None if values is None else numbers_in(notation, values)


def numbers_in(notation: Notation, values: Floats) -> Column:
    """Returns the column of numbers (t,), NaN where missing, that were written in this notation."""
    return Column("numbers", values, gaps_of(values), type=notation.kind, notation=notation)


def rounded_integer(column: TextColumn, found: Column) -> int | None:
    """Returns an integer in texts that their numbers ``found``, of the same rows, do not hold exactly, if any."""
    _, _, integers = _large_integers(column, found)
    return next(filter(is_rounded, integers), None)


def _with_exact_integers(column: TextColumn, found: Column) -> Column:
    """Returns numbers that texts hold, with ``exact`` if integers that floats may round are among them."""
    rows, codes, integers = _large_integers(column, found)
    is_integer = np.array([integer is not None for integer in integers], dtype=bool)[codes]
    if not is_integer.any():
        return found
    exact = as_objects([whole(value) for value in found.values.tolist()])
    exact[rows[is_integer]] = as_objects(integers)[codes[is_integer]]
    return replace(found, exact=exact)


def _large_integers(column: TextColumn, found: Column) -> tuple[NDArray[np.intp], NDArray[np.intp], list[int | None]]:
    """Returns the rows of large numbers, a code for each, and the integer that the text of each code holds, if any."""
    rows = np.flatnonzero(~found.missing & np.isfinite(found.values) & (np.abs(found.values) >= LARGEST_WHOLE))
    if not len(rows):
        return rows, rows, []
    codes, texts = column.at(rows).distinct
    return rows, codes, [_integer_in(text, found.notation or PLAIN) for text in texts]


def _integer_in(text: str, notation: Notation) -> int | None:
    """Returns the integer that a text holds, or None for any other number."""
    digits = tidied(text).replace(notation.unit, "").replace(notation.thousands, "").strip()
    return int(digits) if WHOLE.fullmatch(digits) else None


def converted(
    column: TextColumn, notation: Notation, read: Callable[[str], Any] | None = None
) -> Column | tuple[int, str]:
    """Returns the column of the values, or the first row (from 0) and text that holds none in this notation.

    The texts that usually stand for a gap are missing (``is_usual_gap``). ``read`` may read more than the `reader` of
    the notation.
    """
    if (plain := plain_numbers(column, notation)) is not None:
        return _with_exact_integers(column, plain)
    codes, texts = column.distinct
    is_gap = np.array([not text or is_usual_gap(text) for text in texts] + [True])
    if notation.kind == "categories":
        found = categories(np.where(is_gap[codes], MISSING, codes), texts, type=column.type)
        return replace(found, notation=notation)
    read = reader(notation) if read is None else read
    values = [None if gap else read(text) for text, gap in zip(texts, is_gap[:-1].tolist(), strict=True)]
    is_unreadable = np.array([value is None for value in values] + [False]) & ~is_gap
    if is_unreadable.any():
        row = int(np.flatnonzero(is_unreadable[codes])[0])
        return row, texts[codes[row]]
    dtype = np.dtype(DTYPES[notation.kind])
    gap = np.array(np.nan if notation.kind == "numbers" else 0, dtype)
    table: NDArray[Any] = np.array([gap if value is None else value for value in values] + [gap], dtype)
    found = Column(notation.kind, table[codes], is_gap[codes], type=notation.kind, notation=notation)
    return _with_exact_integers(column, found) if notation.kind == "numbers" else found
