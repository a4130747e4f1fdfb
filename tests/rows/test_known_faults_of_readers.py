"""Faults that readers of large data are known for: each epoch the same order, memory that grows, rows in each process.

Sources: webdataset#172 (each epoch in one order), petastorm#508 and #719 (row groups of unequal size), tensorflow#44176
and NVTabular#1371 (memory), arrow#39808 and ray#62745 (a folder read ahead), dask-ml#836 (rows copied to each process).
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.files.stored_rows import examples, packed

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.errors import TrainingWarning
from chainrule.rows.order import advanced, epoch_order, position, shuffled
from chainrule.rows.source import Labels
from chainrule.rows.windows import WindowReader

T = 240
UNEQUAL = (1, 90, 7, 40, 2, 60, 40)  # the rows of each row group


def folder_of(path: Path, sizes: tuple[int, ...], columns: int = 1) -> Path:
    """A folder of Parquet files with one row group of each size; the target counts the rows."""
    path.mkdir()
    first = 0
    for k, size in enumerate(sizes):
        y = np.arange(first, first + size)
        first += size
        pq.write_table(pa.table({**{f"x{j}": y / 8 for j in range(columns)}, "y": y}), path / f"{k}.parquet")
    return path


def trained(rows: cr.Rows, window: int, epochs: int = 1) -> cr.History:
    """Trains a small network."""
    net = cr.Network.dense([rows.n, 2, *rows.label_shape], hidden="tanh", seed=0, dtype="float32")
    return cr.train(net, rows, optimizer=cr.Adam(1e-3), batch_size=16, window=window, epochs=epochs)


def test_epochs_differ_in_their_order() -> None:
    """The windows of the next epoch hold other blocks, and so does a run of another seed."""
    sizes, start = np.full(64, 4), position(np.random.PCG64(0))
    first = epoch_order(sizes, 8, start, shuffled)
    others = (epoch_order(sizes, 8, first.end, shuffled), epoch_order(sizes, 8, advanced(start, 1), shuffled))
    blocks = [set(window.blocks.tolist()) for window in first.windows]
    for other in others:
        assert sum(set(window.blocks.tolist()) in blocks for window in other.windows) == 0


def test_row_groups_of_unequal_size_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch reads each of some unequal row groups once, and its steps are ⌈t / B⌉; then the next one begins."""
    rows, read = cr.Rows.parquet(folder_of(tmp_path / "big", UNEQUAL), target="y"), cr.Rows.read
    found: list[int] = []

    def noted(self: cr.Rows, blocks: Sequence[int], X: Array) -> Labels:
        found.extend(blocks)
        return read(self, blocks, X)

    monkeypatch.setattr(cr.Rows, "read", noted)
    with pytest.warns(TrainingWarning, match="not in random order"):
        history = trained(rows, window=100, epochs=2)
    assert history.state.step == 2 * -(-T // 16)
    in_order = found[found.index(found[0]) :]
    assert sorted(in_order[1:8]) == sorted(in_order[8:15]) == list(range(len(UNEQUAL)))


def test_memory_holds_two_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In three epochs of ten windows, memory for two of them is allocated."""
    allocated = []
    new_memory = WindowReader._new_memory

    def counted(self: WindowReader) -> cr.TrainingSet:
        allocated.append(new_memory(self))
        return allocated[-1]

    monkeypatch.setattr(WindowReader, "_new_memory", counted)
    rows = packed(tmp_path / "a.rows", examples(t=200), block_rows=4, seed=0)
    assert trained(rows, window=20, epochs=3).epochs == 3
    assert len(allocated) == 2
    assert all(memory.t < 60 for memory in allocated)


def test_parquet_is_not_read_ahead(tmp_path: Path) -> None:
    """Between two row groups Arrow holds less than one of them: nothing is read before it is asked for."""
    rows = cr.Rows.parquet(folder_of(tmp_path / "big", (4_000,) * 12, columns=8), target="y")
    X, before = np.empty((4_000, 8), np.float32), pa.total_allocated_bytes()
    held = []
    for block in range(12):
        rows.read([block], X)
        held.append(pa.total_allocated_bytes() - before)
    assert max(held) < 8 * X.nbytes // 2  # of float64


def test_a_large_row_group_is_packed_in_pieces(tmp_path: Path) -> None:
    """While a row group of 500,000 rows is packed, Arrow holds less than half of its numbers."""
    path = tmp_path / "one.parquet"
    table = pa.table({f"x{j}": np.arange(500_000.0) for j in range(8)})
    pq.write_table(table.append_column("y", table["x0"]), path, row_group_size=500_000, use_dictionary=False)
    held, before = [], pa.total_allocated_bytes()
    for piece in cr.Rows.parquet(path, target="y")._pieces():
        held.append(pa.total_allocated_bytes() - before)
        assert len(piece.X) <= 1 << 16
    assert len(held) > 4
    assert max(held) < table.nbytes / 2


def test_rows_are_sent_to_processes_by_name(tmp_path: Path) -> None:
    """Pickled rows hold their file's name and blocks, not its numbers, and read the same ones."""
    data = examples(t=4_096)
    rows = packed(tmp_path / "a.rows", data, block_rows=64, shuffle=False)
    files = cr.Rows.parquet(folder_of(tmp_path / "big", UNEQUAL), target="y")
    for each in (rows, files, rows.split(0.5)[0]):
        sent = pickle.dumps(each)
        assert len(sent) < 4 * 3 * data.t / 2
        copy = pickle.loads(sent)  # noqa: S301  # of this test
        np.testing.assert_array_equal(copy.in_memory().X, each.in_memory().X)
