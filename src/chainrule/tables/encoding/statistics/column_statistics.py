"""Statistics of numeric columns: median, quartiles, range, mean and deviation, without overflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.tables.encoding.gathered import Gathered, columns_of, copy_rows, is_sparse, number_type
from chainrule.tables.encoding.statistics.quantiles import LONG, LongColumns, interpolated, places_of_quantile
from chainrule.tables.work import each, parts_of

Scaling = Literal["robust", "standard", "joint", "none"]

ENTRIES_PER_BLOCK = 1 << 20  # entries processed at once: some megabytes, for a table of any size
LEAST_WIDTH = 4  # columns of an array, whose rows lie side by side in memory
ROWS_AT_ONCE = 4096  # whose numbers stay in the cache while columns are copied
MOST_PLACES = 32  # of quantiles that are looked for; a sort finds more as fast


@dataclass(frozen=True)
class ColumnStatistics:
    """Statistics of n columns, each over its rows that have a number."""

    median: Floats  # (n,), 0 if the column has no number
    center: Floats  # (n,)
    factor: Floats  # (n,), 0 if the column is constant, or varies by less than 1e-307
    missing: NDArray[np.intp]  # (n,)
    varies: NDArray[np.bool_]  # (n,)
    has_infinite: bool = False  # True: all others are arbitrary


def column_statistics(R: Any, scaling: Scaling) -> ColumnStatistics:
    """Returns the statistics of each column of R (t, n), a dense matrix or a sparse one (CSC), for ``Scale``."""
    n = R.shape[1]
    median, center, factor = np.empty(n), np.empty(n), np.empty(n)
    missing, varies = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.bool_)
    size = np.zeros(n)  # of the scaled numbers of each column

    def measure(columns: Any) -> bool:
        block = _measured_columns(R, columns, needs_all=scaling in ("standard", "joint"))
        if not np.isfinite((block.smallest, block.largest)).all():
            return False
        median[columns], missing[columns] = block.quantile(0.5), block.missing
        center[columns], inverse = SCALINGS[scaling](block)
        varies[columns] = block.largest > block.smallest
        factor[columns] = np.where(varies[columns], inverse, 0.0)
        if scaling == "joint" and isinstance(block, _SortedColumns):
            size[columns] = factor[columns] * block.root_mean_square()
        return True

    entries = len(R.data) if is_sparse(R) else R.size
    if not all(each("measuring the columns", entries, measure, list(_blocks(R)))):
        return ColumnStatistics(median, center, factor, missing, varies, has_infinite=True)
    if scaling == "joint" and (length := float(np.linalg.norm(size))) > 0.0:
        factor /= length
    return ColumnStatistics(median, center, factor, missing, varies)


class _SortedColumns:
    """k sorted columns of numbers, each with the same number of implicit zeros besides.

    ``entries`` (k, s) holds a column per row, in ascending order, NaN last; a sparse column's zeros are not stored. For
    quantiles alone it is enough if those entries are in their place that would be there in ascending order.
    """

    def __init__(self, entries: Array, zeros: int) -> None:
        self.entries, self.zeros = entries, zeros
        self.missing = _counted(np.isnan, entries)  # (k,)
        self.count = entries.shape[1] - self.missing + zeros  # (k,), numbers that are present, zeros included
        self._negative = _counted(lambda column: column < 0.0, entries)
        self.smallest, self.largest = self._at(np.zeros_like(self.count)), self._at(np.maximum(self.count - 1, 0))

    def __len__(self) -> int:
        return len(self.entries)

    def quantile(self, q: float) -> Floats:
        """Returns the q-quantile of each column (k,), interpolated linearly."""
        low, high, part = places_of_quantile(q, self.count)
        return interpolated(self._at(low), self._at(high), part)

    def relative(self) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.intp]]:
        """Returns the largest magnitude of each column (k,), or 1 if it is 0, and the entries (k, s) divided by it.

        Squares of these are finite. A missing entry is 0; the mask (k, s) of those, and the number of others (k,) or 1,
        come along.
        """
        size = np.maximum(np.abs(self.smallest), np.abs(self.largest))
        size[size == 0.0] = 1.0
        is_missing = np.isnan(self.entries)
        return size, np.where(is_missing, 0.0, self.entries) / size[:, None], is_missing, np.maximum(self.count, 1)

    def root_mean_square(self) -> Floats:
        """Returns √(mean of x²) of each column (k,), over its numbers, zeros included."""
        size, present, _, count = self.relative()
        size *= np.sqrt((present**2).sum(axis=1) / count)
        return size

    def _at(self, position: NDArray[np.intp]) -> Floats:
        """Returns the number at this position (k,) of each column in ascending order, zeros included."""
        if self.entries.shape[1] == 0:
            return np.zeros(len(self.entries))
        is_after_zeros = position >= self._negative + self.zeros
        is_zero = ((position >= self._negative) & ~is_after_zeros) | (self.count == 0)
        stored = np.where(is_after_zeros, position - self.zeros, position)
        stored = np.minimum(stored, self.entries.shape[1] - 1)
        found = np.take_along_axis(self.entries, stored[:, None], axis=1)[:, 0].astype(np.float64)
        return np.where(is_zero, 0.0, found)


def _blocks(R: Any) -> Iterator[Any]:
    """Yields the columns of R (t, n) in blocks, each as an index."""
    t, n = R.shape
    if not is_sparse(R):
        width = max(1 if isinstance(R, Gathered) else LEAST_WIDTH, ENTRIES_PER_BLOCK // t)
        yield from (slice(a, a + width) for a in range(0, n, width))
        return
    counts = np.diff(R.indptr)
    order = np.argsort(counts, kind="stable")
    starts = np.flatnonzero(np.diff(counts[order], prepend=-1))
    for alike in np.split(order, starts[1:]):  # a block holds columns with the same number of stored entries
        yield from np.array_split(alike, -(-len(alike) * max(1, int(counts[alike[0]])) // ENTRIES_PER_BLOCK))


def _measured_columns(R: Any, columns: Any, *, needs_all: bool) -> _SortedColumns | LongColumns:
    """Returns a block of columns, whose numbers are in ascending order, or with ``needs_all=False`` for quantiles."""
    if not is_sparse(R):
        if not needs_all and len(R) >= LONG:
            return LongColumns(columns_of(R, columns))
        block = _by_column(columns_of(R, columns))
        places = [] if needs_all else _places_of_quantiles(block)
        if 0 < len(places) <= MOST_PLACES:
            block.partition(places, axis=1)  # takes a third of the time
        else:
            block.sort(axis=1)
        return _SortedColumns(block, 0)
    first, last = R.indptr[columns], R.indptr[columns + 1]
    count = int(last[0] - first[0])
    block = R.data[first[:, None] + np.arange(count)].astype(np.float64)
    block.sort(axis=1)
    return _SortedColumns(block, R.shape[0] - count)


def _by_column(R: Any) -> Array:
    """Returns the columns of R (t, k) as rows (k, t) of fresh memory, in float32 if R has it.

    The memory goes back to the system with the array. Each thread would keep that of malloc.
    """
    (t, k), dtype = R.shape, number_type(R)
    block = np.frombuffer(mmap(-1, k * t * dtype.itemsize), dtype).reshape(k, t)
    for rows in parts_of(t, ROWS_AT_ONCE):
        copy_rows(R, rows, block[:, rows].T)
    return block


def _places_of_quantiles(block: Array) -> list[int]:
    """Returns the places of the median, the quartiles, the least and the largest number in columns (k, s)."""
    lasts = np.unique(block.shape[1] - 1 - _counted(np.isnan, block))
    lasts = lasts[lasts >= 0]
    low = np.floor(np.multiply.outer((0.0, 0.25, 0.5, 0.75, 1.0), lasts)).astype(np.intp)
    return np.unique([low, np.minimum(low + 1, lasts)]).tolist()  # type: ignore[no-any-return]


def _counted(mask_of: Callable[[Array], NDArray[np.bool_]], columns: Array) -> NDArray[np.intp]:
    """Returns for each of the columns (k, s) the number of entries of its mask, of which one is in memory at a time."""
    return np.array([np.count_nonzero(mask_of(column)) for column in columns], dtype=np.intp)


def _unscaled(columns: _SortedColumns | LongColumns) -> tuple[Floats, Floats]:
    """Returns center 0 and factor 1."""
    return np.zeros(len(columns)), np.ones(len(columns))


def _robust(columns: _SortedColumns | LongColumns) -> tuple[Floats, Floats]:
    """Returns the median and 1 / (q₇₅ − q₂₅), or 2 / (max − min) if the quartiles are equal."""
    factor = 0.5 * _inverse(_half_difference(columns.quantile(0.25), columns.quantile(0.75)))
    by_range = _inverse(_half_difference(columns.smallest, columns.largest))
    return columns.quantile(0.5), np.where(factor > 0.0, factor, by_range)


def _joint(columns: _SortedColumns) -> tuple[Floats, Floats]:
    """Returns center 0 and factor 1 / max(1, root mean square)."""
    return np.zeros(len(columns.entries)), 1.0 / np.maximum(1.0, columns.root_mean_square())


def _standard(columns: _SortedColumns) -> tuple[Floats, Floats]:
    """Returns the mean (0 for a sparse column that is mostly 0) and 1 / standard deviation, implicit zeros included."""
    size, present, is_missing, count = columns.relative()
    mean = present.sum(axis=1) / count
    squares = np.where(is_missing, 0.0, present - mean[:, None]) ** 2
    variance = (squares.sum(axis=1) + columns.zeros * mean**2) / count
    is_mostly_zero = 2 * columns.zeros > columns.entries.shape[1] + columns.zeros
    return np.where(is_mostly_zero, 0.0, mean * size), _inverse(np.sqrt(variance) * size)


SCALINGS: dict[Scaling, Callable[[Any], tuple[Floats, Floats]]] = {
    "none": _unscaled,
    "robust": _robust,
    "standard": _standard,
    "joint": _joint,
}


def _half_difference(a: Floats, b: Floats) -> Floats:
    """Returns (b − a) / 2 without overflow."""
    return 0.5 * b - 0.5 * a


def _inverse(x: Floats) -> Floats:
    """Returns 1/x, or 0 if x is 0, or so small that 2/x overflows."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse: Floats = 1.0 / x
        return np.where(np.isfinite(2.0 * inverse), inverse, 0.0)
