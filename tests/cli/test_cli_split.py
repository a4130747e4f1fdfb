"""The split of rows into training and test rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.cli.train.train_test_split import train_test_split
from chainrule.errors import InputError

groups = arrays.arrays(np.intp, st.integers(10, 300), elements=st.integers(0, 4))
seeds = st.integers(0, 2**32)


@given(groups, st.floats(0.01, 0.9), seeds)
def test_split_is_a_partition(of: np.ndarray[tuple[int], np.dtype[np.intp]], fraction: float, seed: int) -> None:
    """Every row is in one of the two parts, neither of which is empty, and each group has a row to learn from.

    Where that cannot be, because every group is a single row, the split is refused.
    """
    if np.bincount(of).max() == 1:
        with pytest.raises(InputError, match="a single row"):
            train_test_split(of, fraction, seed)
        return
    parts = train_test_split(of, fraction, seed)
    assert sorted(np.concatenate(parts)) == list(range(len(of)))
    assert all(len(part) for part in parts)
    assert set(of[parts.training]) == set(of)


@given(groups, st.floats(0.01, 0.9), seeds)
def test_split_keeps_proportions(of: np.ndarray[tuple[int], np.dtype[np.intp]], fraction: float, seed: int) -> None:
    """The test rows of a group are its share to within one row."""
    if np.bincount(of).max() == 1:
        return
    test = train_test_split(of, fraction, seed).test
    for group in np.unique(of):
        assert abs((of[test] == group).sum() - fraction * (of == group).sum()) <= 1.0 + 1e-9


def test_split_follows_the_seed() -> None:
    """One seed gives one split; ten seeds give ten."""
    of = np.zeros(50, dtype=np.intp)
    assert all(
        np.array_equal(a, b) for a, b in zip(train_test_split(of, 0.2, 1), train_test_split(of, 0.2, 1), strict=True)
    )
    assert len({tuple(train_test_split(of, 0.2, seed).test) for seed in range(10)}) == 10
