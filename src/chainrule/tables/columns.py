"""A column of a table: its kind, its values, and a mask of missing values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule.tables.text.notation import Notation

Kind = Literal["numbers", "booleans", "categories", "datetimes", "durations", "empty", "unreadable"]
Level = str | bool | int | float
Task = Literal["classification", "regression", "multilabel"]  # what a target is for; multilabel: several of two values

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

    ``type`` is the name that the source gives to the type, for messages; ``notation`` says how the values are written,
    if they come from texts. ``exact`` are the numbers as Python objects, if ``values`` are floats and integers beyond
    2⁵³, which floats may round, are among them.
    """

    kind: Kind
    values: NDArray[Any]
    missing: NDArray[np.bool_]
    levels: tuple[Level, ...] = ()
    type: str = ""
    notation: Notation | None = None
    exact: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def at(self, rows: NDArray[Any] | slice) -> Column:
        """Returns the column of these rows."""
        if self.kind == "categories":
            found = categories(self.values[rows], self.levels, type=self.type)  # the levels that occur in these rows
            return replace(found, notation=self.notation)
        values = self.values[rows]
        missing = self.missing[rows] if self._has_gaps else no_gaps(len(values))
        return replace(self, values=values, missing=missing, exact=None if self.exact is None else self.exact[rows])

    @property
    def unrounded(self) -> NDArray[Any]:
        """The values, integers as they are in the source."""
        return self.values if self.exact is None else self.exact

    def as_floats(self) -> NDArray[np.float64]:
        """Returns numbers, booleans (0 and 1) or durations (in seconds) as float64, NaN where missing."""
        floats = np.empty(len(self))
        self.write_floats(slice(None), floats)
        return floats

    def write_floats(self, rows: slice | NDArray[np.intp], out: NDArray[np.float64]) -> None:
        """Writes the numbers that `as_floats` returns for these rows into ``out``."""
        values = self.values[rows]
        out[...] = values.astype(np.int64) / 1e6 if self.kind == "durations" else values
        if self._has_gaps:
            out[self.missing[rows]] = np.nan

    @cached_property
    def _has_gaps(self) -> bool:
        return bool(self.missing.any())

    @cached_property
    def plain_floats(self) -> NDArray[np.float64] | None:
        """The numbers that `as_floats` returns, if the column holds them as they are; otherwise None."""
        values = self.values
        if self.kind == "durations" or values.dtype != np.float64 or not values.flags.c_contiguous:
            return None
        return None if self._has_gaps and not np.isnan(values[self.missing]).all() else values

    def as_categories(self) -> Column:
        """Returns the column as categories: each number or boolean becomes a level, and each time by its text."""
        if self.kind == "categories":
            return self
        present = ~self.missing
        values = self.unrounded[present]
        if values.dtype.kind in "mM":
            values = values.astype(str)
        levels, inverse = np.unique(values, return_inverse=True)
        codes = np.full(len(self), MISSING)
        codes[present] = inverse
        return categories(codes, [whole(level) for level in levels.tolist()], type=self.type)

    def objects(self) -> NDArray[np.object_]:
        """Returns the values as Python objects (t,), None where missing."""
        if self.kind == "categories":
            levels = np.array([*self.levels, None], dtype=object)  # code −1 picks the last entry
            return np.asarray(levels[self.values], dtype=object)
        values = self.unrounded.astype(object)
        values[self.missing] = None
        return values


@dataclass(frozen=True, eq=False)
class ChosenRows:
    """The rows of a column of numbers that have these numbers; they are copied when they are asked for."""

    whole: Column
    rows: NDArray[np.intp]

    @classmethod
    def of(cls, column: Column, rows: NDArray[np.intp]) -> ChosenRows | Column:
        """Returns rows of a column, as a copy if they are less than half of it: the others can then be freed."""
        is_most = column.kind == "numbers" and 2 * len(rows) >= len(column)
        return cls(column, rows) if is_most else column.at(rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def kind(self) -> Kind:
        """The kind of the column."""
        return self.whole.kind

    @property
    def type(self) -> str:
        """The name of the type, for messages."""
        return self.whole.type

    @property
    def notation(self) -> Notation | None:
        """The notation of the values, if they come from texts."""
        return self.whole.notation

    @cached_property
    def column(self) -> Column:
        """The column of these rows."""
        return self.whole.at(self.rows)

    def write_floats(self, rows: slice, out: NDArray[np.float64]) -> None:
        """Writes the numbers of these rows as `Column.write_floats` does."""
        self.whole.write_floats(self.rows[rows], out)


@dataclass(frozen=True)
class Feature:
    """A column as it was in training; ``dropped`` gives the reason if it was left out."""

    name: str
    kind: Kind
    type: str
    dropped: str = ""


def no_gaps(t: int) -> NDArray[np.bool_]:
    """Returns a mask (t,) without a missing value, which takes no memory."""
    return np.broadcast_to(np.False_, t)


def nothing(t: int) -> Column:
    """Returns a column of t missing values."""
    return Column("empty", np.full(t, np.nan), np.ones(t, dtype=bool), type="nothing but missing values")


def gaps_of(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Returns a mask (t,) of the numbers that are NaN."""
    if values.dtype.kind != "f":
        return no_gaps(len(values))
    missing = np.isnan(values)
    return missing if missing.any() else no_gaps(len(values))


def rows_by_code(codes: NDArray[np.integer], count: int = 0) -> NDArray[np.intp]:
    """Returns the number of rows that have each code k = 0, 1, …, of ``count`` at least; −1 is missing.

    >>> rows_by_code(np.array([1, -1, 1]), 3).tolist()
    [0, 2, 0]
    """
    return np.bincount(codes + 1, minlength=count + 1)[1:]


def categories(codes: NDArray[Any], levels: Iterable[Hashable], *, type: str) -> Column:  # noqa: A002 - as the field
    """Returns a category column with the levels that occur, sorted and without duplicates; empty texts are missing.

    ``levels[k]`` is the level of code k. A level that is neither a text nor a number is replaced by its text.
    """
    named = [level if isinstance(level, (str, bool, int, float)) else str(level) for level in levels]
    if len({isinstance(level, str) for level in named}) > 1:
        named = [as_text(level) for level in named]
    occurring = np.flatnonzero(rows_by_code(codes))
    kept = sorted({named[k] for k in occurring.tolist()} - {""})
    number = {level: k for k, level in enumerate(kept)}
    new = np.full(len(named) + 1, MISSING)  # code −1 picks the last entry
    new[occurring] = [number.get(named[k], MISSING) for k in occurring.tolist()]
    recoded = new[codes]
    return Column("categories", recoded, recoded == MISSING, tuple(kept), type)


def as_text(value: object) -> str:
    """Returns the text by which a number is compared with texts: "1" for both 1 and 1.0."""
    return str(whole(value))


def interval_text(left: object, right: object, has_left: bool, has_right: bool) -> str:
    """Returns the text of an interval, with whole bounds as integers; it has a bound or not: "(0, 1.5]"."""
    return f"{'[' if has_left else '('}{as_text(left)}, {as_text(right)}{']' if has_right else ')'}"


def whole(value: Any) -> Any:
    """Returns a whole float as an integer, anything else unchanged."""
    return int(value) if isinstance(value, float) and abs(value) < LARGEST_WHOLE and value == int(value) else value
