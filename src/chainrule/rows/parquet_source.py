"""Rows in Parquet files of numbers, each row group a block that is read alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, shown
from chainrule._internal.naming import listed, spellings
from chainrule.errors import InputError, RowsError
from chainrule.rows.parquet_files import ParquetFiles
from chainrule.rows.source import Labels, Piece, Record, concatenated

PIECE_ROWS = 1 << 16
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
NUMBERS = (*INTEGERS, "halffloat", "float", "double")  # Arrow's names


class ParquetSource:
    """A `Source` that is a Parquet file, or all those of a folder and its subfolders, in the natural order of names.

    Raises OSError, FileFormatError and InputError as `Rows.parquet` says.
    """

    is_shuffled = False
    record: Record | None = None

    def __init__(
        self, path: str, target: str | Sequence[str], columns: Sequence[str] | None, weights: str | None, classes: bool
    ) -> None:
        self._files = ParquetFiles(path)
        self.name = self._files.name
        self.sizes = np.array([group.rows for group in self._files.groups], np.int64)
        _, first = next(self._files.schemas())
        self._types = {field.name: str(field.type) for field in first}
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
        self.digest = self._files.digest(self._all)

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
        for file, schema in self._files.schemas():
            types = {field.name: str(field.type) for field in schema}
            for name in self._all:
                if types.get(name) != self._types[name]:
                    raise InputError(
                        f"{file}: the column {name!r} is {types.get(name, 'missing')}, and {self._types[name]} in "
                        f"{self._files.files[0]}. Give all files the same columns."
                    )

    @property
    def _all(self) -> list[str]:
        return [*self.columns, *self._targets, *([] if self._weights is None else [self._weights])]

    def read(self, blocks: Sequence[int], X: Array) -> Labels:
        """Writes the inputs of some blocks to X (rows, n), and returns their labels and weights."""
        ends = np.cumsum(self.sizes[blocks])[:-1]
        return concatenated([self._read(block, part) for block, part in zip(blocks, np.split(X, ends), strict=True)])

    def _read(self, block: int, X: Array) -> Labels:
        group = self._files.groups[block]
        with self._files.reading(group) as file:
            table = file.read_row_group(group.number, columns=self._all, use_threads=False)
            self._write(table, X)
            return self._labels(table)

    def labels(self, block: int) -> Labels:
        """Reads the labels and the weights of a block alone."""
        names, group = self._all[self.n :], self._files.groups[block]
        with self._files.reading(group) as file:
            return self._labels(file.read_row_group(group.number, columns=names, use_threads=False))

    def pieces(self, block: int) -> Iterator[Piece]:
        """Yields the rows of a block, some at a time."""
        group = self._files.groups[block]
        with self._files.reading(group) as file:
            for batch in file.iter_batches(PIECE_ROWS, row_groups=[group.number], columns=self._all, use_threads=False):
                X = np.empty((batch.num_rows, self.n), np.float32)
                self._write(batch, X)
                yield Piece(X, *self._labels(batch))

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
