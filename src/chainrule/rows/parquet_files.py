"""Parquet files of a folder, read row group by row group, and refused once they have changed.

A row group is read as its own file says, without reading ahead: Arrow's data sets keep more than the whole folder in
memory when rows are used more slowly than they are read.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from chainrule.errors import FileFormatError, InputError, MissingExtra, RowsError


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
        self.files = _files(path)
        self._signatures = [_signature(file) for file in self.files]
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
        sizes = (size for size, _ in self._signatures)
        parts = [(os.path.relpath(file, base), size) for file, size in zip(self.files, sizes, strict=True)]
        for part in (columns, parts, self.groups):
            checksum = zlib.crc32(repr(part).encode(), checksum)
        return f"{checksum:#010x}"

    @contextmanager
    def reading(self, group: Group) -> Iterator[Any]:
        """Yields the open file of a row group. Raises RowsError if it cannot be read, or is not what it was."""
        pyarrow, parquet = _pyarrow()
        name = self.files[group.file]
        try:
            self._require_unchanged(group.file)
            with parquet.ParquetFile(name, metadata=self._metadata[group.file], pre_buffer=False) as file:
                yield file
            self._require_unchanged(group.file)
        except (OSError, pyarrow.ArrowException) as error:
            if isinstance(error, RowsError):
                raise
            words = str(error).partition("\n")[0]
            raise RowsError(f"{name} cannot be read any more: {words}. Put the file back.") from None

    def _require_unchanged(self, file: int) -> None:
        if _signature(self.files[file]) != self._signatures[file]:
            raise RowsError(f"{self.files[file]} has changed since it was opened. Put the same file back.")


def _pyarrow() -> tuple[Any, Any]:
    """Returns the modules pyarrow and pyarrow.parquet. Raises MissingExtra."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("Parquet files need pyarrow; pip install pyarrow") from None
    return pyarrow, parquet


def _files(path: str) -> list[str]:
    """Returns the file, or the Parquet files of a folder and its subfolders, in the natural order of their names."""
    if not os.path.isdir(path):
        os.stat(path)  # raises OSError if there is none
        return [os.path.abspath(path)]
    found = [file for file in Path(path).rglob("*") if file.suffix.lower() in (".parquet", ".pq") and file.is_file()]
    shown_ones = [file for file in found if not any(part[0] in "._" for part in file.relative_to(path).parts)]
    if not shown_ones:
        raise InputError(f"{path} has no Parquet files. Name a folder with files that end with .parquet.")
    return sorted((os.path.abspath(file) for file in shown_ones), key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    """Returns a key with which part-2 comes before part-10.

    >>> sorted(["part-10", "part-2", "a"], key=_natural)
    ['a', 'part-2', 'part-10']
    """
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _metadata(file: str) -> Any:
    """Reads the footer of a file. Raises FileFormatError if it is no Parquet file."""
    pyarrow, parquet = _pyarrow()
    try:
        return parquet.read_metadata(file)
    except pyarrow.ArrowException as error:
        raise FileFormatError(
            f"{file} is not a valid Parquet file: {str(error).partition(chr(10))[0].rstrip('.')}."
        ) from None


def _signature(name: str) -> tuple[int, int]:
    """Returns what changes when a file is written to: its size and its time. Raises RowsError if it is not there."""
    try:
        found = os.stat(name)
    except OSError as error:
        raise RowsError(f"{name} cannot be read any more: {error.strerror}. Put the file back.") from None
    return found.st_size, found.st_mtime_ns
