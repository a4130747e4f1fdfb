"""Text files as a stream of tables, each file read block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.rows.folder_files import Signatures, files_of
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.packing.file_tables import FileTables
from chainrule.tables.reading.arrow_tables import require_names
from chainrule.tables.reading.csv.arrow_reader import csv_options, named_errors, require_closed_quotes, with_block
from chainrule.tables.reading.csv.dialect import CsvDialect, CsvOptions, detect
from chainrule.tables.reading.csv.text_streams import arrow_stream
from chainrule.tables.reading.file_kinds import CSV
from chainrule.tables.reading.paths import guarded

BLOCK = 1 << 22  # bytes: Arrow held 190 MB with them, 70 MB with a quarter, 560 MB with four times as much


class CsvTables(FileTables):
    """A `TableStream` of a text file, or of all those of a folder, in the natural order of their names.

    The rows are counted when it is made, which finds the faults of `read_csv` before anything else is done. Raises
    OSError, FileFormatError and InputError as that does, and if a file lacks a column of the first one.
    """

    is_typed = False

    def __init__(self, path: Path, options: CsvOptions) -> None:
        import_pyarrow("a CSV file")
        self.origin = str(path)
        files = files_of(str(path), CSV, "CSV")
        self._signatures = Signatures(files)
        self._files = {file: _CsvFile(Path(file), options) for file in files}
        self.t = sum(file.t for file in self._files.values())
        self.names = self._files[files[0]].dialect.names
        for file, own in self._files.items():
            if lacking := [name for name in self.names if name not in own.dialect.names]:
                raise InputError(
                    f"{file} has no column {listed(lacking)}, which {files[0]} has. Give all files the same columns."
                )

    def batches(self, names: Sequence[str]) -> Iterator[tuple[str, int, Any]]:
        """Yields some rows at a time: their file, the number of the first one there, and an Arrow batch."""
        for name, file in self._files.items():
            self._signatures.require_unchanged(name)
            number = 0
            for batch in file.batches(names, file.block):
                yield name, number, batch
                number += batch.num_rows
            self._signatures.require_unchanged(name)


class _CsvFile:
    """A text file: its dialect, the bytes of a block that holds each row, and the number of rows."""

    def __init__(self, path: Path, options: CsvOptions) -> None:
        self._path = path
        with guarded(path):
            self.dialect: CsvDialect = detect(path, options)
            require_names(str(path), self.dialect.names)
            self.block, (self.t, last) = with_block(path, self.dialect, BLOCK, self._counted)
            require_closed_quotes(path, self.dialect, last)

    def _counted(self, block: int) -> tuple[int, Any]:
        """Returns the number of rows, and the last value of the last column."""
        t, last = 0, None
        for batch in self._read(self.dialect.names[-1:], block):
            t += batch.num_rows
            last = batch.column(0)[-1].as_py() if batch.num_rows else last
        return t, last

    def batches(self, names: Sequence[str], block: int) -> Iterator[Any]:
        """Yields some rows at a time as Arrow batches. Raises FileFormatError as `CsvTables` does."""
        with guarded(self._path), named_errors(self._path, self.dialect):
            yield from self._read(names, block)

    def _read(self, names: Sequence[str], block: int) -> Iterator[Any]:
        from pyarrow import csv

        options = csv_options(self.dialect, block, use_threads=False, columns=names)
        with arrow_stream(self._path, self.dialect.encoding, self.dialect.delimiter) as stream:
            yield from csv.open_csv(stream, **options)
