"""Rows in Parquet files: each row group is a block; what cannot be numbers is refused with what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.files.stored_rows import packed

import chainrule as cr

T, PARTS = 240, 12


def table(first: int, count: int, **others: Any) -> pa.Table:
    """Rows ``first`` and so on: a counts them, b is another number type, y = 2 a, w a weight, c a class."""
    a = np.arange(first, first + count)
    columns = {"a": a / 8, "b": (a % 5).astype(np.int8), "y": (a / 4).astype(np.float32), "w": a + 1.0, "c": a % 3}
    return pa.table({**columns, **others})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve files with 20 rows each, in row groups of 8, of which part-10 comes after part-2; and files of others."""
    path = tmp_path / "big"
    for k in range(PARTS):
        part = path / f"month={k % 2}" / f"part-{k}.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(20 * (k // 2 + 6 * (k % 2)), 20), part, row_group_size=8)
    (path / "_SUCCESS").write_bytes(b"")
    (path / "_metadata.parquet").write_bytes(b"no Parquet")
    (path / "readme.txt").write_text("these are rows", encoding="utf-8")
    return path


def test_row_groups_are_read_in_the_natural_order_of_files(folder: Path) -> None:
    """Blocks are row groups, of files by natural order, and numbers of any type become float32."""
    rows = cr.Rows.parquet(folder, target="y", columns=["a", "b"], weights="w")
    assert rows.sizes.tolist() == [8, 8, 4] * PARTS
    data, j = rows.in_memory(), np.arange(T)
    np.testing.assert_array_equal(data.X, np.column_stack([j / 8, j % 5]).astype(np.float32))
    np.testing.assert_array_equal(data.Y, (j / 4).astype(np.float32)[:, None])
    np.testing.assert_array_equal(data.weights, (j + 1.0).astype(np.float32))


def test_all_other_columns_are_inputs(folder: Path) -> None:
    """Without columns= X has all columns but target and weights; several targets are allowed; classes are integers."""
    assert cr.Rows.parquet(folder, target="y", weights="w").columns == ("a", "b", "c")
    assert cr.Rows.parquet(folder, target=["y", "a"]).in_memory().Y.shape == (T, 2)
    classes = cr.Rows.parquet(folder, target="c", columns=["a"], classes=True).in_memory().Y
    assert classes.dtype == np.int32
    assert classes.tolist() == (np.arange(T) % 3).tolist()


def test_training_is_that_of_packed_rows(folder: Path, tmp_path: Path) -> None:
    """Rows from Parquet train as rows of a packed file with the same blocks do, bitwise."""
    part = folder / "month=0" / "part-0.parquet"
    pq.write_table(table(0, T), part, row_group_size=8)
    rows = cr.Rows.parquet(part, target="y", columns=["a", "b"], weights="w")
    other = packed(tmp_path / "a.rows", rows, block_rows=8, shuffle=False)
    thetas = []
    for each in (rows, other):
        net = cr.Network.dense([2, 4, 1], hidden="tanh", seed=0, dtype="float32")
        with pytest.warns(cr.errors.TrainingWarning, match="not in random order"):
            cr.train(net, each, optimizer="adam", batch_size=16, window=60, epochs=2)
        thetas.append(net.theta.copy())
    np.testing.assert_array_equal(thetas[0], thetas[1])


def test_packing_reads_a_large_row_group_in_pieces(tmp_path: Path) -> None:
    """A row group larger than a window is refused with the remedy, which works: 70,000 rows in one group."""
    pq.write_table(table(0, 70_000), tmp_path / "one.parquet", row_group_size=70_000)
    rows = cr.Rows.parquet(tmp_path / "one.parquet", target="y", columns=["a", "b"])
    net = cr.Network.dense([2, 1], seed=0)
    with pytest.raises(cr.InputError, match=r"window must be at least 70000 rows.*Rows\.pack"):
        cr.train(net, rows, optimizer="adam", batch_size=64, window=10_000)
    assert len(list(rows._source.pieces(0))) > 1
    shuffled = cr.Rows.pack(tmp_path / "one.rows", rows)
    assert shuffled.columns == ("a", "b")
    np.testing.assert_array_equal(np.sort(shuffled.in_memory().Y[:, 0]), rows.in_memory().Y[:, 0])
    assert cr.train(net, shuffled, optimizer=cr.Adam(1e-3), batch_size=64, window=35_000, epochs=1).epochs == 1


def test_many_small_files_are_rows(tmp_path: Path) -> None:
    """300 files of one row each are 300 blocks, and train."""
    for k in range(300):
        pq.write_table(table(k, 1), tmp_path / f"{k}.parquet")
    rows = cr.Rows.parquet(tmp_path, target="c", columns=["b"])
    assert (rows.t, len(rows.sizes)) == (300, 300)
    net = cr.Network.dense([1, 1], seed=0)
    assert cr.train(net, rows, optimizer="adam", batch_size=10, window=50, epochs=1).epochs == 1


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("unknown target", {"target": "z"}, r"target: .*big has no column 'z'. Columns: 'a', 'b'"),
    ("unknown column", {"target": "y", "columns": ["a", "A"]}, "columns: .* has no column 'A'"),
    ("twice", {"target": "y", "columns": ["a", "a"]}, "names of different columns"),
    ("no columns", {"target": "y", "columns": []}, "at least one"),
    ("classes", {"target": "y", "classes": True}, "the column 'y' must hold integers; got float"),
    ("classes of what", {"target": "c", "classes": 1}, "classes must be True or False"),
    ("two targets of classes", {"target": ["c", "b"], "classes": True}, "one column of classes"),
]


@pytest.mark.parametrize(("options", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_columns_are_refused(folder: Path, options: dict[str, Any], message: str) -> None:
    """A wrong column is an InputError that names it."""
    with pytest.raises(cr.InputError, match=message):
        cr.Rows.parquet(folder, **options)


def test_other_columns_of_one_file_are_refused(folder: Path) -> None:
    """A file with another type of a column is named; texts are refused with the remedy."""
    pq.write_table(table(0, 4, a=["x", "y", "z", "u"]), folder / "month=1" / "part-99.parquet")
    with pytest.raises(cr.InputError, match=r"part-99\.parquet: the column 'a' is string, and double in"):
        cr.Rows.parquet(folder, target="y", columns=["a"])
    assert cr.Rows.parquet(folder, target="y", columns=["b"]).t == T + 4
    with pytest.raises(cr.InputError, match=r"the column 'a' must hold numbers; got string"):
        cr.Rows.parquet(folder / "month=1" / "part-99.parquet", target="y")


def test_gaps_are_found_when_they_are_read(tmp_path: Path) -> None:
    """A missing value, and one beyond float32, is an error with the name of the column or the rows."""
    pq.write_table(table(0, 3, a=[1.0, None, 2.0]), tmp_path / "gap.parquet")
    with pytest.raises(cr.RowsError, match="the column 'a' has gaps"):
        cr.Rows.parquet(tmp_path / "gap.parquet", target="y").in_memory()
    pq.write_table(table(0, 3, a=[1.0, 1e300, 2.0]), tmp_path / "large.parquet")
    with pytest.raises(cr.InputError, match="X must be finite in float32; rows 0 to 2"):
        cr.Rows.pack(tmp_path / "a.rows", cr.Rows.parquet(tmp_path / "large.parquet", target="y"))


def test_what_is_no_folder_of_rows_is_refused(tmp_path: Path) -> None:
    """A missing path, an empty folder, another file and a table without rows each have their own error."""
    with pytest.raises(FileNotFoundError):
        cr.Rows.parquet(tmp_path / "none", target="y")
    with pytest.raises(cr.InputError, match="has no Parquet files"):
        cr.Rows.parquet(tmp_path, target="y")
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(cr.FileFormatError, match=r"text\.parquet is not a valid Parquet file"):
        cr.Rows.parquet(tmp_path, target="y")
    pq.write_table(table(0, 0), tmp_path / "text.parquet")
    with pytest.raises(cr.InputError, match="has no rows"):
        cr.Rows.parquet(tmp_path, target="y")


@pytest.mark.parametrize("fault", ["vanishes", "changes"])
def test_a_lost_file_is_an_error_that_names_it(folder: Path, fault: str) -> None:
    """If a file vanishes or changes, reading it is a RowsError."""
    rows, part = cr.Rows.parquet(folder, target="y"), folder / "month=1" / "part-3.parquet"
    os.remove(part)
    if fault == "changes":
        pq.write_table(table(0, 21), part)
    with pytest.raises(cr.RowsError, match=r"part-3\.parquet"):
        rows.in_memory()
