"""A column of a table: its kind, its values, and a mask of missing values."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import shown

Kind = Literal["numbers", "booleans", "categories", "datetimes", "durations", "empty", "unreadable"]
Level = str | bool | int | float

MISSING = -1  # the code of a missing category
DATETIME, DURATION = np.dtype("datetime64[us]"), np.dtype("timedelta64[us]")
LARGEST_WHOLE = 2.0**53  # every smaller whole number is exact in float64


@dataclass(frozen=True)
class Column:
    """The t values of a column, all of one kind; entries marked missing hold arbitrary values.

    ========== ======================================================================================================
    kind       values (t,)
    ========== ======================================================================================================
    numbers    integers or floats, in their original width
    booleans   bool
    categories integer codes k ≥ 0 for ``levels[k]``, −1 where missing; empty texts are missing
    datetimes  datetime64[us], in UTC
    durations  timedelta64[us]
    empty      float NaN: every value is missing, and no type is known
    unreadable objects from which no network can learn, such as lists and bytes
    ========== ======================================================================================================

    ``type`` is the name that the source gives to the type, for messages.
    """

    kind: Kind
    values: NDArray[Any]
    missing: NDArray[np.bool_]
    levels: tuple[Level, ...] = ()
    type: str = ""

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, values: NDArray[Any]) -> Column:
        """Returns the column of a NumPy array (t,) of numbers, booleans, texts, times or Python objects.

        >>> import numpy as np
        >>> Column.of(np.array(["b", "a", ""], dtype=object)).levels
        ('a', 'b')
        """
        kind, name = values.dtype.kind, str(values.dtype)
        none = np.zeros(len(values), dtype=bool)
        if kind == "b":
            return cls("booleans", values, none, type=name)
        if kind in "iu":
            return cls("numbers", values, none, type=name)
        if kind == "f":
            return cls("numbers", values, np.isnan(values), type=name)
        if kind == "M":
            return cls("datetimes", values.astype(DATETIME), np.isnat(values), type=name)
        if kind == "m":
            return cls("durations", values.astype(DURATION), np.isnat(values), type=name)
        if kind in "US":
            texts = values if kind == "U" else np.char.decode(values, "utf-8", "replace")
            levels, codes = np.unique(texts, return_inverse=True)
            return categories(codes, levels.tolist(), type="text")
        if kind == "O":
            return _of_objects(values)
        return cls("unreadable", values.astype(object), none, type=name)

    def at(self, rows: NDArray[Any]) -> Column:
        """Returns the column of these rows."""
        if self.kind == "categories":
            return categories(
                self.values[rows], self.levels, type=self.type
            )  # only the levels that occur in these rows
        return Column(self.kind, self.values[rows], self.missing[rows], self.levels, self.type)

    def as_floats(self) -> NDArray[np.float64]:
        """Returns numbers, booleans (0 and 1) or durations (in seconds) as float64, NaN where missing."""
        values = self.values
        if self.kind == "durations":
            values = values.astype(np.int64) / 1e6
        floats: NDArray[np.float64] = np.array(values, dtype=np.float64)
        floats[self.missing] = np.nan
        return floats

    def as_categories(self) -> Column:
        """Returns the column as categories: each number or boolean becomes a level, and each time by its text."""
        if self.kind == "categories":
            return self
        present = ~self.missing
        values = self.values[present]
        if values.dtype.kind in "mM":
            values = values.astype(str)
        levels, inverse = np.unique(values, return_inverse=True)
        codes = np.full(len(self), MISSING)
        codes[present] = inverse
        return categories(codes, [_whole(level) for level in levels.tolist()], type=self.type)

    def objects(self) -> NDArray[np.object_]:
        """Returns the values as Python objects (t,), None where missing."""
        if self.kind == "categories":
            levels = np.array([*self.levels, None], dtype=object)  # code −1 picks the last entry
            return np.asarray(levels[self.values], dtype=object)
        values = self.values.astype(object)
        values[self.missing] = None
        return values


@dataclass(frozen=True)
class Feature:
    """A column as it was in training; ``dropped`` gives the reason if it was left out."""

    name: str
    kind: Kind
    type: str
    dropped: str = ""


def categories(codes: NDArray[Any], levels: Iterable[Hashable], *, type: str) -> Column:  # noqa: A002 - as the field
    """Returns a category column with the levels that occur, sorted and without duplicates; empty texts are missing.

    ``levels[k]`` is the level of code k. A level that is neither a text nor a number is replaced by its text.
    """
    named = [level if isinstance(level, (str, bool, int, float)) else str(level) for level in levels]
    if len({isinstance(level, str) for level in named}) > 1:
        named = [as_text(level) for level in named]
    occurring = np.unique(codes[codes >= 0])
    kept = sorted({named[k] for k in occurring.tolist()} - {""})
    number = {level: k for k, level in enumerate(kept)}
    new = np.full(len(named) + 1, MISSING)  # code −1 picks the last entry
    new[occurring] = [number.get(named[k], MISSING) for k in occurring.tolist()]
    recoded = new[codes]
    return Column("categories", recoded, recoded == MISSING, tuple(kept), type)


def as_text(value: object) -> str:
    """Returns the text by which a number is compared with texts: "1" for both 1 and 1.0."""
    return str(_whole(value))


def _whole(value: Any) -> Any:
    """Returns a whole float as an integer, anything else unchanged."""
    return int(value) if isinstance(value, float) and abs(value) < LARGEST_WHOLE and value == int(value) else value


FAMILIES = ("booleans", "numbers", "texts", "datetimes", "durations")


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
    if isinstance(value, str):
        return "texts"
    if isinstance(value, (datetime.date, np.datetime64)):
        return "datetimes"
    if isinstance(value, (datetime.timedelta, np.timedelta64)):  # before numbers: np.timedelta64 is an np.signedinteger
        return "durations"
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return "numbers"
    return type(value).__name__


def _of_objects(values: NDArray[np.object_]) -> Column:
    """Builds a column from Python objects; numbers mixed with texts become categories by their text."""
    missing = np.fromiter((_is_missing(value) for value in values), bool, len(values))
    present = values[~missing]
    families = {_family(value) for value in present}
    if not families:
        return Column("empty", np.full(len(values), np.nan), missing, type="nothing but missing values")
    if families == {"booleans"}:
        return Column("booleans", _filled(present.astype(bool), missing), missing, type="objects: booleans")
    if families <= {"booleans", "numbers"}:
        return Column("numbers", _filled(_floats(present), missing), missing, type="objects: numbers")
    if families <= {"texts", "booleans", "numbers"}:
        number: dict[Any, int] = {}
        codes = np.full(len(values), MISSING)
        codes[~missing] = [number.setdefault((type(value), value), len(number)) for value in present]
        mixed = len(families) > 1
        return categories(codes, [as_text(v) if mixed else v for _, v in number], type="mixed" if mixed else "text")
    if families == {"datetimes"}:
        times = np.array([_utc(value) for value in present], dtype=DATETIME)
        return Column("datetimes", _filled(times, missing), missing, type="objects: datetimes")
    if families == {"durations"}:
        spans = np.array([np.timedelta64(value) for value in present]).astype(DURATION)
        return Column("durations", _filled(spans, missing), missing, type="objects: durations")
    strange = next((value for value in present if _family(value) not in FAMILIES), present[0])
    return Column("unreadable", values, missing, type=f"{' and '.join(sorted(families))}, such as {shown(strange)}")


def _floats(values: NDArray[np.object_]) -> NDArray[np.float64]:
    """Returns Python numbers as float64; integers out of range become infinite."""
    try:
        return values.astype(np.float64)
    except OverflowError:
        return np.array([_float(value) for value in values])


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _utc(value: Any) -> np.datetime64:
    """Returns a date or a time in UTC."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def _filled(present: NDArray[Any], missing: NDArray[np.bool_]) -> NDArray[Any]:
    """Returns all t values: the present ones at their rows, and 0, False or 1970 elsewhere."""
    values = np.zeros(len(missing), dtype=present.dtype)
    values[~missing] = present
    return values
