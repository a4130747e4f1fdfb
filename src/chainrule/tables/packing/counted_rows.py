"""The rows of a table that count: those whose weight, in a column of the table, is positive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.errors import InputError
from chainrule.tables.columns import Column
from chainrule.tables.packing.table_stream import TableStream
from chainrule.tables.table import Table, require_complete
from chainrule.tables.text.conversion import converted
from chainrule.tables.text.notation import Writing


class CountedRows:
    """A `TableStream` of the rows of another one that have a positive weight in the column ``name``.

    A row of weight 0 is left out before anything is learned, whatever it holds. Raises InputError for weights that are
    not numbers ≥ 0, and if there is no positive one.
    """

    def __init__(self, stream: TableStream, name: str, writing: Writing) -> None:
        self._stream, self._name, self._writing = stream, name, writing
        self.origin, self.target, self.names = stream.origin, stream.target, stream.names
        self.t = sum(int(np.count_nonzero(self.weights(piece))) for piece in stream.pieces([name]))
        if not self.t:
            raise InputError(f"column {name!r} of {self.origin} must hold a positive weight in some row; got none.")

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields the rows with these columns and their weights, some at a time."""
        wanted = self.names if names is None else list(dict.fromkeys([*names, self._name]))
        for piece in self._stream.pieces(wanted):
            yield self._counted(piece)

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns those of a sample of all rows that count."""
        return self._counted(self._stream.sample(rng))

    def weights(self, table: Table) -> Floats:
        """Returns the weights of rows, as float32 holds them."""
        column = table.column(self._name)
        require_complete(column, self._name, table.origin)
        if not isinstance(column, Column):
            found = converted(column.without(self._writing.missing), self._writing.number_notation())
            if not isinstance(found, Column):
                row, text = found
                raise InputError(
                    f"column {self._name!r} of {table.origin} must hold weights; got {text!r} in row {row + 1}."
                )
            column = found
        if column.kind not in ("numbers", "booleans"):
            raise InputError(f"column {self._name!r} of {table.origin} must hold weights; got {column.type}.")
        with np.errstate(over="ignore", under="ignore"):
            w: Floats = column.as_floats().astype(np.float32).astype(np.float64)
        if len(odd := np.flatnonzero(~((w >= 0.0) & np.isfinite(w)))):
            raise InputError(
                f"column {self._name!r} of {table.origin} must hold finite weights ≥ 0; got {w[odd[0]]:g} in row "
                f"{odd[0] + 1}."
            )
        return w

    def _counted(self, table: Table) -> Table:
        rows = np.flatnonzero(self.weights(table))
        if len(rows) == table.t:
            return table
        return replace(table.rows(rows), origin=f"{table.origin} (its rows of positive weight)")
