"""Parquet files as a stream of tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chainrule.errors import InputError
from chainrule.rows.parquet_files import ParquetFiles
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.packing.file_tables import FileTables
from chainrule.tables.packing.table_stream import piece_rows
from chainrule.tables.reading.arrow_tables import require_names, without_index


class ParquetTables(FileTables):
    """A `TableStream` of a Parquet file, or of all those of a folder, in the natural order of their names.

    The columns are those of the files; folders such as ``year=2025`` are none. Raises OSError, FileFormatError, and
    InputError if there are no rows, or the columns differ between the files.
    """

    is_typed = True

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

    def batches(self, names: Sequence[str]) -> Iterator[tuple[str, int, Any]]:
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
