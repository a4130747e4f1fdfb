"""The correlation of the labels in a block, and what it does to the variance of a minibatch mean.

Rows that lie together in a file are often alike: they are sorted by time, by place, or by the target itself. Then G
randomly chosen blocks are not a fair sample of all b blocks. Let ρ be the intraclass correlation of the blocks, the
share of the variance σ² of y that lies between them. A window's mean has the variance ρσ² f/G, f = (b − G)/(b − 1), and
the mean of B of its n rows has (σ² − ρσ² f/G) (n − B)/(n − 1)/B about it: this is cluster sampling (W. G. Cochran,
Sampling Techniques, 1977, ch. 9). The sum is at most (1 + ρ B/G) σ²/B. It is exact for blocks of equal size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats


class BlockMoments:
    """The mean and the sum of squares of the labels in each block, taken when the block is first read."""

    def __init__(self, sizes: NDArray[np.int64]) -> None:
        self._sizes = sizes
        self._means: list[Floats | None] = [None] * len(sizes)  # (m,)
        self._squares: list[Floats] = [np.zeros(0)] * len(sizes)  # Σ (y − mean)², (m,)
        self._missing = len(sizes)

    @property
    def is_complete(self) -> bool:
        """True if each block has been taken."""
        return self._missing == 0

    def missing(self) -> list[int]:
        """Returns the blocks that have not been taken."""
        return [block for block, mean in enumerate(self._means) if mean is None]

    def take(self, block: int, Y: NDArray[np.generic]) -> None:
        """Takes the labels of a block: numbers (rows, m), or classes (rows,), which count as 0 and 1 for each class."""
        if self._means[block] is not None:
            return
        if Y.ndim == 1:
            mean = np.bincount(Y.astype(np.intp)) / len(Y)
            squares = len(Y) * mean * (1.0 - mean)
        else:
            wide = Y.astype(np.float64)
            mean = wide.mean(axis=0)
            squares = ((wide - mean) ** 2).sum(axis=0)
        self._means[block], self._squares[block] = mean, squares
        self._missing -= 1

    def correlation(self) -> float:
        """Returns ρ = Σ_b n_b (ȳ_b − ȳ)² / Σ (y − ȳ)², the largest over the m labels; 0 if none of them varies."""
        means, squares = _stacked(self._means), _stacked(self._squares)
        weights = self._sizes[:, None].astype(np.float64)
        mean = (weights * means).sum(axis=0) / weights.sum()
        between = (weights * (means - mean) ** 2).sum(axis=0)
        total = between + squares.sum(axis=0)
        return float(np.divide(between, total, out=np.zeros_like(total), where=total > 0.0).max())


def variance_ratio(correlation: float, batch_size: int, t: int, blocks: int, windows: int) -> float:
    """Returns the variance of the mean of y over B rows of a window, divided by that over B of all t rows.

    >>> [round(variance_ratio(rho, 256, 2**20, blocks=1024, windows=64), 2) for rho in (1.0, 0.1, 1 / 1024)]
    [16.69, 2.56, 1.0]
    """
    if windows == 1:
        return 1.0
    B, G, n = batch_size, blocks / windows, t / windows
    of_window = correlation * (blocks - G) / (blocks - 1) / G  # the variance of its mean, in σ²
    return ((1.0 - of_window) * (n - B) / (n - 1.0) + of_window * B) / ((t - B) / (t - 1.0))


def _stacked(parts: list[Floats | None] | list[Floats]) -> Floats:
    """Returns the vectors as rows; classes that a block has not seen, the last ones, are 0 there."""
    vectors = [part for part in parts if part is not None]
    whole = np.zeros((len(vectors), max(map(len, vectors))))
    for row, vector in zip(whole, vectors, strict=True):
        row[: len(vector)] = vector
    return whole
