"""Columns of NumPy arrays: numbers, booleans, texts, times, and Python objects of one of these families."""

from __future__ import annotations

import datetime
import decimal
import numbers
import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import shown
from chainrule.tables.columns import DATETIME, DURATION, Column, Kind, as_text, gaps_of, nothing
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.rounding import has_large_integers, integer_or_float, nearest_float
from chainrule.tables.text.text_column import TextColumn

FAMILIES = ("booleans", "numbers", "texts", "datetimes", "durations")


def as_column(values: NDArray[Any]) -> Column | TextColumn:
    """Returns the column of a NumPy array (t,) of numbers, booleans, texts, times or Python objects.

    >>> import numpy as np
    >>> as_column(np.array([2.5, None], dtype=object)).kind, as_column(np.array(["b", "a", ""], dtype=object)).kind
    ('numbers', 'texts')
    """
    kind, name = values.dtype.kind, str(values.dtype)
    if kind in "biuf":
        return number_column(values)
    if kind == "M":
        return Column("datetimes", values.astype(DATETIME), np.isnat(values), type=name)
    if kind == "m":
        return Column("durations", values.astype(DURATION), np.isnat(values), type=name)
    if kind in "US":
        try:
            texts = values if kind == "U" else np.char.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            return _unreadable(values, f"text that is not UTF-8, such as {shown(error.object)}")
        return TextColumn(texts.astype(object))
    if kind in "OT":
        return _of_objects(values.astype(object, copy=False))
    return _unreadable(values, name)


def number_column(values: NDArray[Any]) -> Column:
    """Returns the column of a NumPy array (t,) of numbers or booleans of any width and byte order."""
    name, values = str(values.dtype), as_numbers(values)
    kind: Kind = "booleans" if values.dtype.kind == "b" else "numbers"
    return Column(kind, values, gaps_of(values), type=name)


def as_numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Returns an array of numbers or booleans in native byte order, of at most 64 bits each."""
    if values.dtype.isnative and values.dtype.itemsize <= 8:
        return values
    return values.astype(np.float64 if values.dtype.itemsize > 8 else values.dtype.newbyteorder("="))


def _unreadable(values: NDArray[Any], got: str) -> Column:
    return Column("unreadable", values.astype(object), np.zeros(len(values), dtype=bool), type=got)


def _is_missing(value: object) -> bool:
    """True for None, NaN, NaT and pandas' NA; the last is found by its type's name, as pandas may not be installed."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating, decimal.Decimal)) and value != value


def _family(value: object) -> str:
    """Returns the family of a Python object (one of FAMILIES), or the name of its type."""
    if isinstance(value, (bool, np.bool_)):
        return "booleans"
    if isinstance(value, (str, uuid.UUID)):
        return "texts"
    if isinstance(value, (datetime.date, np.datetime64)):
        return "datetimes"
    if isinstance(value, (datetime.timedelta, datetime.time, np.timedelta64)):  # np.timedelta64 is an np.signedinteger
        return "durations"
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return "numbers"
    return type(value).__name__


def _of_objects(values: NDArray[np.object_]) -> Column | TextColumn:
    """Builds a column from Python objects; numbers mixed with texts become texts."""
    if (column := _plain_texts(values)) is not None:
        return column
    missing = np.fromiter((_is_missing(value) for value in values), bool, len(values))
    present = values[~missing]
    families = {_family(value) for value in present}
    if not families:
        return nothing(len(values))
    if families == {"booleans"}:
        return Column("booleans", _filled(present.astype(bool), missing), missing, type="objects: booleans")
    if families <= {"booleans", "numbers"}:
        floats = _floats(present)
        exact = _filled(_exact(present), missing) if has_large_integers(present, floats) else None
        return Column("numbers", _filled(floats, missing), missing, type="objects: numbers", exact=exact)
    if families <= {"texts", "booleans", "numbers"}:
        texts = np.full(len(values), None, dtype=object)
        texts[~missing] = [value if isinstance(value, str) else as_text(value) for value in map(plain, present)]
        return TextColumn(texts, "mixed" if len(families) > 1 else "text")
    if families == {"datetimes"}:
        times = np.array([_utc(value) for value in present], dtype=DATETIME)
        return Column("datetimes", _filled(times, missing), missing, type="objects: datetimes")
    if families == {"durations"}:
        spans = np.array([_span(value) for value in present]).astype(DURATION)
        return Column("durations", _filled(spans, missing), missing, type="objects: durations")
    strange = next((value for value in present if _family(value) not in FAMILIES), present[0])
    return Column("unreadable", values, missing, type=f"{' and '.join(sorted(families))}, such as {shown(strange)}")


def _plain_texts(values: NDArray[np.object_]) -> TextColumn | None:
    """Returns the column of Python's own texts, None and NaN, by their types at once; or None if there is more."""
    types = set(map(type, values))
    if str not in types or not types <= {str, float, type(None)}:
        return None
    texts = values.copy()
    if float in types:
        is_float = np.fromiter((type(value) is float for value in values), bool, len(values))
        if any(value == value for value in values[is_float]):
            return None
        texts[is_float] = None
    return TextColumn(texts)


def plain(value: Any) -> Any:
    """Returns a text or a number of NumPy, a text of a subclass of str, or a UUID as a plain text or number."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _floats(values: NDArray[np.object_]) -> NDArray[np.float64]:
    """Returns Python numbers as float64; integers out of range become infinite."""
    try:
        return values.astype(np.float64)
    except OverflowError:
        return np.array([nearest_float(value) for value in values])


def _exact(values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Returns numbers as integers and floats of Python."""
    return as_objects([integer_or_float(value) for value in values])


def _utc(value: Any) -> np.datetime64:
    """Returns a date or a time in UTC."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def _span(value: Any) -> np.timedelta64:
    """Returns a duration; of a time of day the time since midnight."""
    if isinstance(value, datetime.time):
        value = datetime.timedelta(0, value.second, value.microsecond, minutes=value.minute, hours=value.hour)
    return np.timedelta64(value)


def _filled(present: NDArray[Any], missing: NDArray[np.bool_]) -> NDArray[Any]:
    """Returns all t values: the present ones at their rows, and 0, False or 1970 elsewhere."""
    values = np.zeros(len(missing), dtype=present.dtype)
    values[~missing] = present
    return values
