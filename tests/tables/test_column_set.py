"""Columns of a table that lie side by side in one array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest

from chainrule.tables import TableEncoder, column_set
from chainrule.tables.column_set import Columns
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.read import read
from chainrule.tables.table import Table

FRAME = pandas.DataFrame(
    {
        "a": [1.5, np.nan, 3.0, 4.0],
        "b": np.array([1, 2, 3, 2**62], dtype=np.int64),
        "c": ["x", "y", None, "x"],
        "d": [0.5, 1.0, 2.0, 8.0],
        "e": [True, False, True, True],
        "f": np.array([1, 2, 3, 5], dtype=np.int64),
    }
)
HOLDERS: dict[str, Any] = {
    "pandas": lambda frame: frame,
    "polars": polars.from_pandas,
    "pyarrow": lambda frame: pyarrow.Table.from_pandas(frame, preserve_index=False),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_numbers_beside_other_columns_lie_in_blocks(holder: str) -> None:
    """The numbers of one type are one array, and give the same columns and floats as one by one."""
    table = read(HOLDERS[holder](FRAME))
    assert isinstance(table, Table)
    assert table.names == tuple(FRAME.columns)
    assert {"a", "d"} <= set(table.columns.held_numbers) <= {"a", "b", "d", "f"}
    assert table.columns.typed("b").values.tolist() == [1, 2, 3, 2**62]  # exact, though not as float64
    assert table.column("e").kind == "booleans"
    alone = Columns({name: table.column(name) for name in table.names})
    for chosen in (["f", "a", "e"], ["d"], []):
        np.testing.assert_array_equal(table.floats(chosen), alone.floats(chosen))
    some = table.rows(np.array([2, 1])).renamed({"d": "z"}).without("b")
    assert some.names == ("a", "c", "z", "e", "f")
    np.testing.assert_array_equal(some.floats(["z", "a", "f"]), [[2.0, 3.0, 3.0], [1.0, np.nan, 2.0]])


@pytest.mark.parametrize("holder", HOLDERS)
def test_an_encoded_row_needs_no_object_for_each_number(holder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are encoded by blocks, and as by an encoder of single columns."""
    frame = FRAME.drop(columns="b")
    encoder = TableEncoder().fit(frame)
    singly = Table("X", Columns({name: as_column(frame[name].to_numpy()) for name in frame}))
    expected = encoder.transform(singly)
    made: list[Any] = []

    def number_column(values: Any) -> Any:
        made.append(values)
        return as_column(values)

    monkeypatch.setattr(column_set, "number_column", number_column)
    assert np.array_equal(encoder.transform(HOLDERS[holder](frame)), expected)
    assert all(values.dtype.kind == "b" for values in made)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_chosen_rows_are_those_of_the_columns(count: int) -> None:
    """Few rows of a column are copied, most of them are not, and rows chosen of those again are the same."""
    x = np.array([1.5, np.nan, 3.0, 4.0])
    columns = Columns({"x": as_column(x), "k": as_column(np.arange(4)), "c": as_column(np.array(list("abca"), object))})
    first = np.array([2, 0, 3, 1, 1, 2][:count])
    some = columns.rows(first)
    assert (set(some.held_numbers) == {"x", "k"}) is (count > 1)
    assert (some.t, some.names_of("numbers")) == (count, ["x", "k"])
    np.testing.assert_array_equal(some.typed("x").values, x[first])
    np.testing.assert_array_equal(some.floats(["k", "x"]), np.stack([first, x[first]], axis=1))
    np.testing.assert_array_equal(
        some.rows(np.arange(count) != 1).typed("x").values, x[np.delete(first, [1][: count > 1])]
    )
