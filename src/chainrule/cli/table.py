"""A table in memory: columns of NumPy arrays, with what is missing marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Array
from chainrule.cli.refusals import nearest
from chainrule.errors import InputError


@dataclass(frozen=True)
class Column:
    """The values (t,) of one column: bool, int or float, or Python objects (texts; ``kind`` names anything else)."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]  # (t,)
    kind: str = "numbers"

    @classmethod
    def of(cls, values: NDArray[Any]) -> Column:
        """A column of a NumPy array (t,): numbers, or texts of any width."""
        if values.dtype.kind in "biuf":
            return cls(values, np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool))
        if values.dtype.kind in "US":
            texts = values.astype(str).astype(object)
            return cls(texts, texts == "", kind="text")
        return cls(values.astype(object), np.zeros(len(values), dtype=bool), kind=str(values.dtype))

    def at(self, rows: NDArray[np.intp]) -> Column:
        """The column of these rows."""
        return Column(self.values[rows], self.missing[rows], self.kind)


@dataclass(frozen=True)
class Table:
    """The columns of one source by name, in their order; all have t ≥ 1 rows.

    ``target`` is the column that the source itself calls its target, if it has one. ``positions`` names the inputs of a
    source without column names, which then are told by their order.
    """

    source: str
    columns: Mapping[str, Column]
    target: str | None = None
    positions: tuple[str, ...] = ()

    @property
    def t(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())).values)

    def inputs(self, names: Sequence[str], remedy: str) -> Array:
        """These columns as numbers X (t, n); ``remedy`` says what to do about one that does not hold numbers.

        Raises InputError with the column, and the row, where one is not there, not a number, missing or infinite.
        """
        if self.positions and not set(names) <= set(self.columns):
            if len(self.positions) != len(names):
                raise InputError(
                    f"{self.source} has {len(self.positions)} inputs without names; "
                    f"expected {len(names)}: {listed(names)}."
                )
            names = self.positions
        absent = [name for name in names if name not in self.columns]
        if absent:
            hint = nearest(absent[0], self.columns)
            raise InputError(
                f"{self.source} has no column {listed(absent)}{hint or '.'} It has: {listed(self.columns)}."
            )
        X = np.empty((self.t, len(names)))
        for k, name in enumerate(names):
            X[:, k] = self._numbers(name, remedy)
        return X

    def _numbers(self, name: str, remedy: str) -> Array:
        column = self.columns[name]
        if column.kind != "numbers":
            row, example = _first_without_number(column)
            raise InputError(
                f"column {name!r} of {self.source} must hold numbers; got {column.kind}, "
                f"such as {example} in row {row}. {remedy}"
            )
        self.require_complete(name)
        values = column.values.astype(np.float64)
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            raise InputError(f"column {name!r} of {self.source} is infinite in row {infinite[0] + 1}. Replace it.")
        return values

    def require_complete(self, name: str) -> None:
        """Raise InputError with the first row in which this column has no value."""
        rows = np.flatnonzero(self.columns[name].missing)
        if len(rows):
            more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
            raise InputError(
                f"column {name!r} of {self.source} has no value in row {rows[0] + 1}{more}. "
                "Fill it in, or remove the row."
            )


def _first_without_number(column: Column) -> tuple[int, str]:
    """The first row, counted from 1, whose text is not a number, and the text."""
    for j, (value, missing) in enumerate(zip(column.values, column.missing, strict=True), 1):
        try:
            float("" if missing else value)
        except (TypeError, ValueError):
            if not missing:
                return j, repr(value)
    return 1, repr(column.values[0])


def shortened(text: str, most: int = 120) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(names: Iterable[object], most: int = 12) -> str:
    """'a', 'b', …: at most so many names in quotes."""
    words = [repr(name) for name in names]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
