"""A table in memory: columns of values or texts by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed, nearest, spellings
from chainrule.errors import InputError
from chainrule.tables.column_set import Columns
from chainrule.tables.columns import Column
from chainrule.tables.encoding.gathered import Gathered
from chainrule.tables.text.text_column import AnyColumn


@dataclass(frozen=True)
class Table:
    """A table's columns by name, in order; all have t ≥ 1 rows.

    ``origin`` names the table in messages: its path, or the variable it came in. ``target`` is the column that the
    origin itself marks as the target, if any. ``has_names`` is False if the origin names no columns; they are then
    matched by position.
    """

    origin: str
    columns: Columns
    target: str | None = None
    has_names: bool = True

    @property
    def t(self) -> int:
        """Number of rows."""
        return self.columns.t

    def __len__(self) -> int:
        return self.t

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.columns)

    def column(self, name: str) -> AnyColumn:
        """Returns the column of this name. Raises InputError, naming the nearest one, if there is none."""
        return self.columns[known_column(name, self.columns, self.origin)]

    def typed(self, name: str) -> Column:
        """Returns the column of this name, whose texts, if it held any, have been recognised or converted."""
        return self.columns.typed(name)

    def floats(self, names: Iterable[str]) -> NDArray[Any] | Gathered:
        """Returns columns of numbers, booleans or durations as numbers (t, n), NaN where missing (`Columns.floats`)."""
        return self.columns.floats(names)

    def rows(self, index: NDArray[Any]) -> Table:
        """Returns a table of these rows, chosen by row numbers or a mask."""
        return replace(self, columns=self.columns.rows(index))

    def renamed(self, names: Mapping[str, str]) -> Table:
        """Returns a table in which columns have new names, given by their old ones."""
        return replace(self, columns=self.columns.renamed(names))

    def without(self, *names: str) -> Table:
        """Returns a table without these columns."""
        left = self.columns.chosen(name for name in self.columns if name not in names)
        return replace(self, columns=left, target=None if self.target in names else self.target)

    def require_complete(self, name: str) -> None:
        """Raises InputError, naming the first row, if this column has missing values."""
        require_complete(self.column(name), name, self.origin)


def known_column(name: str, known: Collection[str], origin: str) -> str:
    """Returns the table's own spelling of a column. Raises InputError, naming the nearest one, if there is none."""
    spelling = spellings([name], known).get(name)
    if spelling is None:
        hint = nearest(name, known) or "."
        raise InputError(f"{origin} has no column {name!r}{hint} It has: {listed(known)}.")
    return spelling


def require_complete(column: AnyColumn, name: str, origin: str) -> None:
    """Raises InputError, naming the first row, if a column has missing values."""
    rows = np.flatnonzero(column.missing)
    if len(rows):
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        raise InputError(
            f"column {name!r} of {origin} has no value in row {rows[0] + 1}{more}. Fill it in, or remove the row."
        )
