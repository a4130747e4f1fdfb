"""Folds of rows and of groups by hand: how many there are, which rows each has, and which network holds out which."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataWarning
from chainrule.estimators.network.validation_split import as_validation_fraction, validation_splits


def held_out(t: int, n_networks: int, fraction: float, order: str = "random", **given: Any) -> list[list[int]]:
    """Returns the rows that each network holds out; the others are trained on."""
    splits = validation_splits(t, n_networks, fraction, order, np.random.default_rng(3), **given)
    for split in splits:
        assert sorted([*split.training.tolist(), *split.held_out.tolist()]) == list(range(t))
        assert split.held_out.tolist() == sorted(split.held_out.tolist())
    return [split.held_out.tolist() for split in splits]


@pytest.mark.parametrize(
    ("t", "n_networks", "fraction", "folds"),
    [
        (40, 1, 0.5, 2),
        (40, 1, 0.3, 3),
        (40, 2, 0.1, 10),
        (40, 8, 0.5, 8),
        (40, 12, 0.1, 12),
        (10, 8, 0.5, 5),
        (11, 8, 0.1, 5),
    ],
)
def test_number_of_folds(t: int, n_networks: int, fraction: float, folds: int) -> None:
    """There are 1/fraction folds, or one per network if that is more, of two rows or more; network j has fold j."""
    parts = held_out(t, n_networks, fraction)
    assert [len(part) for part in parts] == [math.ceil((t - j % folds) / folds) for j in range(n_networks)]
    assert len({tuple(part) for part in parts}) == min(folds, n_networks)
    assert all(parts[j] == parts[j % folds] for j in range(n_networks))


def test_rows_are_dealt_like_cards() -> None:
    """The rows in random order, class by class, go to the folds in turn; the only row of a class to none."""
    classes = np.array([2, 0, 1, 1, 0] * 12 + [3] + [1] * 9)
    drawn = np.random.default_rng(3).permutation(70).tolist()
    dealt = [row for row in sorted(drawn, key=lambda row: int(classes[row])) if row != 60]
    assert held_out(70, 4, 0.25, classes=classes) == [sorted(dealt[j::4]) for j in range(4)]
    assert held_out(70, 4, 0.25) == [sorted(drawn[j::4]) for j in range(4)]


def test_few_rows_to_deal() -> None:
    """If most classes have one row, a fold still has two rows or more, and ten rows are the fewest to deal."""
    assert (
        sorted(map(len, held_out(31, 15, 0.25, classes=np.array([0] * 11 + list(range(1, 21)))))) == [2] * 12 + [3] * 3
    )
    assert held_out(30, 3, 0.25, classes=np.array([0] * 9 + list(range(1, 22)))) == [[]] * 3
    assert [len(part) for part in held_out(30, 3, 0.25, classes=np.array([0] * 10 + list(range(1, 21))))] == [3, 3, 2]


def test_the_last_rows() -> None:
    """With "last" every network holds out the same last rows: their share of all, rounded, and at least one."""
    assert held_out(25, 2, 0.1, "last") == [[23, 24]] * 2
    assert held_out(26, 1, 0.1, "last") == [[23, 24, 25]]
    assert held_out(12, 1, 0.01, "last") == [[11]]


@pytest.mark.parametrize("order", ["random", "last"])
def test_nothing_is_held_out(order: str) -> None:
    """With fewer than ten rows, or a fraction of 0, all rows are trained on."""
    assert held_out(9, 2, 0.5, order) == [[], []]
    assert held_out(40, 1, 0.0, order) == [[]]
    assert len(held_out(10, 1, 0.5, order)[0]) == 5


def test_largest_groups_go_first_to_the_smallest_fold() -> None:
    """Groups of 9, 7, 5, 4, 3 and 2 rows make folds of 9 + 2, 7 + 3 and 5 + 4, whatever their names and rows."""
    groups = np.random.default_rng(0).permutation(np.repeat(["d", "a", "f", "b", "e", "c"], [9, 7, 5, 4, 3, 2]))
    parts = held_out(30, 3, 0.33, groups=groups)
    assert [sorted(set(groups[part].tolist())) for part in parts] == [["c", "d"], ["a", "e"], ["b", "f"]]
    assert sorted(row for part in parts for row in part) == list(range(30))


def test_groups_of_one_size_are_mixed() -> None:
    """Groups of two rows, then of one, are dealt in random order: neighbours do not make up a fold each time."""
    sizes = [1, 2] * 20
    groups = np.repeat(np.arange(40), sizes)
    folds: list[list[int]] = [[], [], [], []]
    for group in sorted(np.random.default_rng(3).permutation(40).tolist(), key=lambda group: -sizes[group]):
        min(folds, key=lambda fold: sum(sizes[g] for g in fold)).append(group)
    parts = held_out(60, 4, 0.25, groups=groups)
    assert [sorted(set(groups[part].tolist())) for part in parts] == [sorted(fold) for fold in folds]


def test_groups_make_as_many_folds_as_rows() -> None:
    """Groups of one row make the number of folds that rows make: no more than half as many as there are rows."""
    assert [len(part) for part in held_out(11, 8, 0.1, groups=np.arange(11))] == [3, 2, 2, 2, 2, 3, 2, 2]


def test_weights_of_rows_are_sizes_of_groups() -> None:
    """Two heavy rows are a larger group than six light ones."""
    groups, w = np.repeat([0, 1, 2], [2, 5, 6]), np.repeat([4.5, 1.0, 1.0], [2, 5, 6])
    assert held_out(13, 2, 0.5, groups=groups, weights=w) == [[0, 1], list(range(2, 13))]
    assert held_out(13, 2, 0.5, groups=groups) == [list(range(7, 13)), list(range(7))]


def test_half_of_the_rows_may_be_held_out() -> None:
    """A group of half of the weight is held out, though the weights have rounding errors; one of more is not."""
    w = np.full(12, 0.1)
    assert sorted(map(len, held_out(12, 2, 0.5, groups=np.repeat([0, 1], 6), weights=w))) == [6, 6]
    with pytest.warns(DataWarning, match="0 has more than half of the rows. The networks hold out 5 of the other rows"):
        assert held_out(12, 2, 0.5, groups=np.repeat([0, 1], [7, 5])) == [[7, 8, 9, 10, 11]] * 2


def test_a_group_with_all_rows_of_a_class_is_trained_on() -> None:
    """Group 1 alone has the class 1: it is in no fold, and the other groups are, each in turn."""
    groups, classes = np.repeat([0, 1, 2, 3], 5), np.repeat([0, 1, 0, 0], 5)
    classes[5] = 0
    with pytest.warns(DataWarning, match="without 1 some classes would not be trained on. The networks hold out 15 of"):
        parts = held_out(20, 3, 0.25, groups=groups, classes=classes)
    assert sorted(sorted(set(groups[part].tolist())) for part in parts) == [[0], [2], [3]]


def test_groups_that_are_always_trained_on_take_no_place() -> None:
    """Four groups are spread evenly over two folds, though a fifth, larger one, has all rows of a class."""
    groups, classes = np.repeat([0, 1, 2, 3, 4], [12, 6, 6, 6, 6]), np.repeat([1, 0, 0, 0, 0], [12, 6, 6, 6, 6])
    with pytest.warns(DataWarning, match="without 0 some classes"):
        assert [len(part) for part in held_out(36, 2, 0.5, groups=groups, classes=classes)] == [12, 12]


def test_a_class_of_one_fold_is_trained_on() -> None:
    """If the groups that share a class come into one fold, they are trained on, and the fold holds out its others."""
    groups = np.repeat(np.arange(8), 5)
    pair = sorted(set(groups[held_out(40, 4, 0.25, groups=groups)[0]].tolist()))
    with pytest.warns(DataWarning, match=f"without {pair[0]}, {pair[1]} some classes would not be trained on"):
        parts = held_out(40, 3, 0.25, groups=groups, classes=np.isin(groups, pair).astype(np.intp))
    assert sorted(set(groups[np.concatenate(parts)].tolist())) == sorted(set(range(8)) - set(pair))


def test_wrong_orders_and_groups_are_refused() -> None:
    """An unknown order, groups together with "last", and a single group are refused."""
    with pytest.raises(cr.InputError, match=r"^validation_order must be 'random' or 'last'; got 'first'\.$"):
        held_out(40, 1, 0.1, "first")
    with pytest.raises(cr.InputError, match="groups cannot be combined with validation_order='last'"):
        held_out(40, 1, 0.1, "last", groups=np.arange(40))
    with pytest.raises(cr.InputError, match="groups must hold at least two groups"):
        held_out(40, 1, 0.1, groups=np.zeros(40))


def test_the_fraction_is_checked() -> None:
    """A fraction is a number from 0 to ½, of any number type but bool."""
    assert [as_validation_fraction(value) for value in (0, 0.25, 0.5, np.float32(0.5))] == [0.0, 0.25, 0.5, 0.5]
    for wrong in (True, "0.1", None, math.nan, math.inf, -0.01, 0.51):
        with pytest.raises(cr.InputError, match=r"validation_fraction must be a number from 0 to 0\.5; got "):
            as_validation_fraction(wrong)
