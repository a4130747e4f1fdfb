"""Conformal prediction intervals, from the residuals of held-out rows."""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Floats, as_real
from chainrule.errors import InputError

INTERVALS = ("constant", "scaled")  # of one width for all rows, or stretched by the spread of y at x
MOST_RESIDUALS = 9_999  # that a model keeps: coverage then has steps of 0.0002


def bounds(residuals: Floats | None, coverage: object) -> tuple[Floats, Floats]:
    """Returns the offsets from a prediction to the lower and the upper end of its interval, each (m,).

    ``residuals`` (t, m) are y − ŷ of held-out rows, each column sorted. With α = 1 − coverage the offsets are the
    residuals of rank ⌊(t + 1) α/2⌋ and ⌈(t + 1) (1 − α/2)⌉. A new y that is exchangeable with the held-out ones lies
    in the interval with probability ≥ ``coverage``, for any distribution.

    Raises InputError for a coverage outside (0, 1), without held-out rows, or with fewer than t = 2/α − 1 of them.

    >>> import numpy as np
    >>> R = np.arange(-9.0, 10.0)[:, None]               # 19 residuals
    >>> [end.tolist() for end in bounds(R, 0.9)]
    [[-9.0], [9.0]]

    Source: V. Vovk, A. Gammerman & G. Shafer, Algorithmic learning in a random world, 2005 (split conformal).
    """
    level = as_real(coverage, "coverage", 0.0, 1.0, open_minimum=True)
    if level == 1.0:
        raise InputError("coverage must be < 1: an interval that is sure to contain y would be infinite; got 1.")
    if residuals is None:
        raise InputError(
            "predict_interval needs held-out rows: fit 10 rows or more with validation_fraction > 0, or pass X_val."
        )
    t, half = len(residuals), 0.5 * (1.0 - level)
    low = math.floor((t + 1) * half + 1e-9)  # 1e-9: rounding must not lose a rank, as in 20 · 0.05 = 1
    if low < 1:
        raise InputError(
            f"coverage={level:g} needs at least {math.ceil(1.0 / half - 1e-9) - 1} held-out rows; there are {t}. Lower "
            "the coverage, raise validation_fraction, or fit more rows."
        )
    return residuals[low - 1], residuals[t - low]


def thinned(residuals: Floats, most: int = MOST_RESIDUALS) -> Floats:
    """Returns at most k = ``most`` of t sorted residuals (t, m), whose `bounds` contain y with the same probability.

    The j-th of them has the rank j (t + 1)/(k + 1), rounded down in the lower half and up in the upper half: the
    intervals are as wide as those of all residuals or, by a rank, wider.

    >>> import numpy as np
    >>> thinned(np.arange(1.0, 12.0)[:, None], most=5).ravel().tolist()
    [2.0, 4.0, 6.0, 8.0, 10.0]
    """
    t = len(residuals)
    if t <= most:
        return residuals
    j = np.arange(1, most + 1)
    down, up = j * (t + 1) // (most + 1), -(-j * (t + 1) // (most + 1))
    kept: Floats = residuals[np.where(2 * j <= most + 1, down, up) - 1]
    return kept
