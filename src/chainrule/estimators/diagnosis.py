"""Diagnosis of problems that cost accuracy: unscaled columns and dead units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.network import Network

UNSCALED = 100.0  # the root mean square above which a column counts as unscaled
FEW, MANY = 20, 1_000  # rows: on fewer, a live unit may well be constant; many are taken at once
DEAD_SHARE = 0.5  # fraction of dead units in a layer above which there is a warning
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


def dead_layer(net: Network, X: Rows) -> str | None:
    """Describes the first hidden layer most of whose units give the same for all rows of X (t, n), or returns None.

    Only layers with a full W and a σ other than the identity count: in others, a unit whose input is rare is not dead.
    """
    t = len(X)
    layers = [i for i in range(1, net.r) if isinstance(net.W[i], np.ndarray) and net.sigma[i].name != "identity"]
    if t < FEW or not layers:
        return None
    low: dict[int, NDArray[Any]] = {}  # of each unit's output over the rows so far
    high: dict[int, NDArray[Any]] = {}
    for rows in _spread_parts(t):  # the first rows suffice to show that units are alive
        with np.errstate(all="ignore"):
            a = net.forward(X[rows]).a
        for i in layers:
            low[i] = np.minimum(low.get(i, np.inf), a[i].min(axis=0))
            high[i] = np.maximum(high.get(i, -np.inf), a[i].max(axis=0))
        constant = {i: np.count_nonzero(low[i] == high[i]) for i in layers}
        dead = [i for i in layers if constant[i] > DEAD_SHARE * net.m[i]]
        if not dead:
            return None
    if isinstance(X, np.ndarray) and (X == X[0]).all():
        return None
    i = dead[0]
    return (
        f"{constant[i]} of the {net.m[i]} units of layer {i} ({net.sigma[i].name}) are dead: they give the same output "
        "for every row."
    )


def _spread_parts(t: int) -> Iterator[slice]:
    """Yields slices of t rows, each spread over all of them: about 20 rows, then about 1,000 at a time until the last.

    >>> list(_spread_parts(2500))
    [slice(0, None, 125), slice(0, None, 3), slice(1, None, 3), slice(2, None, 3)]
    """
    yield slice(0, None, t // FEW)
    step = math.ceil(t / MANY)
    yield from (slice(k, None, step) for k in range(step))
