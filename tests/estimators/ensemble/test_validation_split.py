"""Rows that each network holds out: folds of rows and of groups, rare classes, and groups that are never held out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import DataWarning
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.validation_split import validation_splits

FAST: dict[str, Any] = {"epochs": 1, "hidden_layer_sizes": 4, "random_state": 0}


def splits_of(t: int, networks: int = 4, **settings: Any) -> tuple[list[list[int]], list[str]]:
    """Returns the rows that each of several networks holds out, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        splits = validation_splits(t, networks, 0.25, "random", np.random.default_rng(0), **settings)
    for split in splits:
        np.testing.assert_array_equal(np.sort(np.concatenate(split)), np.arange(t))
    return [split.held_out.tolist() for split in splits], [str(w.message) for w in caught]


def parts(*sizes: int) -> Any:
    """Returns the numbers of parts of these sizes, one after the other."""
    return np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize(
    ("groups", "sizes", "warning"),
    [
        (parts(392, 8), [8, 8, 8, 8], "0 has more than half of the rows. The networks hold out 8 of the other rows"),
        (parts(380, 10, 10), [10, 10, 10, 10], "0 has more than half"),
        (parts(60, *[5] * 8), [10, 10, 10, 10], "0 has more than half of the rows. The networks hold out 40 of"),
        (parts(51, 49), [49, 49, 49, 49], "0 has more than half of the rows"),
        (parts(50, 50), [50, 50, 50, 50], None),
        (parts(*[10] * 10), [30, 30, 20, 20], None),
        (parts(40, 20, 20, 20), [40, 20, 20, 20], None),
    ],
    ids=str,
)
def test_a_group_with_more_than_half_of_the_rows_is_never_held_out(groups: Any, sizes: Any, warning: Any) -> None:
    """Networks hold out the other groups in turn, and a warning says so; smaller groups are all held out."""
    held_out, words = splits_of(len(groups), groups=groups)
    assert [len(rows) for rows in held_out] == sizes
    assert len(words) == (warning is not None)
    assert warning is None or warning in words[0]


def test_a_group_counts_by_the_weights_of_its_rows() -> None:
    """Ten rows of weight 9 are more than half of 100 rows; ninety rows of weight 1/9 are less."""
    groups, w = parts(10, 90), np.repeat([9.0, 0.5], [10, 90])
    assert {len(rows) for rows in splits_of(100, groups=groups, weights=w)[0]} == {90}
    assert {len(rows) for rows in splits_of(100, groups=groups)[0]} == {10}


@pytest.mark.parametrize(
    ("groups", "classes", "never", "warning"),
    [
        (parts(20, 20), parts(20, 20), {0, 1}, "no group can be held out: without 0, 1 some classes would not be"),
        (parts(20, 20, 20), parts(20, 20, 20), {0, 1, 2}, "no group can be held out"),
        (parts(10, 10, 10, 10), parts(10, 30), {0}, "without 0 some classes would not be trained on. The networks"),
        (parts(10, 10, 10, 10), np.arange(40) % 2, set(), None),
        (parts(10, 10, 10, 10), np.append(np.arange(39) % 2, 2), {3}, "without 3 some classes"),
        (parts(30, 5, 5), parts(33, 7), {0}, "0 has more than half of the rows. The networks"),
        (parts(30, 5, 5), parts(35, 5), {0, 2}, "0 has more than half of the rows, and without 2 some classes"),
    ],
    ids=str,
)
def test_a_group_is_not_held_out_with_all_rows_of_a_class(
    groups: Any, classes: Any, never: set[int], warning: Any
) -> None:
    """A group that alone has a class is always trained on, and a warning names it."""
    held_out, words = splits_of(len(groups), groups=groups, classes=classes)
    seen = {int(groups[row]) for rows in held_out for row in rows}
    assert seen == set(groups.tolist()) - never
    assert len(words) == (warning is not None)
    assert warning is None or warning in words[0]


def test_the_groups_of_a_fold_are_not_held_out_with_all_rows_of_a_class() -> None:
    """If two groups share a class and happen to be in one fold, both are always trained on."""
    groups = parts(*[5] * 8)
    pair = sorted({int(groups[row]) for row in splits_of(40, groups=groups)[0][0]})
    assert len(pair) == 2
    held_out, words = splits_of(40, groups=groups, classes=np.isin(groups, pair).astype(np.intp))
    assert {int(groups[row]) for rows in held_out for row in rows} == set(range(8)) - set(pair)
    assert f"without {pair[0]}, {pair[1]} some classes" in words[0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_network_sees_every_class_and_half_of_the_rows(data: st.DataObject) -> None:
    """For any groups, classes and weights, groups stay whole, every class is trained on, and at most half held out."""
    t = data.draw(st.integers(10, 40))
    some = st.lists(st.integers(0, data.draw(st.integers(1, 12))), min_size=t, max_size=t).map(np.array)
    groups, classes = data.draw(some.filter(lambda g: len(set(g.tolist())) > 1)), data.draw(some)
    classes = np.unique(classes, return_inverse=True)[1]
    w = np.array(data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=t, max_size=t)))
    networks = data.draw(st.integers(1, 9))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        splits = validation_splits(
            t, networks, data.draw(st.sampled_from([0.1, 0.25, 0.5])), "random", np.random.default_rng(0), classes,
            groups, w,
        )  # fmt: skip
    assert len(splits) == networks
    for split in splits:
        assert not set(groups[split.training].tolist()) & set(groups[split.held_out].tolist())
        assert set(classes[split.training].tolist()) == set(classes.tolist())
        each = {g: w[groups == g].sum() for g in groups[split.held_out].tolist()}
        assert max(each.values(), default=0.0) <= 0.5 * w.sum() + 1e-9


@pytest.mark.parametrize(
    ("counts", "held_out", "warning"),
    [
        ([1] * 30, 0, "every row of y has a class of its own, such as 'c00', 'c01' and 28 more"),
        ([2] + [1] * 28, 0, "nor are the fewer than 10 other rows"),
        ([9] + [1] * 21, 0, "nor are the fewer than 10 other rows"),
        ([10] + [1] * 20, 10, "They are trained on, and never held out. Add rows"),
        ([2] * 15, 30, None),
        ([29, 1], 29, "classes with a single row: 'c01'. They are trained on, and never held out. Add"),
        ([6] * 5, 30, None),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_the_only_row_of_a_class_is_never_held_out(counts: list[int], held_out: int, warning: Any) -> None:
    """Fit trains with any numbers of rows per class; if fewer than ten rows may be held out, none is."""
    y = np.repeat([f"c{k:02}" for k in range(len(counts))], counts)
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        model = NetworkClassifier(**FAST).fit(X, y)
    assert model.predict_proba(X).shape == (30, len(counts))
    assert len({row for split in model._splits.splits() for row in split.held_out.tolist()}) == held_out
    words = [str(w.message) for w in caught if w.category is DataWarning]
    assert len(words) == (warning is not None)
    assert warning is None or warning in words[0]


def test_classes_in_the_last_rows_alone_are_named() -> None:
    """If all rows of a class are among the last, held-out ones, a warning says that it is never trained on."""
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat(["p", "q", "r"], [20, 14, 6])
    with pytest.warns(DataWarning, match="all rows of some classes are held out, and never trained on: 'r'"):
        NetworkClassifier(validation_order="last", **FAST).fit(X, y)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a", "b", None, "c"] * 10, "groups has no value in row 3"),
        ([1.0, float("nan")] * 20, "groups has no value in row 2"),
        (np.array([1.0, np.nan] * 20), "groups has no value in row 2"),
        (np.ma.array(np.arange(40), mask=np.arange(40) == 5), "groups has no value in row 6"),
        (["a", 1] * 20, "groups mixes texts and numbers"),
        ([np.datetime64("2020-01-01"), 3] * 20, "groups must hold numbers, booleans or texts"),
        (np.array(["2020-01-01", "NaT"] * 20, dtype="M8[s]"), "groups has no value in row 2"),
        (["a"] * 39, r"groups must have shape \(40,\), one group per row; got \(39,\)"),
        (np.ones((40, 2)), r"groups must have shape \(40,\), one group per row; got \(40, 2\)"),
        ("a", "groups must have shape"),
        (["a"] * 40, "groups must hold at least two groups"),
    ],
    ids=str,
)
def test_groups_are_checked(groups: Any, message: str) -> None:
    """Groups without a value, of mixed types, or of another shape are refused, with the first such row."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    with pytest.raises(cr.InputError, match=message):
        NetworkRegressor(**FAST).fit(X, X[:, 0], groups=groups)


@pytest.mark.parametrize(
    "groups",
    [["a", ""] * 20, [True, False] * 20, [1, 2.5] * 20, np.arange(40) % 3, np.arange(40).astype("M8[D]")],
    ids=str,
)
def test_groups_of_any_type_that_can_be_sorted(groups: Any) -> None:
    """Texts (the empty one too), booleans, numbers and dates are groups."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = NetworkRegressor(**FAST).fit(X, X[:, 0], groups=groups)
    of = np.array(groups)
    for split in model._splits.splits():
        assert not set(of[split.training]) & set(of[split.held_out])


def test_missing_groups_of_pandas_are_named() -> None:
    """None, NaN and pd.NA in a Series are refused with their row."""
    pd = pytest.importorskip("pandas")
    X = np.random.default_rng(0).normal(size=(40, 2))
    for groups in (["a", None], pd.array([1, None], dtype="Int64"), pd.array(["a", pd.NA], dtype="string")):
        series = pd.concat([pd.Series(groups)] * 20, ignore_index=True)
        with pytest.raises(cr.InputError, match="groups has no value in row 2"):
            NetworkRegressor(**FAST).fit(X, X[:, 0], groups=series)
