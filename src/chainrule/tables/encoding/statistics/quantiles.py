"""Quartiles and ranges of long columns, exact, in one pass: a sample says between which numbers a quartile lies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.tables.encoding import compiled_columns
from chainrule.tables.encoding.compiled_columns import ColumnPart, column_parts, scan
from chainrule.tables.encoding.gathered import columns_of, copy_rows, number_type
from chainrule.tables.work import parts_of

QUARTILES = (0.25, 0.5, 0.75)
LONG = 1 << 17  # rows, from which this takes less time than to move all numbers towards their places
SAMPLE = 1 << 13  # rows, evenly spaced; up to twice as many
DEVIATIONS = 4.0  # of the rank of a quartile in a random sample: 6 of 100,000 lie farther away
ROWS_IN_CACHE = 1 << 14
ROWS_AT_ONCE = 1 << 16  # of the compiled core, which needs no copy of them


class LongColumns:
    """k long columns R (t, k), of which a pass finds the range and all numbers that may be quartiles.

    A quartile that is not among them is looked for in all numbers, so that every order of the rows gives the same.
    """

    zeros = 0  # that are not stored

    def __init__(self, R: Any) -> None:
        self._R = R
        t, k = R.shape
        sampled = slice(None, None, max(1, t // SAMPLE))
        sample = np.empty((len(range(t)[sampled]), k), number_type(R))
        copy_rows(R, sampled, sample)
        self._brackets = [{q: _bracket(column, q) for q in QUARTILES} for column in np.sort(sample.T, axis=1)]
        self._found: dict[float, Floats] = {}
        self.missing = np.zeros(k, np.intp)  # (k,)
        self.smallest, self.largest = np.full(k, np.inf), np.full(k, -np.inf)  # (k,), 0 without a number
        parts = column_parts(R) if compiled_columns.is_compiled else None
        if parts is None:
            self._take_copies(np.empty((k, min(t, ROWS_IN_CACHE)), sample.dtype).T)
        else:
            for j, part in enumerate(parts):
                for rows in parts_of(t, ROWS_AT_ONCE):
                    self._scan(j, part, rows.start, rows.stop - rows.start)
        self.count = t - self.missing  # (k,), numbers that are present
        self.smallest[self.count == 0] = self.largest[self.count == 0] = 0.0

    def __len__(self) -> int:
        return len(self.count)

    def quantile(self, q: float) -> Floats:
        """Returns a quartile of each column (k,), interpolated linearly, or 0 without a number."""
        if q not in self._found:
            self._found[q] = self._quantile(q)
        return self._found[q]

    def _quantile(self, q: float) -> Floats:
        low, high, part = places_of_quantile(q, self.count)
        found = [self._at(j, q, [a, b]) for j, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True))]
        ends = np.array(found, dtype=np.float64)
        return interpolated(ends[:, 0], ends[:, 1], part)

    def _take_copies(self, memory: Array) -> None:
        for rows in parts_of(len(self._R), ROWS_IN_CACHE):
            x = memory[: rows.stop - rows.start]
            copy_rows(self._R, rows, x)
            if not compiled_columns.is_compiled:
                self._take(x)
                continue
            for j, column in enumerate(x.T):
                self._scan(j, (column, None), 0, len(column))

    def _scan(self, j: int, part: ColumnPart, first: int, count: int) -> None:
        """Takes ``count`` numbers of column j by the compiled core."""
        brackets = list(self._brackets[j].values())
        ends = np.array([bracket.ends for bracket in brackets])
        kept = np.empty((len(brackets), count + 1), ends.dtype)
        smallest, largest, missing, counts = scan(part, first, ends, kept)
        self.missing[j] += missing
        self.smallest[j], self.largest[j] = min(self.smallest[j], smallest), max(self.largest[j], largest)
        for bracket, numbers, (higher, inside, own) in zip(brackets, kept, counts, strict=True):
            bracket.add(higher, inside, numbers[:own].copy())

    def _take(self, x: Array) -> None:
        smallest, largest = x.min(axis=0), x.max(axis=0)
        if np.isnan(smallest).any():
            self.missing += np.count_nonzero(np.isnan(x), axis=0)
            smallest, largest = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
        np.fmin(self.smallest, smallest, out=self.smallest)
        np.fmax(self.largest, largest, out=self.largest)
        for column, brackets in zip(x.T, self._brackets, strict=True):
            for bracket in brackets.values():
                bracket.take(column)

    def _at(self, j: int, q: float, places: list[int]) -> list[float]:
        if not self.count[j]:
            return [0.0, 0.0]
        found = self._brackets[j][q].at(places, int(self.count[j]))
        if found is None:
            column = np.empty((len(self._R), 1), number_type(self._R))
            copy_rows(columns_of(self._R, slice(j, j + 1)), slice(None), column)
            column.partition(places, axis=0)
            found = column[places, 0].tolist()
        return found


class _Bracket:
    """The numbers of a column from ``low`` to ``high``."""

    def __init__(self, low: Any, high: Any) -> None:
        self._low, self._high = low, high
        self._higher = 0  # how many numbers are not below them
        self._count, self._inside = 0, list[Array]()  # without those that are equal because low = high

    @property
    def ends(self) -> tuple[Any, Any]:
        """The least and the greatest number that may be inside."""
        return self._low, self._high

    def take(self, x: Array) -> None:
        """Takes some numbers of the column, and NaN."""
        is_not_below = x >= self._low
        is_inside = is_not_below & (x <= self._high)
        count = int(np.count_nonzero(is_inside))
        kept = x[is_inside] if self._low < self._high else x[:0]
        self.add(int(np.count_nonzero(is_not_below)), count, kept)

    def add(self, not_below: int, inside: int, kept: Array) -> None:
        """Adds this many numbers, and those of them that may be quartiles."""
        self._higher += not_below
        self._count += inside
        self._inside.append(kept)

    def at(self, places: list[int], count: int) -> list[float] | None:
        """Returns the numbers at these places of ``count`` in ascending order; None if one of them is outside."""
        own = [place - (count - self._higher) for place in places]
        if min(own) < 0 or max(own) >= self._count:
            return None
        if self._low == self._high:
            return [float(self._low)] * len(own)
        self._inside = [np.concatenate(self._inside)]
        self._inside[0].partition(own)
        return self._inside[0][own].tolist()  # type: ignore[no-any-return]


def _bracket(ordered: Array, q: float) -> _Bracket:
    """Returns the bracket of the q-quantile by a sample in ascending order, NaN last."""
    n = int(np.count_nonzero(~np.isnan(ordered)))
    ends = np.concatenate([[-np.inf], ordered[:n], [np.inf]]).astype(ordered.dtype)
    place, width = 1 + q * (n - 1), DEVIATIONS * math.sqrt(q * (1.0 - q) * n) + 1.0
    return _Bracket(ends[max(0, math.floor(place - width))], ends[min(n + 1, math.ceil(place + width))])


def places_of_quantile(q: float, count: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Returns between which places of ``count`` ordered numbers (k,) the q-quantile lies, and how far on the way."""
    last = np.maximum(count - 1, 0)
    position = q * last
    low = np.floor(position).astype(np.intp)
    return low, np.minimum(low + 1, last), position - low


def interpolated(a: Floats, b: Floats, part: Floats) -> Floats:
    """Returns the numbers ``part`` of the way from a to b."""
    return np.where(a == b, a, a * (1.0 - part) + b * part)
