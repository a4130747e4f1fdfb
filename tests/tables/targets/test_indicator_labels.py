"""Several labels of two values each: what is learned of them, their form in a file, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.errors import FileFormatError, InputError
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.targets.decoders import KINDS, Target, decoded, encoded, from_parts, known_labels
from chainrule.tables.targets.given_targets import frame_of_targets, named_columns
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.targets.target_columns import TargetColumns

MIXED: Any = [[True, "ham", 2], [False, "spam", 1], [True, "ham", 1]]


@pytest.mark.parametrize(
    ("Y", "kind"),
    [
        ([[0, 1], [1, 1], [0, 0]], "i"), ([[0.0, 1.0], [1.0, 1.0]], "f"), ([[True, False], [False, False]], "b"),
        ([["no", "x"], ["yes", "y"]], "U"), (MIXED, "O"),
    ],
    ids=["integers", "floats", "booleans", "texts", "mixed"],
)  # fmt: skip
def test_labels_come_back_in_the_type_of_y(Y: Any, kind: str) -> None:
    """Labels are decoded to the values and the type of y, also after saving."""
    Y = np.array(Y, dtype=object if kind == "O" else None)
    labels = IndicatorLabels.fit(Y, names=[f"label {k}" for k in range(Y.shape[1])])
    has = labels.indicators(Y)
    assert set(np.unique(has)) <= {0, 1}
    header, tensors = labels.parts()
    again = from_parts(json.loads(json.dumps(header)), tensors)
    assert isinstance(again, IndicatorLabels)
    assert again.names == labels.names
    assert again.shares.tolist() == labels.shares.tolist() == has.mean(axis=0).tolist()
    for each in (labels, again):
        assert each.labels(has).tolist() == Y.tolist()
        assert each.labels(has).dtype.kind == ("O" if kind in "OU" and Y.dtype.kind == "O" else kind)


def test_values_that_do_not_occur_are_known_of_zeros_ones_and_booleans() -> None:
    """A column of zeros is a label that no row has; one of a single text is refused."""
    labels = IndicatorLabels.fit([[0, 1], [0, 1]])
    assert labels.shares.tolist() == [0.0, 1.0]
    assert labels.indicators([[1, 0]]).tolist() == [[1, 0]]
    with pytest.raises(InputError, match=r"y\[:, 1\] must hold two values.*got 1: 'a'\. Leave the column out"):
        IndicatorLabels.fit(np.array([[0, "a"], [1, "a"]], dtype=object))


def test_a_column_of_three_values_is_refused() -> None:
    """Each label has two values; the error names the column and says what to do."""
    columns = TargetColumns({"a": as_column(np.array([0, 1, 1])), "size": as_column(np.array(["s", "m", "l"]))})
    with pytest.raises(InputError, match=r"'size' must hold two values.*got 3: 'l', 'm', 's'\. Train a model of its"):
        IndicatorLabels.fit(columns)


def test_weighted_shares_are_those_of_repeated_rows() -> None:
    """A row of weight 3 counts three times."""
    Y, times = np.array([[0, 1], [1, 1], [0, 0]]), [2, 1, 3]
    assert IndicatorLabels.fit(Y, times).shares.tolist() == (
        IndicatorLabels.fit(np.repeat(Y, times, axis=0)).shares.tolist()
    )


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([[0, 1, 1]], "y must have 2 columns, one for each label; got 3"),
        ([0, 1], r"y must have shape \(t, q\), a column for each label; got \(2,\)"),
        ([[0, 2]], r"y\[:, 1\] has the class 2 in row 1, which did not occur in training; known: 0, 1"),
    ],
    ids=["count", "shape", "value"],
)
def test_other_labels_are_refused(y: Any, words: str) -> None:
    """Another number of columns, another shape and an unknown value are refused."""
    with pytest.raises(InputError, match=words):
        IndicatorLabels.fit([[0, 1], [1, 0]]).indicators(y)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": []}, {"columns": None}, {"names": ["a"]}, {"names": ["a", "a"]}, {"names": [1, 2]},
        {"kind": "label"}, {"columns": [{"type": "integer", "values": [0, 1]}]},
        {"columns": [{"type": "text", "values": [0, 1]}] * 2}, {"columns": [{"type": "integer", "values": [0, 0]}] * 2},
    ],
    ids=["none", "null", "few names", "equal names", "numbers", "kind", "few columns", "type", "equal values"],
)  # fmt: skip
def test_a_file_must_describe_all_labels(change: dict[str, Any]) -> None:
    """A header that is not whole is refused."""
    header, tensors = IndicatorLabels.fit([[0, 1], [1, 0]], names=("a", "b")).parts()
    with pytest.raises(FileFormatError, match="complete target"):
        from_parts(header | change, tensors)


@given(arrays.arrays(np.int8, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.integers(0, 1)))
def test_encoded_labels_are_decoded(Y: np.ndarray[Any, np.dtype[np.int8]]) -> None:
    """Encoding and decoding are inverse to each other, for all kinds of targets."""
    targets: list[tuple[Target, Any]] = [(IndicatorLabels.fit(Y), Y)]
    targets += [(KINDS["classes"].fit(Y[:, 0]), Y[:, 0]), (KINDS["numbers"].fit(Y), Y)]
    for target, y in targets:
        assert np.allclose(decoded(target, encoded(target, y)), y, rtol=1e-15)
        assert target.width == (1 if y.ndim == 1 and len(set(y.tolist())) == 1 else 2 if y.ndim == 1 else Y.shape[1])


def test_columns_are_found_by_their_names() -> None:
    """Columns in another order are those of training, by name; others are refused with what lacks."""
    labels = IndicatorLabels.fit([[0, 1], [1, 1]], names=("a", "b"))
    columns = {"b": as_column(np.array([1, 1])), "a": as_column(np.array([0, 1]))}
    known = known_labels(labels, columns, ())
    assert known.names == ("a", "b")
    assert labels.indicators(known).tolist() == [[0, 1], [1, 1]]
    with pytest.raises(InputError, match="predicts 'a', 'b'; got 'b', 'c', without 'a'"):
        known_labels(labels, {"b": columns["b"], "c": columns["a"]}, ())
    with pytest.raises(InputError, match="predicts 2 columns, 'a', 'b'; got 1: 'b'"):
        known_labels(labels, {"b": columns["b"]}, ())
    with pytest.raises(InputError, match="predicts one column; got 2: 'b', 'a'"):
        known_labels(KINDS["classes"].fit([0, 1]), columns, ())


def test_names_of_columns_and_labels_are_told_apart() -> None:
    """A list of texts is one of names if all are, or if some are and labels would have another length."""
    names = {"a", "b"}
    assert named_columns("z", names, 5) == ("z",)
    assert named_columns(("a", "z"), names, 5) == ("a", "z")
    assert named_columns(["b", "a"], names, 2) == ("b", "a")
    for labels in (["a", "a"], ["a", "z"], ["y", "z", "z"], [1, 2, 3], np.array(["a"]), [], None):
        assert named_columns(labels, names, 2) is None
    assert named_columns(["a"], names, 1) is None  # a label of one row


def test_a_frame_of_several_named_columns_is_a_table() -> None:
    """A frame of pandas, polars or Arrow has names; a single column, an array and unnamed columns have none."""
    pandas, polars, pyarrow = (pytest.importorskip(name) for name in ("pandas", "polars", "pyarrow"))
    values = {"a": [1, 2], "b": [0.5, 1.0]}
    for make in (pandas.DataFrame, polars.DataFrame, pyarrow.table):
        frame = frame_of_targets(make(values))
        assert frame is not None
        assert tuple(frame.names) == ("a", "b")
        assert frame_of_targets(make({"a": [1, 2]})) is None
    assert frame_of_targets(pandas.DataFrame([[1, 2]])) is None
    assert frame_of_targets(np.ones((2, 2))) is None
