"""Sparse examples: the rows of a matrix X (t, n) of which only the entries that may differ from 0 are stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, TypeGuard, cast, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from chainrule._internal.checks import Array, all_finite, as_array
from chainrule.errors import InputError

NUMBERS_OF_A_BLOCK = 1 << 22  # of rows that are dense at a time


class SparseLike(Protocol):
    """A sparse array or matrix of SciPy, of any format."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape: (t, n), or (n,) for one example."""

    def tocsr(self) -> Any:
        """Returns it by rows: ``indptr``, ``indices`` and ``data``."""


@dataclass(frozen=True, eq=False)
class SparseRows:
    """The matrix X (t, n) by rows: row j holds ``data[k]`` in column ``indices[k]``, indptr[j] ≤ k < indptr[j + 1].

    The columns of each row rise, so that no entry is stored twice. ``indptr`` (t + 1,) is int64, ``indices`` is int32
    or int64, and ``data`` has the number type of the network. Entries that are not stored are 0.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.signedinteger[Any]]
    data: Array
    shape: tuple[int, int]

    ndim = 2
    format = "csr"  # SciPy's name of this form

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of the entries."""
        return self.data.dtype

    def __len__(self) -> int:
        return self.shape[0]

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> Array: ...
    @overload
    def __getitem__(self, rows: slice | NDArray[np.integer[Any]]) -> SparseRows: ...
    def __getitem__(self, rows: int | np.integer[Any] | slice | NDArray[np.integer[Any]]) -> Array | SparseRows:
        """Returns these rows, a slice of step 1 without a copy of the entries; or one row as a dense array (n,)."""
        if isinstance(rows, int | np.integer):
            first = range(len(self))[rows]
            row: Array = self[first : first + 1].toarray()[0]
            return row
        if isinstance(rows, slice):
            first, last, step = rows.indices(len(self))
            if step == 1:
                last = max(first, last)
                start, end = self.indptr[first], self.indptr[last]
                return SparseRows(
                    self.indptr[first : last + 1] - start,
                    self.indices[start:end],
                    self.data[start:end],
                    (last - first, self.shape[1]),
                )
        chosen = np.arange(len(self))[rows]
        counts = np.diff(self.indptr)[chosen]
        indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        entries = np.repeat(self.indptr[chosen] - indptr[:-1], counts) + np.arange(indptr[-1])
        return SparseRows(indptr, self.indices[entries], self.data[entries], (len(chosen), self.shape[1]))

    def astype(self, dtype: DTypeLike) -> SparseRows:
        """Returns the same rows with numbers of the type ``dtype``, without a copy if they have it."""
        if self.dtype == dtype:
            return self
        return SparseRows(self.indptr, self.indices, self.data.astype(dtype), self.shape)

    def toarray(self) -> Array:
        """Returns the dense matrix (t, n)."""
        dense = np.zeros(self.shape, self.dtype)
        dense[np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices] = self.data
        return dense

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Yields a few consecutive rows at a time, and their dense matrix."""
        step = max(1, NUMBERS_OF_A_BLOCK // self.shape[1])
        for first in range(0, len(self), step):
            rows = slice(first, min(first + step, len(self)))
            yield rows, self[rows].toarray()

    def __matmul__(self, B: Any) -> Array:
        """Returns the dense product X B (t, m)."""
        return np.concatenate([block @ B for _, block in self.blocks()])


Rows: TypeAlias = Array | SparseRows  # the examples X (t, n), one per row
RowsLike: TypeAlias = ArrayLike | SparseLike | SparseRows  # what users pass for them


def is_sparse(values: object) -> TypeGuard[SparseLike | SparseRows]:
    """Returns True for sparse arrays and matrices of SciPy, and for `SparseRows`."""
    return isinstance(values, SparseRows) or hasattr(values, "tocsr")


def concatenated(parts: Sequence[Any]) -> Any:
    """Returns arrays, or sparse rows, one after the other."""
    if not isinstance(parts[0], SparseRows):
        return np.concatenate(parts)
    starts = np.cumsum([0, *(part.indptr[-1] for part in parts)])
    indptr = np.concatenate([[0], *(part.indptr[1:] + start for part, start in zip(parts, starts[:-1], strict=True))])
    indices, data = (np.concatenate([getattr(part, name) for part in parts]) for name in ("indices", "data"))
    return SparseRows(indptr.astype(np.int64), indices, data, (len(indptr) - 1, parts[0].shape[1]))


def like(other: Rows, rows: Rows) -> Rows:
    """Returns ``rows`` sparse if ``other`` is sparse, and dense if it is dense."""
    if isinstance(other, SparseRows) == isinstance(rows, SparseRows):
        return rows
    if isinstance(rows, SparseRows):
        return rows.toarray()
    row, column = map(np.ascontiguousarray, np.nonzero(rows))
    indptr = np.searchsorted(row, np.arange(len(rows) + 1)).astype(np.int64)
    return SparseRows(indptr, column, rows[row, column], (rows.shape[0], rows.shape[1]))


def as_examples(values: RowsLike, n: int, symbol: str, dtype: DTypeLike, *, finite: bool = True) -> tuple[Rows, bool]:
    """Returns ``values`` as finite numbers of ``dtype``, and True if they are a single example (n,), now a row (1, n).

    If n = 1, a number is a single example too.

    The caller checks the shape, and with ``finite=False`` a dense array for NaN and infinity.

    Raises InputError if they are not numbers, or if one is NaN or infinite.
    """
    if is_sparse(values):
        return as_sparse_rows(values, symbol, dtype), len(values.shape) == 1
    array = as_array(cast("ArrayLike", values), symbol, dtype, finite=finite)
    if array.shape == (n,) or (n == 1 and array.ndim == 0):
        return array.reshape(1, n), True
    return array, False


def is_single(values: object) -> bool:
    """Returns True if ``values``, which `as_examples` has accepted, are one example: (n,), or a number if n = 1."""
    shape = getattr(values, "shape", None)
    return len(np.shape(cast("ArrayLike", values)) if shape is None else shape) < 2


def as_sparse_rows(values: SparseLike | SparseRows, symbol: str, dtype: DTypeLike) -> SparseRows:
    """Returns a sparse matrix as `SparseRows` with finite numbers of ``dtype``; it copies only what must change.

    Entries of the same place are added, as SciPy does.

    Raises InputError if they are not numbers, if one is NaN or infinite, or if the matrix has more than two dimensions
    or is not valid.
    """
    if isinstance(values, SparseRows):
        return values if values.dtype == dtype else replace(values, data=as_array(values.data, symbol, dtype))
    if len(values.shape) not in (1, 2):
        raise InputError(f"{symbol} must have one or two dimensions; got shape {values.shape}.")
    csr = values.tocsr()
    shape = (1, int(values.shape[0])) if len(values.shape) == 1 else (int(values.shape[0]), int(values.shape[1]))
    data = as_array(csr.data, symbol, dtype, finite=False)
    indptr = np.ascontiguousarray(csr.indptr, np.int64)
    indices = np.ascontiguousarray(csr.indices)
    if indices.dtype not in (np.int32, np.int64):
        indices = indices.astype(np.int64)
    if not is_valid(indptr, indices, len(data), shape):
        raise InputError(f"{symbol} must be a valid sparse matrix of shape {shape}; its indices are out of range.")
    used = int(indptr[-1])
    rows = SparseRows(indptr, indices[:used], data[:used], shape)
    if not _is_sorted(rows):
        rows = _sorted(rows)
    if not all_finite(rows.data):
        k = int(np.flatnonzero(~np.isfinite(rows.data))[0])
        where = int(np.searchsorted(rows.indptr, k, side="right")) - 1, int(rows.indices[k])
        raise InputError(
            f"{symbol} must be finite; got {rows.data[k]} at index {where}. "
            "Replace or drop missing and infinite values."
        )
    return rows


def is_valid(
    indptr: NDArray[np.int64], indices: NDArray[np.signedinteger[Any]], entries: int, shape: tuple[int, int]
) -> bool:
    """Returns True if every index lies within the arrays and the shape; compiled code relies on it."""
    if indptr.shape != (shape[0] + 1,) or indptr[0] != 0 or not 0 <= indptr[-1] <= min(entries, len(indices)):
        return False
    used = indices[: indptr[-1]]
    is_within = not used.size or (used.min() >= 0 and used.max() < shape[1])
    return bool(is_within and (shape[0] == 1 or (indptr[1:] >= indptr[:-1]).all()))


def _is_sorted(rows: SparseRows) -> bool:
    """Returns True if the columns rise in every row."""
    rises = rows.indices[1:] > rows.indices[:-1]
    if rises.all():
        return True
    falls = np.flatnonzero(~rises) + 1
    starts = rows.indptr[np.minimum(np.searchsorted(rows.indptr, falls), len(rows))]
    return bool((starts == falls).all())


def _sorted(rows: SparseRows) -> SparseRows:
    """Returns the same matrix with rising columns; entries of the same place are added."""
    row = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
    order = np.lexsort((rows.indices, row))
    row, indices = row[order], rows.indices[order]
    firsts = np.flatnonzero(np.concatenate([[True], (row[1:] != row[:-1]) | (indices[1:] != indices[:-1])]))
    data = np.add.reduceat(rows.data[order], firsts) if len(firsts) else rows.data
    indptr = np.searchsorted(row[firsts], np.arange(len(rows) + 1)).astype(np.int64)
    return SparseRows(indptr, indices[firsts], data, rows.shape)
