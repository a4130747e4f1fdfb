"""Mean and standard deviation of the columns of X: whether they are scaled, and fit into single precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import SparseRows
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning

UNSCALED = 100.0  # the root mean square above which a column counts as unscaled
SINGLE = 1e3  # the largest |mean| / standard deviation of a column for single precision
LARGEST_SINGLE = 1e12  # the largest standard deviation: sums of its squares do not overflow


class ColumnScales:
    """Mean and standard deviation of each column of A (t, n), dense or sparse."""

    def __init__(self, A: NDArray[Any] | SparseRows) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            if isinstance(A, SparseRows):
                self.mean, self.std = _mean_and_std(A)
            else:
                self.mean, self.std = A.mean(axis=0, dtype=np.float64), A.std(axis=0, dtype=np.float64)

    def fits_single(self) -> bool:
        """Returns True if single precision (24 bits) resolves each column's variation to at least four digits."""
        constant = self.std == 0.0
        clear = (abs(self.mean) <= SINGLE * self.std) | (constant & (abs(self.mean) <= SINGLE))
        return bool((clear & (self.std <= LARGEST_SINGLE)).all())

    def warn_about_scale(self, names: NDArray[Any] | None) -> None:
        """Issues a DataWarning if the root mean square of some columns exceeds 100; it names the largest."""
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.sqrt(self.mean**2 + self.std**2)
        far = ~(size <= UNSCALED)
        if not far.any():
            return
        k = int(np.where(np.isfinite(size), size, np.inf).argmax())
        name = repr(str(names[k])) if names is not None else str(k)
        warn(
            f"{far.sum()} of {len(size)} columns of X are not scaled: column {name} has mean {self.mean[k]:.3g} and "
            f"standard deviation {self.std[k]:.3g}. Training is slow or stalls on such inputs; scale them, "
            "as in make_pipeline(StandardScaler(), …).",
            DataWarning,
        )


def _mean_and_std(A: SparseRows) -> tuple[Floats, Floats]:
    """Returns the mean and the standard deviation of each column of A, over its entries and its zeros."""
    t, n = A.shape
    entries = np.bincount(A.indices, minlength=n)
    mean = np.bincount(A.indices, A.data, n) / t
    squares = np.bincount(A.indices, (A.data - mean[A.indices]) ** 2, n) + (t - entries) * mean**2
    return mean, np.sqrt(squares / t)
