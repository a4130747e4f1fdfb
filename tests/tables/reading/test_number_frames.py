"""Frames that hold numbers alone are read as one matrix whose columns have names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest

from chainrule.errors import DataWarning, InputError
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import read
from chainrule.tables.table import Table

X = np.array([[1.0, 4.0], [2.0, np.nan], [4.0, 9.0]])
BIG = 2**53 + 1


def frame() -> Any:
    """Two columns of floats."""
    return pandas.DataFrame(X, columns=["a", "b"])


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": frame,
    "pandas of two number types": lambda: frame().astype({"a": "int8", "b": "float32"}),
    "pandas, big-endian": lambda: frame().astype({"a": ">i4", "b": ">f8"}),
    "pandas, longdouble and float16": lambda: frame().astype({"a": np.longdouble, "b": np.float16}),
    "pandas, nullable": lambda: frame().convert_dtypes(),
    "pandas, of Arrow": lambda: frame().astype("double[pyarrow]"),
    "pandas, nullable beside NumPy's": lambda: frame().astype({"a": "Int64"}),
    "polars": lambda: polars.from_pandas(frame()),
    "polars of two number types": lambda: polars.DataFrame({"a": [1, 2, 4], "b": [4.0, None, 9.0]}),
    "pyarrow": lambda: pyarrow.Table.from_pandas(frame()),
    "pyarrow in chunks": lambda: pyarrow.concat_tables(
        [pyarrow.Table.from_pandas(frame()[k : k + 1]) for k in range(3)]
    ),
    "pyarrow of two number types": lambda: pyarrow.table({"a": [1, 2, 4], "b": [4, None, 9]}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_numbers_of_a_frame_are_one_matrix(kind: str) -> None:
    """A frame of numbers of any type and library is a matrix in native byte order, with names, NaN where missing."""
    table = read(FRAMES[kind]())
    assert isinstance(table, NumericTable)
    assert (table.names, table.has_names, table.t) == (("a", "b"), True, 3)
    assert table.values.dtype.isnative
    np.testing.assert_array_equal(table.values, X)
    assert table.column("b").missing.tolist() == [False, True, False]


@pytest.mark.parametrize(
    "make",
    [
        lambda: pandas.DataFrame({"id": [BIG, 1, 2], "b": X[:, 1]}),
        lambda: pandas.DataFrame({"id": pandas.array([BIG, None, 2], dtype="Int64"), "b": X[:, 1]}),
        lambda: polars.DataFrame({"id": [BIG, None, 2], "b": X[:, 1]}),
        lambda: polars.DataFrame({"id": [BIG, 1, 2], "other": [BIG, 3, 4], "a": X[:, 0], "b": X[:, 1]}),
        lambda: pyarrow.table({"id": [BIG, None, 2], "b": X[:, 1]}),
    ],
)
def test_integers_that_float64_rounds_are_kept(make: Callable[[], Any]) -> None:
    """Beside floats or gaps, an integer ≥ 2⁵³ keeps its column: as a category it is the number that was given."""
    assert BIG in read(make()).column("id").as_categories().levels


def test_new_rows_are_matched_by_name() -> None:
    """Columns of a frame are found by name, in any order and among others; those of an array by position."""
    with pytest.warns(DataWarning, match="left out 'same'"):
        encoder = TableEncoder().fit(frame().assign(same=1.0).fillna(2.0)[["b", "same", "a"]])
    new = frame().fillna(2.0)
    expected = encoder.transform(new.assign(same=1.0))
    np.testing.assert_array_equal(
        encoder.transform(new.assign(more=5.0, same=1.0)[["more", "a", "same", "b"]]), expected
    )
    np.testing.assert_array_equal(encoder.transform(new), expected)
    np.testing.assert_array_equal(encoder.transform(new.assign(same=1.0)[["b", "same", "a"]].to_numpy()), expected)
    np.testing.assert_array_equal(encoder.transform(new.assign(more="text")), expected)
    with pytest.raises(InputError, match="no column 'b'"):
        encoder.transform(new[["a"]])


def test_columns_of_a_named_matrix() -> None:
    """A named matrix gives its columns, rows and complements by name, and names the nearest column and missing rows."""
    table = read(frame())
    assert isinstance(table, NumericTable)
    assert table.floats(["b", "a"]).tolist()[0] == [4.0, 1.0]
    assert table.without("a").names == ("b",)
    assert table.rows(np.array([2, 0])).column("a").values.tolist() == [4.0, 1.0]
    with pytest.raises(InputError, match="no column 'B'; did you mean 'b'"):
        table.column("B")
    with pytest.raises(InputError, match="'b' of X has no value in row 2"):
        table.require_complete("b")


@pytest.mark.parametrize("fill", [0, np.nan, 1.0])
def test_sparse_frames(fill: float) -> None:
    """A frame of sparse columns stays sparse if the entries that are not stored are 0; otherwise it becomes dense."""
    values = np.array([[fill, 1.5], [2.0, fill], [fill, fill]])
    sparse = pandas.DataFrame(values, columns=["a", "b"]).astype(pandas.SparseDtype(float, fill))
    table = read(sparse)
    assert isinstance(table, NumericTable if fill == 0 else Table)
    if isinstance(table, NumericTable):
        assert table.is_sparse
        assert table.has_names
    np.testing.assert_array_equal(table.typed("b").as_floats(), values[:, 1])
    mixed = read(sparse.assign(word=["u", "v", "w"]))
    assert [mixed.column(name).kind for name in mixed.names] == ["numbers", "numbers", "texts"]
    np.testing.assert_array_equal(mixed.typed("a").as_floats(), values[:, 0])


def test_sparse_flags_stay_sparse() -> None:
    """The sparse indicators of ``pandas.get_dummies`` are a sparse matrix."""
    table = read(pandas.get_dummies(pandas.Series(["u", "v", "u"]), sparse=True))
    assert isinstance(table, NumericTable)
    assert table.is_sparse
    encoder = TableEncoder(numbers="none").fit(table)
    np.testing.assert_array_equal(encoder.transform(table).toarray(), [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
