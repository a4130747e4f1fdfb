"""Rows to learn from, and rows to test on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError

FEWEST_ROWS = 10


class TrainTestSplit(NamedTuple):
    """Two disjoint sets of row numbers, in order, that together are all rows."""

    training: NDArray[np.intp]
    test: NDArray[np.intp]


def train_test_split(groups: NDArray[np.intp], test_fraction: float, seed: int) -> TrainTestSplit:
    """A random split that ``seed`` fixes, with every group (class) in proportion in each part.

    ``groups`` (t,) numbers the group of each row; all zero where there are none. Of each group its share is taken for
    the test to within one row, at least one row of all, and never its last one.
    Raises InputError for fewer than 10 rows, or if that cannot be.
    """
    t = len(groups)
    if t < FEWEST_ROWS:
        raise InputError(f"training needs at least {FEWEST_ROWS} rows, to hold some back; got {t}.")
    rng = np.random.default_rng(seed)
    taken = []
    owed = 0.0  # what rounding has left over so far, so that the parts add up to the whole
    for group in np.unique(groups):
        members = rng.permutation(np.flatnonzero(groups == group))
        owed += test_fraction * len(members)
        count = min(round(owed), len(members) - 1)
        owed = min(owed - count, 0.5)  # what a group has not got to give is not asked of the next
        taken.append(members[:count])
    test = np.concatenate(taken)
    if len(test) == 0:  # few rows of many groups
        sizes = np.bincount(groups)
        if sizes.max() < 2:
            raise InputError("every class has a single row; give more rows of each.")
        test = rng.choice(np.flatnonzero(groups == sizes.argmax()), 1)
    test.sort()
    return TrainTestSplit(np.setdiff1d(np.arange(t), test), test)
