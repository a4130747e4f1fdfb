"""Where the numbers of a column lie: median, quartiles, extremes, mean, deviation, without overflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats

Scaling = Literal["robust", "standard", "none"]

BLOCK = 1 << 20  # entries that are worked on at once: some megabytes, whatever the table's size


@dataclass(frozen=True)
class ColumnStatistics:
    """Of each of n columns, over its rows that have a number."""

    median: Floats  # (n,), 0 where there is no number
    center: Floats  # (n,)
    factor: Floats  # (n,), 0 where the column is constant, or varies by less than 1e-307
    missing: NDArray[np.intp]  # (n,)


def column_statistics(R: Any, numbers: Scaling) -> ColumnStatistics:
    """Center and factor of ``Scale`` for the columns of R (t, n), an array or a sparse one (compressed columns)."""
    n = R.shape[1]
    whole = ColumnStatistics(np.empty(n), np.empty(n), np.empty(n), np.empty(n, dtype=np.intp))
    for columns, block, zeros in _sorted_columns(R):
        part = _of_sorted(block, zeros, numbers)
        for values, of in zip((whole.median, whole.center, whole.factor, whole.missing), part, strict=True):
            values[columns] = of
    return whole


def _sorted_columns(R: Any) -> Iterator[tuple[Any, Floats, int]]:
    """Blocks of columns: which they are; their entries as rows, in ascending order, NaN last; how many zeros beside."""
    t, n = R.shape
    if isinstance(R, np.ndarray):
        width = max(1, BLOCK // t)
        for a in range(0, n, width):
            block = np.array(R[:, a : a + width].T, dtype=np.float64, order="C")
            block.sort(axis=1)
            yield slice(a, a + width), block, 0
    else:
        counts = np.diff(R.indptr)
        for count in np.unique(counts).tolist():  # columns of as many entries are a block
            alike = np.flatnonzero(counts == count)
            for columns in np.array_split(alike, -(-len(alike) * max(1, count) // BLOCK)):
                block = R.data[R.indptr[columns][:, None] + np.arange(count)].astype(np.float64)
                block.sort(axis=1)
                yield columns, block, t - count


def _of_sorted(B: Floats, zeros: int, numbers: Scaling) -> tuple[Any, ...]:
    """Median, center, factor and number of missing entries of the rows of B and so many zeros beside each."""
    missing = np.isnan(B).sum(axis=1)
    count = B.shape[1] - missing  # (k,)
    total = count + zeros
    negative = (B < 0.0).sum(axis=1)

    def at(place: NDArray[np.intp]) -> Floats:
        """The entry at this place (k,) of all, zeros included, in ascending order."""
        behind = place >= negative + zeros
        own = np.where(behind, place - zeros, place)
        is_zero = ((place >= negative) & ~behind) | (total == 0)
        if B.shape[1] == 0:
            return np.zeros(len(B))
        entry = np.take_along_axis(B, np.clip(own, 0, B.shape[1] - 1)[:, None], axis=1)[:, 0]
        return np.where(is_zero, 0.0, entry)

    def quantile(q: float) -> Floats:
        place = q * np.maximum(total - 1, 0)
        low = np.floor(place).astype(np.intp)
        a, b = at(low), at(np.minimum(low + 1, np.maximum(total - 1, 0)))
        part = place - low
        return np.where(a == b, a, a * (1.0 - part) + b * part)

    least, most = at(np.zeros_like(total)), at(np.maximum(total - 1, 0))
    median = quantile(0.5)
    center: Floats
    factor: Floats
    if numbers == "none":
        center, factor = np.zeros(len(B)), np.ones(len(B))
    elif numbers == "robust":
        center = median
        factor = 0.5 * _inverse(_half_difference(quantile(0.25), quantile(0.75)))
        factor = np.where(factor > 0.0, factor, _inverse(_half_difference(least, most)))
    else:
        size = np.maximum(np.abs(least), np.abs(most))  # so that no square overflows
        size[size == 0.0] = 1.0
        present = np.where(np.isnan(B), 0.0, B) / size[:, None]
        mean = present.sum(axis=1) / np.maximum(total, 1)
        squares = np.where(np.isnan(B), 0.0, present - mean[:, None]) ** 2
        variance = (squares.sum(axis=1) + zeros * mean**2) / np.maximum(total, 1)
        center, factor = mean * size, _inverse(np.sqrt(variance) * size)
    return median, center, np.where(most > least, factor, 0.0), missing


def _half_difference(a: Floats, b: Floats) -> Floats:
    """(b − a) / 2, which does not overflow."""
    return 0.5 * b - 0.5 * a


def _inverse(x: Floats) -> Floats:
    """1/x, but 0 where x is 0, or so small that 2/x overflows."""
    with np.errstate(divide="ignore", over="ignore"):
        inverse: Floats = 1.0 / x
        return np.where(np.isfinite(2.0 * inverse), inverse, 0.0)
