"""Conformal intervals: the ranks of the residuals, and when there are enough of them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import chainrule as cr
from chainrule.tables.intervals.conformal import bounds


def ranks(t: int, coverage: float) -> tuple[list[float], list[float]]:
    """Returns the ranks, from 1, of the two residuals between which a new one lies; for two targets."""
    R = np.stack([np.arange(1.0, t + 1), np.arange(t + 1.0, 2 * t + 1)], axis=1)
    low, high = bounds(R, coverage)
    return low.tolist(), high.tolist()


@pytest.mark.parametrize("percent", [1, 10, 50, 80, 90, 95, 98, 99])
@pytest.mark.parametrize("t", [19, 20, 39, 40, 99, 199, 999])
def test_ranks(t: int, percent: int) -> None:
    """The ends have the ranks ⌊(t + 1) α/2⌋ and ⌈(t + 1)(1 − α/2)⌉, without rounding errors; else rows are missing."""
    half = (1 - Fraction(percent, 100)) / 2
    low, high = math.floor((t + 1) * half), math.ceil((t + 1) * (1 - half))
    if low == 0:
        fewest = math.ceil(1 / half) - 1
        with pytest.raises(
            cr.InputError, match=rf"coverage=0\.\d+ needs at least {fewest} held-out rows; there are {t}\."
        ):
            bounds(np.zeros((t, 1)), percent / 100)
    else:
        assert ranks(t, percent / 100) == ([low, t + low], [high, t + high])


@pytest.mark.parametrize("coverage", [0.0, -0.1, 1.5, math.nan, "90 %", None])
def test_a_coverage_lies_between_0_and_1(coverage: object) -> None:
    """Anything but a number in (0, 1) is refused by name."""
    with pytest.raises(cr.InputError, match="coverage must be"):
        bounds(np.zeros((99, 1)), coverage)


def test_a_sure_interval_is_refused() -> None:
    """A coverage of 1 would need infinite intervals."""
    with pytest.raises(cr.InputError, match="coverage must be < 1: an interval that is sure to contain y would be inf"):
        bounds(np.zeros((99, 1)), 1.0)


def test_intervals_need_held_out_rows() -> None:
    """Without residuals the message says how to get some."""
    with pytest.raises(
        cr.InputError, match=r"needs held-out rows: fit 10 rows or more with validation_fraction > 0, or"
    ):
        bounds(None, 0.9)
