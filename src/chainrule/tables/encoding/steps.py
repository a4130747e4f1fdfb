"""The steps of numbers: small frozen maps, each with its formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats

LIMIT = 3.0
SATURATED = 1e9  # beyond it y / √(1 + y²) rounds to ±1 in float64; y² does not overflow in float32


@dataclass(frozen=True)
class Calendar:
    """Encodes a time as seven numbers: days since 1970, and its phase in the year, the week and the day (UTC).

    The phase φ ∈ [0, 1) is the fraction of the year, the week (from Monday) or the day that has passed. Each phase
    gives sin 2πφ and cos 2πφ, so that 31 December is next to 1 January.

    >>> import numpy as np
    >>> Calendar()(np.array(["1970-01-02T12:00"], dtype="datetime64[us]"))[0].round(3).tolist()
    [1.5, 0.026, 1.0, -0.782, -0.623, 0.0, -1.0]
    """

    suffixes = ("", "_year_sin", "_year_cos", "_week_sin", "_week_cos", "_day_sin", "_day_cos")

    def __call__(self, times: NDArray[np.datetime64]) -> Floats:
        """Maps times (t,) to (t, 7), with NaN for NaT."""
        missing = np.isnat(times)
        days = times.astype(np.int64) / 86_400e6
        year = times.astype("datetime64[Y]")
        start, end = year.astype("datetime64[us]"), (year + 1).astype("datetime64[us]")
        phases = [(times - start) / (end - start), (days + 3.0) % 7.0 / 7.0, days % 1.0]
        parts = [days, *(wave(2.0 * np.pi * phase) for phase in phases for wave in (np.sin, np.cos))]
        R = np.stack(parts, axis=1)
        R[missing] = np.nan
        return R


@dataclass(frozen=True)
class Fill:
    """Replaces a missing x_k by ``values[k]``, the median of the training rows."""

    values: Floats  # (n,)

    def __call__(self, X: Floats, out: Floats | None = None) -> Floats:
        """Maps (t, n) to (t, n) without NaN, into ``out`` if it is given."""
        filled = np.empty_like(X) if out is None else out
        filled[...] = X
        np.copyto(filled, self.values, where=np.isnan(X))
        return filled


@dataclass(frozen=True)
class Scale:
    """z_k = (x_k − center_k) · factor_k.

    Computed as (x/2 − center/2) · 2 factor: the bits are the same, and no intermediate result overflows.

    ======== =================== ===========================================================
    numbers  center              factor
    ======== =================== ===========================================================
    robust   the median          1 / (q₇₅ − q₂₅); if they are equal, 2 / (max − min)
    standard the mean            1 / standard deviation
    joint    0                   s / √(Σ_k s_k² q_k), s_k = 1 / max(1, √q_k), q_k the mean of x_k²
    none     0                   1
    ======== =================== ===========================================================

    A column of a sparse table that is 0 in more than half of the rows has center 0, so that its zeros stay zeros.

    Source: RealMLP (Holzmüller et al., 2024, arXiv 2407.04491), section 3, for "robust".
    """

    center: Floats  # (n,)
    factor: Floats  # (n,)

    def __call__(self, X: Floats, out: Floats | None = None) -> Floats:
        """Maps (t, n) to (t, n), into ``out`` if it is given, which may be X."""
        z: Floats = np.multiply(0.5, X, out=out)
        z -= 0.5 * self.center
        z *= 2.0 * self.factor
        return z


@dataclass(frozen=True)
class SmoothClip:
    """Maps x to x / √(1 + (x/L)²), L = ``limit``: nearly x near 0, between −L and L everywhere.

    >>> import numpy as np
    >>> SmoothClip()(np.array([0.0, 1.0, -1e308])).round(3).tolist()
    [0.0, 0.949, -3.0]

    Source: RealMLP (Holzmüller et al., 2024, arXiv 2407.04491), section 3.
    """

    limit: float = LIMIT

    def __call__(self, X: Floats, out: Floats | None = None, work: Floats | None = None) -> Floats:
        """Maps (t, n) to (t, n), with entries in [−limit, limit], into ``out`` if it is given, which may be X.

        ``work`` (t, n) is memory for the root.
        """
        y: Floats = np.divide(X, self.limit, out=out)
        np.clip(y, -SATURATED, SATURATED, out=y)
        root = np.multiply(y, y, out=work)
        root += 1.0
        np.sqrt(root, out=root)
        y /= root
        y *= self.limit
        return y


@dataclass(frozen=True)
class Indicator:
    """Gives 1 if x_k is missing, else 0, for the numbers ``of`` that were missing in some training row."""

    of: NDArray[np.intp]

    def __call__(self, X: Floats) -> Floats:
        """Maps (t, n) to (t, len(of))."""
        return np.isnan(X[:, self.of]).astype(np.float64)


@dataclass(frozen=True)
class FewValues:
    """Gives 1 if x_k equals a value, else 0, for pairs of a number k in ``of`` and one of the few ``values`` it has.

    Consecutive integers are often codes of categories, whose order means nothing; a network that gets both the number
    and these features can treat it as either.
    """

    of: NDArray[np.intp]
    values: Floats

    def __call__(self, X: Floats) -> Floats:
        """Maps (t, n) to (t, len(of)); a missing value equals no other."""
        is_equal: NDArray[np.bool_] = X[:, self.of] == self.values
        return is_equal.astype(np.float64)
