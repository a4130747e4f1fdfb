"""Rows to train on, to stop by, and to test on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError

Rows = NDArray[np.intp]

VALIDATION_FRACTION = 0.1  # of the rows that are not held back for the test
FEWEST_ROWS = 10


class Split(NamedTuple):
    """Three disjoint sets of row numbers that together are all rows."""

    training: Rows
    validation: Rows
    test: Rows


def split(groups: NDArray[np.intp], test_fraction: float, seed: int) -> Split:
    """A random split that ``seed`` fixes, with every group (class) in proportion in each part.

    ``groups`` (t,) numbers the group of each row; all zero where there are none. Each group keeps a row to train on.
    Raises InputError for fewer than 10 rows, or if that cannot be.
    """
    t = len(groups)
    if t < FEWEST_ROWS:
        raise InputError(f"training needs at least {FEWEST_ROWS} rows, to hold some back; got {t}.")
    rng = np.random.default_rng(seed)
    test, rest = _take(np.arange(t), groups, test_fraction, rng)
    validation, training = _take(rest, groups, VALIDATION_FRACTION, rng)
    return Split(training, validation, test)


def _take(rows: Rows, groups: NDArray[np.intp], fraction: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """About ``fraction`` of the rows (at least one), in proportion of each group, and the others; both in order.

    A group gives its share to within one row, but never its last one.
    """
    taken: list[Rows] = []
    owed = 0.0  # what rounding has left over so far, so that the parts add up to the whole
    for group in np.unique(groups[rows]):
        members = rng.permutation(rows[groups[rows] == group])
        owed += fraction * len(members)
        count = min(round(owed), len(members) - 1)
        owed = min(owed - count, 0.5)  # what a group has not got to give is not asked of the next
        taken.append(members[:count])
    chosen = np.concatenate(taken)
    if len(chosen) == 0:  # few rows of many groups
        sizes = np.bincount(groups[rows])
        if sizes.max() < 2:
            raise InputError(
                "every class has a single row left; give more rows of each, or hold back less with --test-fraction."
            )
        chosen = rng.choice(rows[groups[rows] == sizes.argmax()], 1)
    return np.sort(chosen), np.setdiff1d(rows, chosen)
