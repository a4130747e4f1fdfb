"""Parquet files of a folder, read row group by row group, and refused once they have changed.

A row group is read as its own file says, without reading ahead: Arrow's data sets keep more than the whole folder in
memory when rows are used more slowly than they are read.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from chainrule.errors import FileFormatError, InputError, MissingExtra, RowsError
from chainrule.rows.folder_files import Signatures, files_of

ENDINGS = (".parquet", ".pq")
# Bytes of each column that are read at once. Without it, Arrow holds all columns of a row group while its rows come in
# pieces: 143 MB of a group of 128 MB, and 20 MB with it, in a quarter of the CPU time.
BUFFER = 1 << 18


class Group(NamedTuple):
    """A row group: its file, its number there, and its rows."""

    file: int
    number: int
    rows: int


class ParquetFiles:
    """A Parquet file, or all those of a folder and its subfolders, in the natural order of their names.

    Files whose names begin with a dot or an underscore do not count. Raises OSError, FileFormatError, and InputError
    if there are no rows.
    """

    def __init__(self, path: str) -> None:
        self.name = os.path.abspath(path)
        self.files = files_of(path, ENDINGS, "Parquet")
        self._signatures = Signatures(self.files)
        self._metadata = [_metadata(file) for file in self.files]
        self.groups = [
            Group(file, number, metadata.row_group(number).num_rows)
            for file, metadata in enumerate(self._metadata)
            for number in range(metadata.num_row_groups)
            if metadata.row_group(number).num_rows
        ]
        if not self.groups:
            raise InputError(f"{path} has no rows. Name a Parquet file, or a folder of them, with at least one row.")

    @property
    def bytes(self) -> int:
        """The size of all columns, decompressed."""
        return sum(self._metadata[group.file].row_group(group.number).total_byte_size for group in self.groups)

    def schemas(self) -> Iterator[tuple[str, Any]]:
        """Yields the path of each file, and its columns as a schema of Arrow."""
        for file, metadata in zip(self.files, self._metadata, strict=True):
            yield file, metadata.schema.to_arrow_schema()

    def digest(self, columns: Sequence[str]) -> str:
        """Returns a checksum of these columns, and of the names, sizes and row groups of the files."""
        base, checksum = os.path.dirname(self.name) if os.path.isfile(self.name) else self.name, 0
        parts = [(os.path.relpath(file, base), self._signatures.size(file)) for file in self.files]
        for part in (columns, parts, self.groups):
            checksum = zlib.crc32(repr(part).encode(), checksum)
        return f"{checksum:#010x}"

    @contextmanager
    def reading(self, group: Group) -> Iterator[Any]:
        """Yields the open file of a row group. Raises RowsError if it cannot be read, or is not what it was."""
        pyarrow, parquet = _pyarrow()
        name = self.files[group.file]
        try:
            self._signatures.require_unchanged(name)
            with parquet.ParquetFile(
                name, metadata=self._metadata[group.file], pre_buffer=False, buffer_size=BUFFER
            ) as file:
                yield file
            self._signatures.require_unchanged(name)
        except (OSError, pyarrow.ArrowException) as error:
            if isinstance(error, RowsError):
                raise
            words = str(error).partition("\n")[0]
            raise RowsError(f"{name} cannot be read any more: {words}. Put the file back.") from None


def _pyarrow() -> tuple[Any, Any]:
    """Returns the modules pyarrow and pyarrow.parquet. Raises MissingExtra."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("Parquet files need pyarrow; pip install pyarrow") from None
    return pyarrow, parquet


def _metadata(file: str) -> Any:
    """Reads the footer of a file. Raises FileFormatError if it is no Parquet file."""
    pyarrow, parquet = _pyarrow()
    try:
        return parquet.read_metadata(file)
    except pyarrow.ArrowException as error:
        raise FileFormatError(
            f"{file} is not a valid Parquet file: {str(error).partition(chr(10))[0].rstrip('.')}."
        ) from None
