"""Rows in Parquet files of numbers, each row group a block that is read alone.

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

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, shown
from chainrule._internal.naming import listed, spellings
from chainrule.errors import FileFormatError, InputError, MissingExtra, RowsError
from chainrule.rows.source import Labels, Piece

PIECE_ROWS = 1 << 16
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
NUMBERS = (*INTEGERS, "halffloat", "float", "double")  # Arrow's names


class Group(NamedTuple):
    """A row group: its file, its number there, and its rows."""

    file: int
    number: int
    rows: int


class ParquetSource:
    """A `Source` that is a Parquet file, or all those of a folder and its subfolders, in the natural order of names.

    Raises OSError, FileFormatError and InputError as `Rows.parquet` says.
    """

    is_shuffled = False

    def __init__(
        self, path: str, target: str | Sequence[str], columns: Sequence[str] | None, weights: str | None, classes: bool
    ) -> None:
        self.name = os.path.abspath(path)
        self._files = _files(path)
        self._signatures = [_signature(file) for file in self._files]
        self._metadata = [_metadata(file) for file in self._files]
        self._groups = [
            Group(file, number, metadata.row_group(number).num_rows)
            for file, metadata in enumerate(self._metadata)
            for number in range(metadata.num_row_groups)
            if metadata.row_group(number).num_rows
        ]
        if not self._groups:
            raise InputError(f"{path} has no rows. Name a Parquet file, or a folder of them, with at least one row.")
        self.sizes = np.array([group.rows for group in self._groups], np.int64)
        self._types = {field.name: str(field.type) for field in self._metadata[0].schema.to_arrow_schema()}
        self._targets = self._known([target] if isinstance(target, str) else list(target), "target")
        self._weights = None if weights is None else self._known([weights], "weights")[0]
        used = {*self._targets, self._weights}
        others = [name for name in self._types if name not in used]
        self.columns = others if columns is None else self._known(list(columns), "columns")
        self.n, self.has_weights, self._are_classes = len(self.columns), weights is not None, classes
        if classes and len(self._targets) > 1:
            raise InputError(f"target must be one column of classes; got {listed(self._targets)}.")
        self.label_shape: tuple[int, ...] = () if classes else (len(self._targets),)
        self._require_numbers()
        self.digest = self._digest()

    def _known(self, names: Sequence[str], what: str) -> list[str]:
        """Returns the spellings of these columns. Raises InputError for one that is unknown or given twice."""
        found = spellings(names, self._types)
        if missing := [name for name in names if name not in found]:
            raise InputError(f"{what}: {self.name} has no column {shown(missing[0])}. Columns: {listed(self._types)}.")
        if not names or len(set(found.values())) < len(names):
            raise InputError(f"{what} must be names of different columns, at least one; got {shown(list(names))}.")
        return [found[name] for name in names]

    def _require_numbers(self) -> None:
        """Raises InputError unless the columns are numbers, and the same ones in each file."""
        if not self.columns:
            raise InputError(f"{self.name} has no column beside the target {listed(self._targets)}.")
        for name in self._all:
            if self._types[name] not in (INTEGERS if self._are_classes and name in self._targets else NUMBERS):
                kind = "integers" if self._are_classes and name in self._targets else "numbers"
                raise InputError(
                    f"{self.name}: the column {name!r} must hold {kind}; got {self._types[name]}. Choose others with "
                    "columns=, or write texts and dates as numbers."
                )
        for file, metadata in zip(self._files, self._metadata, strict=True):
            types = {field.name: str(field.type) for field in metadata.schema.to_arrow_schema()}
            for name in self._all:
                if types.get(name) != self._types[name]:
                    raise InputError(
                        f"{file}: the column {name!r} is {types.get(name, 'missing')}, and {self._types[name]} in "
                        f"{self._files[0]}. Give all files the same columns."
                    )

    @property
    def _all(self) -> list[str]:
        return [*self.columns, *self._targets, *([] if self._weights is None else [self._weights])]

    def _digest(self) -> str:
        """Returns a checksum of the columns, and of the names, sizes and row groups of the files."""
        base, checksum = os.path.dirname(self.name) if os.path.isfile(self.name) else self.name, 0
        sizes = (size for size, _ in self._signatures)
        parts = [(os.path.relpath(file, base), size) for file, size in zip(self._files, sizes, strict=True)]
        for part in (self._all, parts, self._groups):
            checksum = zlib.crc32(repr(part).encode(), checksum)
        return f"{checksum:#010x}"

    def read(self, block: int, X: Array) -> Labels:
        """Writes the inputs of a block to X (rows, n), and returns its labels and weights."""
        with self._reading(block) as (file, number):
            table = file.read_row_group(number, columns=self._all, use_threads=False)
            self._write(table, X)
            return self._labels(table)

    def labels(self, block: int) -> Labels:
        """Reads the labels and the weights of a block alone."""
        names = self._all[self.n :]
        with self._reading(block) as (file, number):
            return self._labels(file.read_row_group(number, columns=names, use_threads=False))

    def pieces(self, block: int) -> Iterator[Piece]:
        """Yields the rows of a block, some at a time."""
        with self._reading(block) as (file, number):
            for batch in file.iter_batches(PIECE_ROWS, row_groups=[number], columns=self._all, use_threads=False):
                X = np.empty((batch.num_rows, self.n), np.float32)
                self._write(batch, X)
                yield Piece(X, *self._labels(batch))

    @contextmanager
    def _reading(self, block: int) -> Iterator[tuple[Any, int]]:
        """Yields the open file of a block, and the number of its row group. Raises RowsError."""
        pyarrow, parquet = _pyarrow()
        group = self._groups[block]
        name = self._files[group.file]
        try:
            self._require_unchanged(group.file)
            with parquet.ParquetFile(name, metadata=self._metadata[group.file], pre_buffer=False) as file:
                yield file, group.number
            self._require_unchanged(group.file)
        except (OSError, pyarrow.ArrowException) as error:
            if isinstance(error, RowsError):
                raise
            words = str(error).partition("\n")[0]
            raise RowsError(f"{name} cannot be read any more: {words}. Put the file back.") from None

    def _require_unchanged(self, file: int) -> None:
        if _signature(self._files[file]) != self._signatures[file]:
            raise RowsError(f"{self._files[file]} has changed since it was opened. Put the same file back.")

    def _write(self, table: Any, X: Array) -> None:
        for j, name in enumerate(self.columns):
            X[:, j] = self._numbers(table, name, X.dtype)

    def _labels(self, table: Any) -> Labels:
        dtype = np.dtype(np.float32)
        weights = None if self._weights is None else self._numbers(table, self._weights, dtype)
        if not self._are_classes:
            return Labels(np.stack([self._numbers(table, name, dtype) for name in self._targets], axis=1), weights)
        return Labels(self._numbers(table, self._targets[0], np.dtype(np.int32)), weights)

    def _numbers(self, table: Any, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Returns a column as numbers. Raises RowsError for gaps, and classes that are no small integers."""
        column = table.column(name)
        if column.null_count:
            raise RowsError(f"{self.name}: the column {name!r} has gaps. Fill them, or choose other columns.")
        values = column.to_numpy(zero_copy_only=False) if hasattr(column, "to_pandas") else np.asarray(column)
        if dtype.kind == "i" and len(values) and not 0 <= int(values.min()) <= int(values.max()) < 2**31:
            raise RowsError(f"{self.name}: the column {name!r} must hold classes from 0 to 2**31 - 1.")
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused by its user
            numbers: NDArray[Any] = values.astype(dtype, copy=False)
        return numbers


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
        raise FileFormatError(f"{file} is not a valid Parquet file: {str(error).partition(chr(10))[0]}.") from None


def _signature(name: str) -> tuple[int, int]:
    """Returns what changes when a file is written to: its size and its time. Raises RowsError if it is not there."""
    try:
        found = os.stat(name)
    except OSError as error:
        raise RowsError(f"{name} cannot be read any more: {error.strerror}. Put the file back.") from None
    return found.st_size, found.st_mtime_ns
