"""The effects of the levels of a category on numbers: a model of random effects, from sums over the rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats


class LevelSums(NamedTuple):
    """Sums over rows: weights ``n`` (K,) and targets ``S`` (K, m) of K levels, squares ``Q`` (m,) of all targets."""

    n: Floats
    S: Floats
    Q: Floats

    @classmethod
    def of_folds(
        cls, codes: NDArray[np.intp], levels: int, Y: Floats, weights: Floats | None, folds: NDArray[np.intp]
    ) -> list[LevelSums]:
        """Returns the sums of each fold of rows with targets Y (t, m), of those with a code (t,) below ``levels``."""
        known = np.flatnonzero((codes >= 0) & (codes < levels))
        w = np.ones(len(known)) if weights is None else weights[known] / weights[known].mean()
        count = 1 + int(folds.max())
        cell, of = folds[known] * levels + codes[known], folds[known]
        n = np.bincount(cell, w, count * levels).astype(np.float64).reshape(count, levels)
        columns = [Y[known, j] for j in range(Y.shape[1])]
        S = np.stack([np.bincount(cell, w * y, count * levels) for y in columns], axis=1)
        Q = np.stack([np.bincount(of, w * y * y, count) for y in columns], axis=1)
        S = S.reshape(count, levels, -1)
        return [cls(n[fold], S[fold], Q[fold]) for fold in range(count)]

    def without_rows(self) -> LevelSums:
        """Returns the sums of no row, as many as these are."""
        return LevelSums(*map(np.zeros_like, self))

    def plus(self, other: LevelSums) -> LevelSums:
        """Returns the sums over the rows of both."""
        return LevelSums(self.n + other.n, self.S + other.S, self.Q + other.Q)

    def variances(self) -> tuple[Floats, Floats]:
        """Returns the variances (m,) of the effects, τ², and of the errors, σ², by the method of moments.

        The mean square within the levels has the expectation σ², and the sum of squares between K levels is expected to
        be (K − 1) σ² + (N − Σ n_k²/N) τ². An estimate of τ² below 0 counts as 0.
        """
        N, K = max(self.n.sum(), 1.0), np.count_nonzero(self.n)
        of_levels = (self.S**2 / _divisors(self.n)[:, np.newaxis]).sum(axis=0)
        within, between = self.Q - of_levels, of_levels - self.S.sum(axis=0) ** 2 / N
        errors = np.maximum(within, 0.0) / max(N - K, 1.0)
        effects = (between - (K - 1) * errors) / max(N - (self.n**2).sum() / N, 1.0)
        return np.maximum(effects, 0.0), errors

    def effects(self) -> Floats:
        """Returns the best linear prediction (K, m) of the effects, n_k τ² / (n_k τ² + σ²) · (ȳ_k − ȳ)."""
        effects, errors = self.variances()
        n = self.n[:, np.newaxis]
        means = self.S / _divisors(n) - self.S.sum(axis=0) / max(self.n.sum(), 1.0)
        predicted: Floats = n * effects / _divisors(n * effects + errors) * means
        return predicted


def _divisors(values: Floats) -> Floats:
    """Returns the values with 1 in place of 0: what they divide is 0 there, too."""
    return np.where(values > 0.0, values, 1.0)
