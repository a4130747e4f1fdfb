"""Tables that are read piece by piece: Parquet files, which need not fit into memory, and tables in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from chainrule.errors import InputError
from chainrule.rows.parquet_files import ParquetFiles
from chainrule.tables.arrow_values import as_index, import_pyarrow
from chainrule.tables.reading.arrow_tables import require_names, table_of_file, without_index
from chainrule.tables.reading.file_kinds import PARQUET, is_parquet_folder
from chainrule.tables.reading.paths import guarded, read_path
from chainrule.tables.table import Table

MOST_VALUES = 1 << 22  # of a piece
MOST_ROWS = 1 << 16
SAMPLED_VALUES, SAMPLED_ROWS = 1 << 25, 1 << 20  # of a sample: the ranks of its quartiles have an error of 0.05 %
FEWEST_SAMPLED = 1_000


class TableStream(Protocol):
    """A table whose rows are read in order, some at a time, as often as needed."""

    @property
    def origin(self) -> str:
        """The path of the table, for messages."""

    @property
    def target(self) -> str | None:
        """The column that is the target by default."""

    @property
    def t(self) -> int:
        """The number of rows."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields all rows with these columns, or with all, some at a time; rows in messages count from the piece."""

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns some rows in their order, each set of as many being equally likely, or all of them if they fit."""


def as_stream(source: str | os.PathLike[str] | Table | TableStream) -> TableStream:
    """Returns a Parquet file or a folder of them to be read in pieces, and every other table in memory.

    Raises the errors of `read_path`.
    """
    if isinstance(source, Table):
        return InMemory(source)
    if not isinstance(source, (str, os.PathLike)):
        return source
    path = Path(source)
    if is_parquet_folder(path) or path.name.lower().endswith(PARQUET):
        with guarded(path):
            return ParquetTables(path)
    return InMemory(read_path(path))


@dataclass(frozen=True, eq=False)
class InMemory:
    """A `TableStream` of a table in memory."""

    table: Table

    @property
    def origin(self) -> str:
        """The name of the table."""
        return self.table.origin

    @property
    def target(self) -> str | None:
        """The target by default."""
        return self.table.target

    @property
    def t(self) -> int:
        """The number of rows."""
        return self.table.t

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.table.names

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields the rows, some at a time."""
        table = self.table if names is None else replace(self.table, columns=self.table.columns.chosen(names))
        for a in range(0, table.t, step := piece_rows(len(table.names))):
            some = table.rows(np.arange(a, min(a + step, table.t)))
            yield replace(some, origin=_part_of(self.origin, a))

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns all rows."""
        return self.table


class ParquetTables:
    """A `TableStream` of a Parquet file, or of all those of a folder, in the natural order of their names.

    The columns are those of the files; folders such as ``year=2025`` are none. Raises OSError, FileFormatError, and
    InputError if there are no rows, or the columns differ between the files.
    """

    def __init__(self, path: Path) -> None:
        import_pyarrow("a Parquet file")
        self.origin = str(path)
        self._files = ParquetFiles(str(path))
        self.t = sum(group.rows for group in self._files.groups)
        (first, schema), *others = self._files.schemas()
        self.names = tuple(without_index(schema.empty_table()).column_names)
        require_names(first, self.names)
        types = {name: str(schema.field(name).type) for name in self.names}
        for file, other in others:
            for name, kind in types.items():
                found = str(other.field(name).type) if name in other.names else "missing"
                if found != kind:
                    raise InputError(
                        f"{file}: the column {name!r} is {found}, and {kind} in {first}. Give all files the same "
                        "columns."
                    )
        self.target = "target" if "target" in self.names else None

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[Table]:
        """Yields the rows of one row group after the other, some at a time."""
        for file, first, batch in self._batches(self.names if names is None else names):
            with guarded(Path(file)):
                table = _sound(batch)
                yield table_of_file(Path(_part_of(file, first)), table)

    def sample(self, rng: np.random.Generator) -> Table:
        """Returns up to a million rows, fewer of many columns."""
        count = sampled_rows(self.t, len(self.names))
        chosen = np.sort(rng.choice(self.t, count, replace=False, shuffle=False))
        found, done = [], 0
        for _, _, batch in self._batches(self.names):
            own = chosen[slice(*np.searchsorted(chosen, [done, done + batch.num_rows]))] - done
            if len(own):
                found.append(_sound(batch.take(as_index(own)) if len(own) < batch.num_rows else batch))
            done += batch.num_rows
        origin = self.origin if count == self.t else f"{self.origin} (a sample of its rows)"
        with guarded(Path(self.origin)):
            return table_of_file(Path(origin), import_pyarrow("a Parquet file").concat_tables(found))

    def _batches(self, names: Sequence[str]) -> Iterator[tuple[str, int, Any]]:
        """Yields some rows at a time: their file, the number of the first one there, and an Arrow batch."""
        before, number = -1, 0
        for group in self._files.groups:
            number = number if group.file == before else 0
            before = group.file
            with self._files.reading(group) as file:
                batches = file.iter_batches(
                    piece_rows(len(names)), row_groups=[group.number], columns=list(names), use_threads=False
                )
                for batch in batches:
                    yield self._files.files[group.file], number, batch
                    number += batch.num_rows


def piece_rows(columns: int) -> int:
    """Returns the number of rows in a piece with so many columns."""
    return max(1, min(MOST_ROWS, MOST_VALUES // max(1, columns)))


def sampled_rows(t: int, columns: int) -> int:
    """Returns the number of rows in a sample of t rows."""
    return min(t, max(FEWEST_SAMPLED, min(SAMPLED_ROWS, SAMPLED_VALUES // columns)))


def rank_error(sampled: int, t: int, q: float = 0.5) -> float:
    """Returns the standard error of the rank, as a share of the rows, of the q-quantile of a sample without repetition.

    >>> round(rank_error(1 << 20, 100_000_000), 5), rank_error(5, 5)
    (0.00049, 0.0)

    Source: W. G. Cochran, Sampling Techniques, 1977, (3.7).
    """
    return float(np.sqrt(q * (1.0 - q) / sampled * (t - sampled) / max(1, t - 1)))


def _sound(batch: Any) -> Any:
    """Returns an Arrow batch as a table. Raises ArrowInvalid if it is damaged."""
    table = import_pyarrow("a Parquet file").Table.from_batches([batch])
    table.validate(full=True)
    return table


def _part_of(origin: str, first: int) -> str:
    return origin if first == 0 else f"{origin} (after row {first})"
