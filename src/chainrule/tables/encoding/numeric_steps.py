"""All steps for the numbers of a table, applied to one block of rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.tables.encoding.steps import Fill, Indicator, Scale, SmoothClip

ENTRIES_IN_CACHE = 1 << 16  # entries processed at once: half a megabyte, which stays in the cache


@dataclass(frozen=True)
class NumericSteps:
    """Fills, scales and clips the raw numbers in use, and adds indicators of missing values."""

    used: NDArray[np.intp]  # (n,)
    fill: Fill
    scale: Scale
    clip: SmoothClip | None
    indicator: Indicator

    def write(self, R: Any, out: Array) -> bool:
        """Encodes raw numbers R (t, raw) into ``out`` (t, n + indicators); returns False if one is infinite."""
        return self._write_dense(R, out) if isinstance(R, np.ndarray) else self._write_sparse(R, out)

    def _write_dense(self, R: Array, out: Array) -> bool:
        n, is_finite = len(self.used), True
        uses_all = n == R.shape[1]
        for a in range(0, len(R), step := max(1, ENTRIES_IN_CACHE // max(1, R.shape[1]))):
            raw = np.asarray(R[a : a + step], dtype=np.float64)
            with np.errstate(over="ignore", invalid="ignore"):
                has_no_gap = np.isfinite(raw.sum())  # NaN and ∞ propagate to the sum; overflow only costs a check
                x = raw if uses_all else raw[:, self.used]
                out[a : a + step, :n] = self._scaled(x if has_no_gap else self.fill(x))
            out[a : a + step, n:] = 0.0
            if not has_no_gap:
                is_finite = is_finite and not np.isinf(raw).any()
                out[a : a + step, n:] = self.indicator(raw)
        return is_finite

    def _write_sparse(self, R: Any, out: Array) -> bool:
        """Writes the encoding of 0 everywhere, then the entries that are stored."""
        n = len(self.used)
        place = np.full(R.shape[1], -1)
        place[self.used] = np.arange(n)
        columns = np.repeat(np.arange(R.shape[1]), np.diff(R.indptr))
        entries = np.asarray(R.data, dtype=np.float64)
        used = place[columns] >= 0
        at = place[columns[used]]
        with np.errstate(over="ignore", invalid="ignore"):
            out[:, :n] = self._scaled(np.zeros((1, n)))
            fill, scale = Fill(self.fill.values[at]), Scale(self.scale.center[at], self.scale.factor[at])
            z = scale(fill(entries[used]))
            out[R.indices[used], at] = z if self.clip is None else self.clip(z)
        out[:, n:] = 0.0
        gap = np.isnan(entries)
        for j, of in enumerate(self.indicator.of.tolist()):
            out[R.indices[gap & (columns == of)], n + j] = 1.0
        return not np.isinf(entries).any()

    def _scaled(self, x: Floats) -> Floats:
        z = self.scale(x)
        return z if self.clip is None else self.clip(z)
