"""All steps for the numbers of a table, applied to one block of rows at a time, or to the stored entries alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Array, Floats
from chainrule.tables.encoding import compiled_columns
from chainrule.tables.encoding.compiled_columns import (
    HAS_INFINITE,
    HAS_NO_SUCH_ROW,
    ColumnPart,
    column_parts,
    encode,
)
from chainrule.tables.encoding.gathered import Gathered, copy_rows
from chainrule.tables.encoding.steps import FewValues, Fill, Indicator, Scale, SmoothClip

ENTRIES_IN_CACHE = 1 << 16  # entries processed at once: half a megabyte, which stays in the cache
NUMBERS_OF_A_LINE = 8  # float64 numbers, of a cache line
MOST_FILLED = 0.1  # fraction of the numbers for which 0 may become another number, if sparse rows are to stay sparse


class Entries(NamedTuple):
    """Entries of a sparse matrix in any order: the row, the column and the value of each."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    values: Floats


@dataclass(frozen=True)
class NumericSteps:
    """Fills, scales and clips the raw numbers in use, and adds indicators of missing values and of few values."""

    raw: int  # the number of raw numbers
    used: NDArray[np.intp]  # (n,)
    fill: Fill
    scale: Scale
    clip: SmoothClip | None
    indicator: Indicator
    few_values: FewValues

    @property
    def keeps_sparse(self) -> bool:
        """True if 0 is encoded as 0 for nearly all numbers, so that the features of sparse rows are sparse."""
        return not len(self.few_values.of) and len(self._filled) <= MOST_FILLED * len(self.used)

    def write(self, R: NDArray[Any] | Gathered, out: Array, first: int = 0) -> bool:
        """Encodes raw numbers R (t, raw), from row ``first`` on, into the first entries of each row of ``out``.

        These get numbers, indicators, few values. Returns False if a number is infinite.
        """
        is_compiled = compiled_columns.is_compiled and out.flags.c_contiguous
        has_more = len(self.indicator.of) or len(self.few_values.of)
        parts = column_parts(R) if is_compiled and not has_more else None
        if parts is not None:
            flags = self._encode_compiled([parts[k] for k in self.used.tolist()], first, out)
            if not flags & HAS_NO_SUCH_ROW:
                return not flags & HAS_INFINITE
        return self._write_blocks(R, out, first, is_compiled=is_compiled)

    def _write_blocks(self, R: NDArray[Any] | Gathered, out: Array, first: int, *, is_compiled: bool) -> bool:
        n, is_finite = len(self.used), True
        m = n + len(self.indicator.of)
        step = min(len(out), _rows_in_cache(self.raw))
        # Fresh memory for each result of each block would cost the system more time than the arithmetic. NumPy needs a
        # third of the time where the numbers of a column lie side by side, and so do the columns.
        raw_memory, work_memory = (np.empty((columns, step)).T for columns in (self.raw, n))
        for a in range(0, len(out), step):
            block = out[a : a + step]
            own = slice(len(block))
            raw, work = raw_memory[own], work_memory[own]
            copy_rows(R, slice(first + a, first + a + len(block)), raw)
            with np.errstate(over="ignore", invalid="ignore"):
                has_no_gap = np.isfinite(raw.sum())  # NaN and ∞ propagate to the sum; overflow only costs a check
                if not has_no_gap:
                    is_finite = is_finite and not np.isinf(raw).any()
                block[:, n:m] = 0.0 if has_no_gap else self.indicator(raw)
                if len(self.few_values.of):
                    block[:, m : m + len(self.few_values.of)] = self.few_values(raw)
                if is_compiled:
                    self._encode_compiled([(raw.T[k], None) for k in self.used.tolist()], 0, block)
                    continue
                x = raw if n == self.raw else raw.T[self.used].T
                x = x if has_no_gap else self.fill(x, x)
                block[:, :n] = self._encoded(x, x, work)
        return is_finite

    def _encode_compiled(self, parts: list[ColumnPart], first: int, out: Array) -> int:
        return encode(parts, first, self.fill, self.scale, self.clip, out)

    def entries(self, R: Any) -> tuple[Floats, NDArray[Any], NDArray[Any], list[Entries]]:
        """Encodes the stored entries of R (t, raw) in compressed rows, whose unused columns are left out.

        Returns the values, their columns and the start of each row, and further entries: indicators, and numbers for
        which 0 is encoded as another number.
        """
        indices, indptr = R.indices, R.indptr.astype(np.int64)
        raw = np.asarray(R.data, dtype=np.float64)
        with np.errstate(over="ignore"):
            more = []
            if has_gaps := bool(np.isnan(raw.dot(raw))):  # Σ x² is NaN only if an x is
                is_gap = np.isnan(raw)
                more.append(self._indicators(R, is_gap))
            if len(self.used) < self.raw:
                at = self._place[indices]
                if not (is_used := at >= 0).all():
                    indptr = np.concatenate([[0], np.cumsum(is_used)])[indptr]
                    at, raw = at[is_used], raw[is_used]
                    if has_gaps:
                        is_gap = is_gap[is_used]
                indices = at.astype(indices.dtype)
            if has_gaps:
                raw = np.where(is_gap, self.fill.values[indices], raw)
            if len(self._filled):
                more.append(self._further(indices, indptr))
            values = Scale(self.scale.center[indices], self.scale.factor[indices])(raw)
            return values if self.clip is None else self.clip(values), indices, indptr, more

    def _encoded(self, x: Floats, out: Floats | None = None, work: Floats | None = None) -> Floats:
        z = self.scale(x, out)
        return z if self.clip is None else self.clip(z, z, work)

    @cached_property
    def _zero(self) -> Floats:
        """The encoding of 0 for each number (n,)."""
        zero: Floats = self._encoded(np.zeros((1, len(self.used))))[0]
        return zero

    @cached_property
    def _filled(self) -> NDArray[np.intp]:
        """The numbers for which 0 is encoded as another number."""
        return np.flatnonzero(self._zero)

    @cached_property
    def _place(self) -> NDArray[np.intp]:
        """The feature of each raw number, −1 for one that is not used."""
        place = np.full(self.raw, -1)
        place[self.used] = np.arange(len(self.used))
        return place

    def _indicators(self, R: Any, is_gap: NDArray[np.bool_]) -> Entries:
        rows, columns = _row_numbers(R.indptr)[is_gap], R.indices[is_gap]
        j = np.searchsorted(self.indicator.of, columns)
        known = np.isin(columns, self.indicator.of)
        return Entries(rows[known], len(self.used) + j[known], np.ones(int(known.sum())))

    def _further(self, indices: NDArray[Any], indptr: NDArray[Any]) -> Entries:
        """Returns the entries that are not stored, of the numbers for which 0 is encoded as another number."""
        filled = self._filled
        place = np.searchsorted(filled, indices)
        is_one = filled[np.minimum(place, len(filled) - 1)] == indices
        is_missing = np.ones((len(indptr) - 1, len(filled)), dtype=bool)
        is_missing[_row_numbers(indptr)[is_one], place[is_one]] = False
        rows, which = np.nonzero(is_missing)
        return Entries(rows, filled[which], self._zero[filled[which]])


def _rows_in_cache(n: int) -> int:
    """Returns how many rows of n numbers are encoded at once.

    A column of that many is an odd number of cache lines, so that the numbers of a row can all be in the cache: at a
    power of two they would take each other's place.
    """
    rows = max(1, ENTRIES_IN_CACHE // max(1, n))
    lines = rows // NUMBERS_OF_A_LINE
    return NUMBERS_OF_A_LINE * (lines - 1 | 1) if lines else rows


def merged(
    values: Floats, indices: NDArray[Any], indptr: NDArray[Any], more: Sequence[Entries]
) -> tuple[Floats, NDArray[Any], NDArray[Any]]:
    """Returns entries in compressed rows, together with ``more`` of them, in the order of their columns."""
    rows, columns, numbers = map(
        np.concatenate, zip(Entries(_row_numbers(indptr), indices, values), *more, strict=True)
    )
    order = np.lexsort((columns, rows))
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(indptr) - 1))])
    return numbers[order], columns[order].astype(indices.dtype), starts


def _row_numbers(indptr: NDArray[Any]) -> NDArray[np.intp]:
    """Returns the row of each stored entry."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
