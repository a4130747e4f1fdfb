"""New rows are encoded by the columns of the training rows, by name or position, or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from support.estimators.frames import frame

from chainrule.errors import DataWarning, InputError, UnknownName
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.row_encoder import NeedsTable, RowEncoder


def test_columns_are_found_by_name() -> None:
    """Another order of the columns, additional ones, and ones that training left out do not change the result."""
    X = frame().assign(same=1.0)
    with pytest.warns(DataWarning):
        encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    assert np.array_equal(encoder.transform(X[X.columns[::-1]].assign(more="?")), expected)
    assert np.array_equal(encoder.transform(X.drop(columns="same")), expected)
    assert np.array_equal(encoder.transform(X.assign(same=None)), expected)


NEW: list[tuple[Callable[[Any], Any], str]] = [
    (lambda X: X.drop(columns=["n"]).rename(columns={"k": "K"}), r"X has no column 'n', 'k'.*It has: "),
    (lambda X: X.assign(n="x"), "column 'n' of X must hold numbers, as in the training rows; got text, such as 'x'"),
    (lambda X: X.assign(n=X.when), "column 'n' of X must hold numbers.*got datetime64"),
    (lambda X: X.assign(flag="yes"), "column 'flag' of X must hold booleans.*got text"),
    (lambda X: X.assign(when=1.0), "column 'when' of X must hold datetimes.*got float64, such as 1.0 in row 1"),
    (lambda X: X.assign(span=1.0), "column 'span' of X must hold durations.*got float64"),
    (lambda X: X.assign(c=X.when), "column 'c' of X must hold categories.*got datetime64"),
    (lambda X: X.assign(n=np.inf), "column 'n' of X is infinite in row 1"),
    (lambda X: np.ones((3, 6)), "X has 6 features, but TableEncoder is expecting 7 features as input"),
]


@pytest.mark.parametrize(("change", "says"), NEW)
def test_new_rows_of_another_kind_are_refused(change: Callable[[Any], Any], says: str) -> None:
    """A missing column and a column of another kind than in training are refused by name, with an example."""
    encoder = TableEncoder().fit(frame())
    with pytest.raises(InputError, match=says):
        encoder.transform(change(frame(9)))


def test_compatible_columns_are_accepted() -> None:
    """Booleans match 0 and 1, numbers match levels of the same text and texts levels of the same number, and missing
    values match everything."""
    X = pandas.DataFrame({"n": [0.0, 1.0, 3.0], "flag": [True, False, True], "word": ["1", "2", "x"]})
    encoder = TableEncoder().fit(X)
    as_text = pandas.DataFrame({"n": [0.0, 1.0], "flag": [True, False], "word": ["1", "2"]})
    as_number = pandas.DataFrame({"n": [False, True], "flag": [1, 0], "word": [1.0, 2.0]})
    assert np.array_equal(encoder.transform(as_number), encoder.transform(as_text))
    gaps = encoder.transform(pandas.DataFrame({"n": [None], "flag": [None], "word": [None]}, dtype=object))
    assert gaps.tolist() == [[0.0, 0.0, 0.0, 0.0, 0.0]]
    levels = TableEncoder(categories=["k"]).fit(pandas.DataFrame({"k": [1, 2, 3]}))
    assert levels.transform(pandas.DataFrame({"k": ["01", "A-1"]})).tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    with pytest.raises(InputError, match=r"column 'k' of X must hold numbers.*got category"):
        levels.transform(pandas.DataFrame({"k": ["1"]}, dtype="category"))


@pytest.mark.parametrize("number", [2, 7, 250, -1, 0.5, 1e9])
def test_a_boolean_is_no_other_number_than_0_and_1(number: float) -> None:
    """Any other number is refused with its column and row: in frames, arrays and single rows."""
    X = pandas.DataFrame({"flag": [True, False, True], "n": [1.0, 2.0, 4.0]})
    encoder = TableEncoder().fit(X)
    rows = pandas.DataFrame({"flag": [1.0, np.nan, number], "n": [1.0, 2.0, 3.0]})
    says = rf"column 'flag' of X must hold booleans, or 0 and 1 .*; got {number:g} in row 3".replace("+", r"\+")
    for table in (rows, rows.assign(c="more"), rows.to_numpy(), rows.to_dict("records"), polars.from_pandas(rows)):
        with pytest.raises(InputError, match=says):
            encoder.transform(table)
    encode = RowEncoder(encoder, by_name=True)
    for bit in (0, 1, 0.0, 1.0, True, False, np.nan):
        np.testing.assert_array_equal([encode({"flag": bit, "n": 1.0})], encoder.transform([[bit, 1.0]]))
    with pytest.raises(NeedsTable):
        encode({"flag": number, "n": 1.0})


GAPS: dict[str, Callable[[int], Any]] = {  # t gaps, as a library makes them of an empty column
    "objects": lambda t: pandas.Series([None] * t, dtype=object),
    "NaN": lambda t: pandas.Series([np.nan] * t),
    "nullable floats": lambda t: pandas.array([pandas.NA] * t, dtype="Float64"),
    "nullable integers": lambda t: pandas.array([pandas.NA] * t, dtype="Int64"),
    "nullable booleans": lambda t: pandas.array([pandas.NA] * t, dtype="boolean"),
    "no date": lambda t: pandas.Series(pandas.to_datetime([None] * t)),
    "no duration": lambda t: pandas.Series(pandas.to_timedelta([None] * t)),
    "no category": lambda t: pandas.Series([None] * t, dtype="category"),
    "empty texts": lambda t: pandas.Series([""] * t),
}


@pytest.mark.parametrize("name", frame().columns)
@pytest.mark.parametrize("kind", GAPS)
def test_gaps_alone_are_accepted_for_every_column(kind: str, name: str, tmp_path: Path) -> None:
    """A column of gaps alone, of any type, is encoded as gaps are: in frames, a file and single rows."""
    encoder, X = TableEncoder().fit(frame()), frame(3)
    expected = encoder.transform(X.astype({name: object}).assign(**{name: [None] * len(X)}))
    gaps = X.assign(**{name: GAPS[kind](len(X))})
    table = pyarrow.Table.from_pandas(gaps, preserve_index=False)
    pyarrow.parquet.write_table(table, tmp_path / "gaps.parquet")
    for rows in (gaps, table, polars.from_arrow(table), tmp_path / "gaps.parquet", gaps.to_dict("records")):
        np.testing.assert_array_equal(encoder.transform(rows), expected)
    row = {**gaps.iloc[0].to_dict(), name: np.nan}
    np.testing.assert_array_equal(RowEncoder(encoder, by_name=True)(row), expected[0])


def test_an_array_of_numbers_may_lack_every_date_and_duration() -> None:
    """NaN in an array of numbers is a gap of a date, a duration and a boolean too."""
    X = frame()[["n", "flag", "when", "span"]]
    gaps = X.head(2).astype(object).assign(flag=None, when=None, span=None)
    for names in (["n", "flag", "when", "span"], ["n", "flag", "span"]):
        encoder = TableEncoder().fit(X[names])
        numbers = np.column_stack([X.n.head(2), np.full((2, len(names) - 1), np.nan)])
        np.testing.assert_array_equal(encoder.transform(numbers), encoder.transform(gaps[names]))


COMPARED = [
    # levels in training, a value in a frame, the level that it is, or None
    (["007", "013", "A12"], 7, "007"),
    (["007", "013", "A12"], 13.0, "013"),
    (["007", "013", "A12"], 99, None),
    (["TRUE", "FALSE", "UNKNOWN"], True, "TRUE"),
    (["TRUE", "FALSE", "UNKNOWN"], False, "FALSE"),
    (["TRUE", "FALSE", "UNKNOWN"], 1, None),  # a number is no boolean
    (["1.10", "1.0", "2.x"], 1.1, "1.10"),
    (["1.10", "1.0", "2.x"], 1, "1.0"),
    (["1", "01", "x"], 1.0, "1"),  # the same text comes first
    (["1.0", "01", "x"], 1, None),  # two levels hold this number
    (["true", "TRUE", "x"], True, None),
]


@pytest.mark.parametrize(("levels", "value", "level"), COMPARED)
def test_a_number_is_the_text_level_that_holds_it(levels: list[str], value: object, level: str | None) -> None:
    """A number or a boolean is the level of its text, or the only one that holds this value; in tables and in rows."""
    encoder = TableEncoder().fit([[text, k] for k, text in enumerate(levels * 20)])
    found = encoder.transform(pandas.DataFrame({0: [value], 1: [0]}))
    expected = encoder.transform([[level, 0]])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal([RowEncoder(encoder, by_name=False)([value, 0])], expected)
    assert encoder.unseen(pandas.DataFrame({0: [value], 1: [0]})) == ({} if level else {"x0": 1})


def test_arrays_and_frames_by_position() -> None:
    """An array matches a frame with the same number of columns, and a frame an array, by position."""
    X = np.random.default_rng(0).normal(size=(20, 3))
    named = TableEncoder().fit(pandas.DataFrame(X, columns=list("abc")))
    unnamed = TableEncoder().fit(X)
    assert named.feature_names_in_.tolist() == ["a", "b", "c"]
    assert not hasattr(unnamed, "feature_names_in_")
    assert not hasattr(named.fit(X), "feature_names_in_")
    for x in (X, pandas.DataFrame(X, columns=list("cba")), scipy.sparse.csr_array(X)):
        assert np.array_equal(unnamed.transform(x), unnamed.transform(X))


ARRAYS: dict[str, Any] = {
    "numbers": np.array([[7.0, 0.0, 5.0], [7.0, 1.0, 4.0], [7.0, 2.0, 9.0]]),
    "objects": [[7.0, "a", 5.0], [7.0, "b", 4.0], [7.0, "c", 9.0]],
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_columns_of_an_array_have_names(kind: str) -> None:
    """Rows with the names x0, x1, … of an array's columns are matched by name, and may lack those that are left out."""
    X = pandas.DataFrame(ARRAYS[kind], columns=["x0", "x1", "x2"])
    with pytest.warns(DataWarning, match="left out 'x0'"):
        encoder = TableEncoder().fit(ARRAYS[kind])
    expected = encoder.transform(ARRAYS[kind])
    rows = [{"x2": row.x2, "x1": row.x1} for row in X.itertuples()]
    for named in (X[["x2", "x1"]], X[["x2", "x0", "x1"]], X.assign(more="?"), rows):
        np.testing.assert_array_equal(encoder.transform(named), expected)
    for names in (["x1", "x2", "x3"], ["a", "b", "c"]):  # the first count from 1
        np.testing.assert_array_equal(encoder.transform(X.set_axis(names, axis=1)), expected)
    with pytest.raises(InputError, match="X has 2 features, but TableEncoder is expecting 3 features as input"):
        encoder.transform(X[["x0", "x1"]])


def test_numbers_that_leave_float32_are_refused_or_clipped() -> None:
    """A scaled number that overflows float32 is bounded by the clip, and without the clip refused by name."""
    X = np.array([[0.0], [1.0], [2.0]])
    assert TableEncoder(dtype="float32").fit(X).transform([[1e300]]).tolist() == [[3.0]]
    for numbers in ("standard", "none"):
        with pytest.raises(InputError, match="'x0' of X is too far from the training rows in row 2 for float32"):
            TableEncoder(numbers, dtype="float32").fit(X).transform([[1.0], [1e300]])


def test_before_fit() -> None:
    """An unfitted encoder refuses to encode; its parameters can be read and set as in scikit-learn."""
    encoder = TableEncoder()
    for call in (lambda: encoder.transform([[1]]), encoder.get_feature_names_out, encoder.parts, encoder.describe):
        with pytest.raises(InputError, match=r"Call fit\(X\) first"):
            call()
    with pytest.raises(InputError, match="infinite"):
        encoder.fit([[np.inf], [1.0]])
    with pytest.raises(InputError, match=r"Call fit\(X\) first"):
        encoder.transform([[1.0]])
    assert TableEncoder(**encoder.set_params(max_levels=7).get_params()).max_levels == 7
    with pytest.raises(UnknownName, match="did you mean 'max_levels'"):
        encoder.set_params(max_level=7)


@given(st.lists(st.text(min_size=1), min_size=2, max_size=20, unique=True), st.text(min_size=1))
def test_unseen_levels_are_zeros(levels: list[str], new: str) -> None:
    """An unseen text is encoded as zeros, a known one with exactly one nonzero entry."""
    levels, new = [f"level {level}" for level in levels], f"level {new}"  # no number, no date
    encoder = TableEncoder().fit(np.array([[level] for level in levels], dtype=object))
    row = encoder.transform(np.array([[new]], dtype=object))
    assert np.count_nonzero(row) == (new in levels)
    assert encoder.unseen(np.array([[new]], dtype=object)) == ({} if new in levels else {"x0": 1})


def test_tables_of_every_library_have_equal_features(tmp_path: Path) -> None:
    """pandas, polars, Arrow, DuckDB, NumPy objects, CSV and Parquet of one table give the same features bit for bit."""
    X = frame()
    table = pyarrow.Table.from_pandas(X, preserve_index=False)
    encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    objects = np.array(X.astype(object).where(X.notna(), None).to_numpy(), dtype=object)
    for other in (table, polars.from_arrow(table), duckdb.from_arrow(table), X.convert_dtypes(), objects):
        assert np.array_equal(TableEncoder().fit_transform(other), expected), type(other)
        assert np.array_equal(encoder.transform(other), expected), type(other)
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    assert np.array_equal(encoder.transform(tmp_path / "t.parquet"), expected)
    less = X.drop(columns="span")  # a CSV file has no durations
    less.to_csv(tmp_path / "t.csv", index=False)
    assert np.array_equal(TableEncoder().fit(less).transform(tmp_path / "t.csv"), TableEncoder().fit_transform(less))


def test_sparse_columns_take_no_dense_memory() -> None:
    """A sparse table of 20,000 columns of which few vary is encoded without a dense copy of it."""
    import tracemalloc

    t, n = 2000, 20_000
    X = scipy.sparse.random_array((t, n), density=1e-4, rng=np.random.default_rng(0), format="csr")
    keep = np.zeros(n, dtype=bool)
    keep[::100] = True
    X = (X * keep).tocsr()
    tracemalloc.start()
    encoder = TableEncoder().fit(X)
    Z = encoder.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Z.shape[1] < 200
    assert peak < t * n * 8 / 10
    assert np.array_equal(Z.toarray(), encoder.transform(X.toarray()))


def test_numbers_alone_may_lack_a_date_that_was_left_out() -> None:
    """New rows of numbers alone need no column that was left out, a date among them; further columns are ignored."""
    training = pandas.DataFrame({"when": [np.datetime64("2020-01-01")] * 4, "x": [1.0, 2.0, 3.0, 5.0]})
    with pytest.warns(DataWarning, match="left out 'when'"):
        encoder = TableEncoder().fit(training)
    rows = pandas.DataFrame({"further": [7.0], "x": [2.0], "more": [1.0]})
    assert np.array_equal(encoder.transform(rows), encoder.transform(training)[1:2])
