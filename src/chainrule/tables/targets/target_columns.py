"""Several target columns of a table, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.text.notation import PLAIN, Notation
from chainrule.tables.text.text_column import AnyColumn

NUMBERS = "iuf"


@dataclass(frozen=True, eq=False)
class TargetColumns:
    """Columns (t,) by name, in order, each of which is a target of its own."""

    columns: Mapping[str, AnyColumn]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.columns)

    @property
    def notations(self) -> tuple[Notation, ...]:
        """The notation of the numbers of each column."""
        return tuple(getattr(column, "notation", None) or PLAIN for column in self.columns.values())

    def at(self, rows: NDArray[Any]) -> TargetColumns:
        """Returns the columns of these rows."""
        return TargetColumns({name: column.at(rows) for name, column in self.columns.items()})


def stacked(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Returns columns (t,) side by side (t, m): in their common type, or as objects where booleans or texts differ.

    >>> stacked([np.array([1, 0]), np.array([0.5, 2.0])]).dtype, stacked([np.array([1, 0]), np.array(["a", "b"])]).dtype
    (dtype('float64'), dtype('O'))
    """
    kinds = {"n" if column.dtype.kind in NUMBERS else column.dtype.kind for column in columns}
    return np.column_stack(columns if len(kinds) == 1 else [column.astype(object) for column in columns])
