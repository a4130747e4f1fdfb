"""The split of a table into training rows and test rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError

FEWEST_ROWS = 10


class TrainTestSplit(NamedTuple):
    """Row numbers in ascending order: each row is in one of the two parts."""

    training: NDArray[np.intp]
    test: NDArray[np.intp]


def train_test_split(groups: NDArray[np.intp], test_fraction: float, seed: int) -> TrainTestSplit:
    """Returns a random split that keeps the proportions of the groups (classes); ``seed`` determines it.

    ``groups`` (t,) numbers the group of each row, all zero without groups. ``test_fraction`` of each group, to within
    one row, is for the test: at least one row in all, and never the last row of a group.
    Raises InputError for fewer than 10 rows, or if every group has a single row.
    """
    t = len(groups)
    if t < FEWEST_ROWS:
        raise InputError(f"training needs at least {FEWEST_ROWS} rows, to hold some out for the test; got {t}.")
    rng = np.random.default_rng(seed)
    taken = []
    owed = 0.0  # the accumulated rounding error, so that the parts add up
    for group in np.flatnonzero(np.bincount(groups)):
        members = rng.permutation(np.flatnonzero(groups == group))
        owed += test_fraction * len(members)
        count = min(round(owed), len(members) - 1)
        owed = min(owed - count, 0.5)  # a shortage of more than ½ is not passed to the next group
        taken.append(members[:count])
    test = np.concatenate(taken)
    if len(test) == 0:  # few rows of many groups
        sizes = np.bincount(groups)
        if sizes.max() < 2:
            raise InputError("every class has a single row; add rows of each class.")
        test = rng.choice(np.flatnonzero(groups == sizes.argmax()), 1)
    is_test = np.zeros(t, dtype=bool)
    is_test[test] = True
    return TrainTestSplit(np.flatnonzero(~is_test), np.flatnonzero(is_test))
