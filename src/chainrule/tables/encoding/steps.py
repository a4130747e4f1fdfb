"""The steps of an encoder: small frozen maps, each with its formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.tables.columns import MISSING, Column, Level, as_text
from chainrule.tables.text.conversion import value_of

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


@dataclass(frozen=True)
class Levels:
    """The levels of a category, and the rules by which a new column is compared with them.

    Texts are compared with texts. If the levels are texts, a number is compared by its text: 1 and 1.0 are both "1".
    Numbers and booleans are compared by value, and a text with them by the number or the boolean that it holds. If
    ``has_other`` is True, all further values share one more level; otherwise a value not seen in training is encoded
    as a missing one is.
    """

    levels: tuple[Level, ...]
    has_other: bool = False

    @property
    def are_texts(self) -> bool:
        """True if the known levels are texts."""
        return isinstance(self.levels[0], str)

    def codes(self, column: Column) -> tuple[NDArray[np.intp], int]:
        """Returns the level k of each value (t,), or −1, and the number of values that are present but unknown."""
        new = column.as_categories()
        place = {level: k for k, level in enumerate(self.levels)}
        elsewhere = len(self.levels) if self.has_other else MISSING
        to = np.array([place.get(self.comparable(level, place), elsewhere) for level in new.levels] + [MISSING])
        codes: NDArray[np.intp] = to.astype(np.intp, copy=False)[new.values]
        return codes, int(((codes == MISSING) & ~new.missing).sum())

    def comparable(self, level: Level, place: Mapping[Level, int]) -> Level:
        """Returns the known level that a value of a new column is compared with; ``place`` are the known levels."""
        if not self.are_texts:
            return value_of(level) if isinstance(level, str) else level
        if isinstance(level, str):
            return level
        text = as_text(level)
        return text if text in place or not isinstance(level, bool) else text.lower()


@dataclass(frozen=True)
class Sign(Levels):
    """Encodes two levels as −1 and 1, and a missing or unseen value as 0."""

    @property
    def width(self) -> int:
        """Number of features."""
        return 1

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes that the column's name gets, one per feature."""
        return (f"_{self.levels[1]}",)

    def write(self, codes: NDArray[np.intp], out: NDArray[Any]) -> None:
        """Writes the features of codes (t,) into ``out`` (t, 1)."""
        out[:, 0] = np.array([-1.0, 1.0, 0.0])[codes]


@dataclass(frozen=True)
class OneHot(Levels):
    """Encodes level k as a 1 in feature k and 0 elsewhere; the last feature is "other", if ``has_other``.

    A missing value is encoded as zeros, and without "other" an unseen value too.
    """

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.levels) + self.has_other

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes that the column's name gets, one per feature."""
        return tuple(f"_{level}" for level in self.levels) + (("_other",) if self.has_other else ())

    def write(self, codes: NDArray[np.intp], out: NDArray[Any]) -> None:
        """Writes the features of codes (t,) into ``out`` (t, width)."""
        out[:] = codes[:, np.newaxis] == np.arange(self.width)
