"""The parts of the command line by themselves: split, scaling, target, plan, words."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.cli import plan, target
from chainrule.cli.progress import duration
from chainrule.cli.scaling import LIMIT, Scaling
from chainrule.cli.sources import stem
from chainrule.cli.split import Split, split
from chainrule.cli.table import Column
from chainrule.cli.terminal import number
from chainrule.errors import InputError

groups = arrays.arrays(np.intp, st.integers(10, 300), elements=st.integers(0, 4))
seeds = st.integers(0, 2**32)


def split_or_none(of: np.ndarray[tuple[int], np.dtype[np.intp]], fraction: float, seed: int) -> Split | None:
    """The split, or None where it may be refused: perhaps no group has two rows left, one of them for validation."""
    if np.bincount(of).max() * (1 - fraction) < 3:
        with contextlib.suppress(InputError):
            return split(of, fraction, seed)
        return None
    return split(of, fraction, seed)


@settings(deadline=None)
@given(groups, st.floats(0.01, 0.9), seeds)
def test_split_is_a_partition(of: np.ndarray[tuple[int], np.dtype[np.intp]], fraction: float, seed: int) -> None:
    """Every row is in one of the three parts, none of which is empty, and each group has a row to train on.

    Where that cannot be, because no group has rows to spare, the split is refused.
    """
    parts = split_or_none(of, fraction, seed)
    if parts is None:
        return
    assert sorted(np.concatenate(parts)) == list(range(len(of)))
    assert all(len(part) for part in parts)
    assert set(of[parts.training]) == set(of)


@settings(deadline=None)
@given(groups, st.floats(0.1, 0.5), seeds)
def test_split_keeps_proportions(of: np.ndarray[tuple[int], np.dtype[np.intp]], fraction: float, seed: int) -> None:
    """The test rows of a group are its share to within one row, where it has as many to give."""
    parts = split_or_none(of, fraction, seed)
    if parts is None:
        return
    test = parts.test
    for group in np.unique(of):
        size = int((of == group).sum())
        if size * (1 - fraction) >= 2:
            assert abs((of[test] == group).sum() - fraction * size) <= 1.0 + 1e-9


def test_split_follows_the_seed() -> None:
    """One seed gives one split; ten seeds give ten."""
    of = np.zeros(50, dtype=np.intp)
    assert all(np.array_equal(a, b) for a, b in zip(split(of, 0.2, 1), split(of, 0.2, 1), strict=True))
    assert len({tuple(split(of, 0.2, seed).test) for seed in range(10)}) == 10


@settings(deadline=None)
@given(arrays.arrays(np.float64, st.tuples(st.integers(2, 30), st.integers(1, 4)), elements=st.floats(-1e300, 1e300)))
def test_scaling_is_bounded(X: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    """Whatever finite numbers come in, scaled inputs are finite, within the limit, and 0 where a column is constant."""
    scaled = Scaling.fit(X)(X)
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= LIMIT
    assert (scaled[:, X.max(axis=0) == X.min(axis=0)] == 0.0).all()


def test_scaling_standardises() -> None:
    """Columns with no far-off value get mean 0 and standard deviation 1, whatever their unit."""
    X = np.random.default_rng(0).uniform(size=(500, 3)) * [1e-9, 1.0, 1e9] + [0.0, 5.0, -1e9]
    scaled = Scaling.fit(X)(X)
    assert np.abs(scaled.mean(axis=0)).max() < 1e-12
    assert np.abs(scaled.std(axis=0) - 1.0).max() < 1e-12


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (np.array(["a", "b"] * 10), "classes"),
        (np.array([True, False] * 10), "classes"),
        (np.arange(30).repeat(5), "classes"),
        (np.arange(31).repeat(5), "numbers"),
        (np.arange(20).repeat(4), "numbers"),
        (np.array([1.0, 2.0] * 10), "classes"),
        (np.array([1.0, 2.5] * 10), "numbers"),
        (np.array([-1e308, 1e308] * 10), "classes"),
    ],
)
def test_what_the_values_suggest(values: np.ndarray[tuple[int], np.dtype[np.generic]], task: str) -> None:
    """Texts, booleans and at most 30 whole numbers with five rows of each on average are classes; others numbers."""
    assert target.decide("y", Column.of(values), None)[0] == task


def test_classes_keep_their_kind() -> None:
    """Classes are sorted and written as they came: whole floats as whole numbers, booleans as booleans."""
    assert target.classes("y", Column.of(np.array([2.0, 10.0, 2.0]))) == (2, 10)
    assert target.classes("y", Column.of(np.array([2.5, -1.0]))) == (-1.0, 2.5)
    assert target.classes("y", Column.of(np.array([True, False]))) == (False, True)
    assert target.classes("y", Column.of(np.array(["b", "a", "Z"]))) == ("Z", "a", "b")
    with pytest.raises(InputError, match="two classes or more"):
        target.classes("y", Column.of(np.array(["b", "b"])))


def test_measures_by_hand() -> None:
    """Accuracy, cross-entropy, RMSE, MAE and R² of three rows are the numbers worked by hand."""
    classes = target.Classes("y", ("a", "b", "c"), np.array([0.5, 0.25, 0.25]))
    A = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.4, 0.5, 0.1]])
    accuracy, entropy = classes.scores(A, 0.125, Column.of(np.array(["a", "c", "a"])))
    assert (accuracy.network, accuracy.baseline) == (2 / 3, 2 / 3)
    assert entropy.network == 0.125  # J is handed over
    assert entropy.baseline == pytest.approx((2 * math.log(2) + math.log(4)) / 3)
    numbers = target.Numbers("y", mean=10.0, deviation=2.0)
    A, y = np.array([[0.0], [1.0], [2.0]]), Column.of(np.array([10, 13, 16]))  # predictions 10, 12, 14
    rmse, mae, r2 = numbers.scores(A, 0.0, y)
    assert (rmse.network, rmse.baseline) == pytest.approx((math.sqrt(5 / 3), math.sqrt(45 / 3)))
    assert (mae.network, mae.baseline) == (1.0, 3.0)
    assert (r2.network, r2.baseline) == pytest.approx((1 - 5 / 18, 1 - 45 / 18))


@pytest.mark.parametrize(("t", "size"), [(1, 8), (100, 8), (400, 16), (1300, 32), (50_000, 256), (10**7, 512)])
def test_default_batch_size(t: int, size: int) -> None:
    """A minibatch has about √t rows, a power of two from 8 to 512."""
    assert plan.default_batch_size(t) == size


@pytest.mark.parametrize(
    ("source", "name"), [("digits", "digits"), ("data/iris.csv", "iris"), ("a/b.csv.gz", "b"), (".csv", "model")]
)
def test_names_of_results(source: str, name: str) -> None:
    """Results are called after the source, without its folder and its endings."""
    assert stem(source) == name


def test_words_for_numbers() -> None:
    """Times and measures are written as people write them."""
    times = [duration(seconds) for seconds in (0.044, 9.94, 12.2, 125, 4810)]
    assert times == ["0.04 s", "9.9 s", "12 s", "2 min 05 s", "1 h 20 min"]
    assert [number(x) for x in (0.97777, 1.0, 55.785, 1e-5, 123456.0, 0.0)] == [
        "0.9778", "1.0000", "55.78", "1e-05", "123,456.0", "0",
    ]  # fmt: skip
