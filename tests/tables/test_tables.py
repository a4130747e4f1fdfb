"""Tables of every kind: one reading for NumPy, SciPy, Arrow's data frames and files."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
import scipy.sparse
from support.processes import modules_after

from chainrule.errors import FileFormatError, InputError, UnknownName
from chainrule.tables.column_set import Columns
from chainrule.tables.labels import as_targets
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.read import read
from chainrule.tables.table import Table
from chainrule.tables.text.notation import Writing
from chainrule.tables.text.recognition import recognised

DAY = datetime.datetime(2024, 2, 29, 12)
VALUES: dict[str, list[Any]] = {
    "whole": [1, None, 3],
    "half": [0.5, None, -1.5],
    "flag": [True, None, False],
    "word": ["b", None, "a"],
    "when": [DAY, None, DAY + datetime.timedelta(days=1)],
    "span": [datetime.timedelta(hours=1), None, datetime.timedelta(0)],
}
KINDS = ["numbers", "numbers", "booleans", "categories", "datetimes", "durations"]


def arrow() -> Any:
    """One table of each kind of column, each with a gap."""
    return pyarrow.table(VALUES)


FRAMES: dict[str, Callable[[], Any]] = {
    "pyarrow": arrow,
    "pandas": lambda: pandas.DataFrame(VALUES).astype({"whole": "Int64", "flag": "boolean", "word": "category"}),
    "pandas of objects": lambda: pandas.DataFrame({name: pandas.Series(v, dtype=object) for name, v in VALUES.items()}),
    "pandas through pyarrow": lambda: arrow().to_pandas(types_mapper=pandas.ArrowDtype),
    "polars": lambda: polars.from_arrow(arrow()),
    "polars categorical": lambda: polars.from_arrow(arrow()).with_columns(polars.col("word").cast(polars.Categorical)),
    "DuckDB": lambda: duckdb.from_arrow(arrow()),
    "NumPy objects": lambda: np.array(list(zip(*VALUES.values(), strict=True)), dtype=object),
    "lists": lambda: [list(row) for row in zip(*VALUES.values(), strict=True)],
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_library_gives_the_same_columns(name: str) -> None:
    """Each kind of column is the same whichever library holds it: kind, values, gaps, levels."""
    table = read(FRAMES[name]())
    assert isinstance(table, Table)
    found = recognised(table.columns, Writing())
    columns = [found.typed(name) for name in found]
    assert [column.kind for column in columns] == KINDS
    for column, values in zip(columns, VALUES.values(), strict=True):
        assert column.missing.tolist() == [False, True, False]
        present = column.objects()[[0, 2]].tolist()
        assert present == [values[0], values[2]]
    assert columns[3].levels == ("a", "b")
    assert columns[5].as_floats()[[0, 2]].tolist() == [3600.0, 0.0]
    assert table.has_names == (name not in ("NumPy objects", "lists"))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_files_are_tables(tmp_path: Path, suffix: str) -> None:
    """A Parquet file gives the columns of its frame, a CSV file those that its texts read as; a path may be a text."""
    path = tmp_path / f"t{suffix}"
    frame = arrow().drop_columns(["span"])
    if suffix == ".parquet":
        pyarrow.parquet.write_table(frame, path)
    else:
        frame.to_pandas().to_csv(path, index=False)
    for source in (path, str(path)):
        table = read(source)
        assert isinstance(table, Table)
        columns = recognised(table.columns, Writing())
        assert [columns[name].kind for name in frame.column_names] == KINDS[:5]
        assert columns.typed("word").levels == ("a", "b")
        assert columns.typed("when").values[0] == np.datetime64(DAY)


def test_arrays_of_numbers_are_kept_as_they_are() -> None:
    """A NumPy array of numbers is not copied; its columns are called x0, x1, …; other dtypes become float64."""
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    source = read(X)
    assert isinstance(source, NumericTable)
    assert source.values is X
    assert (source.names, source.t, source.has_names) == (("x0", "x1"), 3, False)
    assert source.column("x1").values.tolist() == [1.0, 3.0, 5.0]
    assert read(source) is source
    assert read(X.astype(np.longdouble)).floats(["x0", "x1"])[:].dtype == np.float64
    assert read(X > 2).column("x0").kind == "booleans"


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("make", [scipy.sparse.csr_array, scipy.sparse.csr_matrix])
def test_sparse_arrays_stay_sparse(make: Callable[[Any], Any], form: str) -> None:
    """Every form of SciPy's sparse arrays keeps its entries alone, and a duplicate entry is a sum."""
    X = np.zeros((40, 30))
    X[::7, ::5] = 1.5
    source = read(make(X).asformat(form))
    assert isinstance(source, NumericTable)
    assert source.is_sparse
    assert source.column("x5").values.tolist() == X[:, 5].tolist()
    twice = scipy.sparse.coo_array((np.ones(2), ([0, 0], [1, 1])), shape=(2, 2))
    assert read(twice).typed("x1").values.tolist() == [2.0, 0.0]
    assert twice.nnz == 2  # the argument is unchanged


def test_masked_entries_are_missing() -> None:
    """An entry that a NumPy mask hides is a missing one, not the number below it."""
    source = read(np.ma.MaskedArray([[1, 2], [3, 4]], mask=[[False, True], [False, False]]))
    assert source.column("x1").missing.tolist() == [True, False]


OBJECTS: list[tuple[list[Any], str, tuple[object, ...]]] = [
    ([1, 2.5, None], "numbers", ()),
    ([decimal.Decimal("1.5"), np.float32(2), float("nan")], "numbers", ()),
    ([True, np.bool_(False), None], "booleans", ()),
    ([True, 2, None], "numbers", ()),
    (["b", "a", ""], "categories", ("a", "b")),
    ([1, "a", 2.0], "categories", ("1", "2", "a")),
    ([True, "a", 1], "categories", ("1", "True", "a")),
    ([datetime.date(2024, 1, 1), np.datetime64("2024-01-02"), pandas.NaT], "datetimes", ()),
    ([datetime.timedelta(1), np.timedelta64(3, "h"), np.timedelta64("NaT")], "durations", ()),
    ([None, pandas.NA, float("nan")], "empty", ()),
    ([[1], {}, "a"], "unreadable", ()),
    ([1, datetime.date(2024, 1, 1)], "unreadable", ()),
]


@pytest.mark.parametrize(("values", "kind", "levels"), OBJECTS, ids=str)
def test_python_objects(values: list[Any], kind: str, levels: tuple[object, ...]) -> None:
    """A column of Python objects has the kind of its objects; numbers among texts are texts; "" and NaN are missing."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    column = recognised(Columns({"x": as_column(array)}), Writing()).typed("x")
    assert (column.kind, column.levels) == (kind, levels)


def test_times_with_a_zone_become_utc() -> None:
    """A time with a zone is the same instant in UTC, from Python, pandas and polars."""
    zone = datetime.timezone(datetime.timedelta(hours=9))
    noon = datetime.datetime(2024, 1, 1, 12, tzinfo=zone)
    for X in (np.array([[noon]]), pandas.DataFrame({"a": [noon]}), polars.DataFrame({"a": [noon]})):
        (name,) = (source := read(X)).names
        assert source.typed(name).values[0] == np.datetime64("2024-01-01T03:00:00")


def test_integers_beyond_float64_are_infinite() -> None:
    """A Python integer of 400 digits is read as an infinite number, which the encoder refuses by name."""
    assert np.isinf(read(np.array([[10**400], [1]], dtype=object)).typed("x0").values).tolist() == [True, False]


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: np.ones(3), r"shape \(t, n\).*Reshape your data"),
    (lambda: np.ones((2, 2, 2)), r"shape \(t, n\)"),
    (lambda: np.ones((0, 3)), "at least one row"),
    (lambda: np.ones((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
    (lambda: np.ones((2, 2), dtype=complex), "Complex data not supported"),
    (lambda: scipy.sparse.csr_array(np.ones((2, 2), dtype=complex)), "Complex data not supported"),
    (lambda: scipy.sparse.csr_array((0, 3)), "at least one row"),
    (lambda: scipy.sparse.csr_array((3, 0)), "minimum of 1"),
    (lambda: pandas.DataFrame({"a": []}), "at least one row"),
    (lambda: pandas.DataFrame({"a": np.array([], dtype=object)}), "at least one row"),
    (lambda: pandas.DataFrame(index=range(3)), "minimum of 1"),
    (lambda: pandas.DataFrame(np.ones((2, 2)), columns=["a", "a"]), "name each column once; got 'a'"),
    (lambda: pandas.DataFrame(np.ones((2, 2)), columns=[1, "1"]), "name each column once; got '1'"),
    (lambda: pyarrow.Table.from_arrays([pyarrow.array([1])] * 2, names=["a", "a"]), "name each column once"),
    (lambda: pyarrow.table({" ": [1]}), "column 1 of X has no name"),
    (lambda: polars.Series([1, 2]), "must be a table that Arrow can read; got a Series"),
    (lambda: polars.DataFrame({"a": [1]}).lazy(), "collect"),
    (lambda: duckdb.connect().execute("select 1"), r"Call its (to|fetch)_arrow_table\(\) first"),
    (lambda: [[1, 2], [3]], "NumPy cannot convert"),
    (lambda: 5.0, "must be an array, a sparse array, a data frame or a path; got 5.0"),
    (lambda: None, "got None"),
]


@pytest.mark.parametrize(("make", "says"), REFUSED)
def test_objects_that_are_not_tables_are_refused(make: Callable[[], Any], says: str) -> None:
    """Objects that are not tables, empty tables and duplicate names are refused with the reason."""
    with pytest.raises(InputError, match=says):
        read(make())


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    """A missing file is an OSError, another ending UnknownName, a damaged file FileFormatError."""
    (tmp_path / "one.csv").touch()
    with pytest.raises(FileNotFoundError, match=r"No such file or directory; did you mean 'one\.csv'"):
        read(tmp_path / "onee.csv")
    with pytest.raises(FileNotFoundError, match=r"No such file or directory; there is no folder"):
        read(tmp_path / "none" / "one.csv")
    with pytest.raises(UnknownName, match=r"must end in \.csv"):
        read(tmp_path / "t.xlsx")
    (tmp_path / "t.parquet").write_bytes(b"PAR1" * 4)
    with pytest.raises(FileFormatError, match="not a valid Parquet file"):
        read(tmp_path / "t.parquet")


def test_rows_and_columns_of_a_table() -> None:
    """``rows`` takes rows, ``without`` columns; an unknown column is refused with the nearest name."""
    table = read(FRAMES["pandas"]())
    assert isinstance(table, Table)
    assert table.rows(np.array([2, 0])).typed("whole").values.tolist() == [3, 1]
    assert table.rows(np.array([True, False, True])).t == 2
    assert table.without("word", "span").names == ("whole", "half", "flag", "when")
    with pytest.raises(InputError, match="no column 'wort'; did you mean 'word'"):
        table.column("wort")


@pytest.mark.parametrize(
    "y",
    [
        [1, 2, 3], np.array([1, 2, 3]), pandas.Series([1, 2, 3]), polars.Series([1, 2, 3]), pyarrow.array([1, 2, 3]),
        pandas.Series([1, 2, 3], dtype="Int64"), pandas.Series([1, 2, 3], dtype="category"),
    ],
    ids=lambda y: type(y).__name__,
)  # fmt: skip
def test_targets_of_every_library(y: Any) -> None:
    """Labels come as they are from every library."""
    assert as_targets(y).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([1.0, np.nan], "y has no value in row 2"),
        (["a", None], "y has no value in row 2"),
        (pandas.Series([1, None], dtype="Int64"), "y has no value in row 2"),
        (np.array(["a", 1], dtype=object), "mixes texts and numbers"),
        ([], "one label per row"),
        (5, "one label per row"),
    ],
)
def test_targets_that_are_refused(y: Any, says: str) -> None:
    """A gap, a mixture and labels of another shape are refused by name."""
    with pytest.raises(InputError, match=says):
        as_targets(y)


@pytest.mark.parametrize("code", ["np.ones((3, 2))", "[[1.0, 'a'], [2.0, 'b']]"])
def test_arrays_need_no_other_package(code: str) -> None:
    """Reading and encoding an array loads neither pyarrow nor pandas, SciPy or scikit-learn."""
    program = f"""
import numpy as np
from chainrule.tables.encoding.encoder import TableEncoder
encoder = TableEncoder().fit(np.arange(6.0).reshape(3, 2))
from chainrule.tables.reading.read import read
read({code})"""
    assert modules_after(program).isdisjoint({"pyarrow", "pandas", "scipy", "sklearn", "polars", "duckdb"})
