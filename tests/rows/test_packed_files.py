"""Packed files: what is written is read, block by block, and a file that is no complete one is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from support.files.stored_rows import examples, packed

import chainrule as cr
from chainrule.rows import packing
from chainrule.rows.source import Piece

DATA = examples()


def test_rows_are_read_as_they_were_packed(tmp_path: Path) -> None:
    """Without a shuffle X, Y, weights and names are those that were packed, and ∇J over them is the same."""
    rows = packed(tmp_path / "a.rows", DATA, block_rows=16, shuffle=False, columns=["a", "b", "c"])
    assert (rows.t, rows.n, rows.columns, rows.sizes.tolist()) == (100, 3, ("a", "b", "c"), [16] * 6 + [4])
    for read, given in zip(rows.in_memory(), DATA, strict=True):
        np.testing.assert_array_equal(read, given)
    net, J = cr.Network.dense([3, 2], seed=0), cr.SumOfSquares()
    np.testing.assert_array_equal(cr.gradient(net, J, rows).theta, cr.gradient(net, J, DATA).theta)


def test_a_packed_file_is_a_safetensors_file(tmp_path: Path) -> None:
    """Any reader of safetensors finds X, Y and weights in it, aligned to 64 bytes."""
    packed(tmp_path / "a.rows", DATA, block_rows=16, shuffle=False)
    tensors = safetensors.numpy.load_file(tmp_path / "a.rows")
    np.testing.assert_array_equal(tensors["X"], DATA.X)
    np.testing.assert_array_equal(tensors["weights"], DATA.weights)
    assert (8 + int.from_bytes((tmp_path / "a.rows").read_bytes()[:8], "little")) % 64 == 0


@pytest.mark.parametrize("bucket_bytes", [1 << 28, 500], ids=["one bucket", "several buckets"])
def test_packing_shuffles_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket_bytes: int) -> None:
    """Shuffled rows are the same ones in another order, the same for one seed, and nothing is left beside the file."""
    monkeypatch.setattr(packing, "BUCKET_BYTES", bucket_bytes)
    first = packed(tmp_path / "a.rows", DATA, block_rows=16, seed=1).in_memory()
    again = packed(tmp_path / "b.rows", DATA, block_rows=8, seed=1).in_memory()
    other = packed(tmp_path / "c.rows", DATA, block_rows=16, seed=2).in_memory()
    together = [np.column_stack(data) for data in (first, again, other, DATA)]  # type: ignore[arg-type]
    np.testing.assert_array_equal(together[0], together[1])
    assert not (together[0] == together[2]).all()
    for rows in together[:3]:
        assert not (rows == together[3]).all()
        np.testing.assert_array_equal(np.sort(rows[:, 0]), np.sort(together[3][:, 0]))
        np.testing.assert_array_equal(rows[np.argsort(rows[:, 0])], together[3][np.argsort(together[3][:, 0])])
    assert sorted(os.listdir(tmp_path)) == ["a.rows", "b.rows", "c.rows"]


def test_all_orders_of_two_buckets_are_equally_likely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over 720 seeds the 6 orders of 3 rows in two buckets come with χ² below 20.5, the 99.9 % point."""
    monkeypatch.setattr(packing, "BUCKET_BYTES", 16)
    X = np.arange(3.0)[:, None]
    pieces = list(packing._records(packing.Form(3, 1, (1,), False), [Piece(X, X, None)]))
    counts: dict[tuple[float, ...], int] = {}
    for seed in range(720):
        form = packing.Form(3, 1, (1,), False)
        again = [Piece(records["X"], records["Y"], None) for records in pieces]
        buckets = packing._shuffled_buckets(form, again, seed, str(tmp_path))
        order = tuple(np.concatenate([bucket["X"][:, 0] for bucket in buckets]).tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert sum((count - 120) ** 2 / 120 for count in counts.values()) < 20.5


def test_packed_rows_can_be_packed_again(tmp_path: Path) -> None:
    """Rows are packed from other rows, of any blocks, without having all of them in memory."""
    first = packed(tmp_path / "a.rows", DATA, block_rows=16, shuffle=False, columns=["a", "b", "c"])
    second = packed(tmp_path / "b.rows", first, block_rows=4, shuffle=False)
    assert second.columns == ("a", "b", "c")
    for read, given in zip(second.in_memory(), DATA, strict=True):
        np.testing.assert_array_equal(read, given)


def test_classes_stay_integers(tmp_path: Path) -> None:
    """Integer classes are written as such, and a cost for classes takes them."""
    classes = np.arange(100) % 3
    rows = packed(tmp_path / "a.rows", DATA.X, classes, block_rows=16, shuffle=False)
    assert rows.in_memory().Y.dtype == np.int32
    net = cr.Network.dense([3, 3], output="softmax", seed=0)
    J = cr.CrossEntropy()
    assert J(net, rows) == J(net, DATA.X, classes)


def test_a_split_divides_the_blocks(tmp_path: Path) -> None:
    """Both parts together have each row once; a tenth of 7 blocks is one block."""
    rows = packed(tmp_path / "a.rows", DATA, block_rows=16, shuffle=False)
    training, held_out = rows.split(0.1)
    assert (len(training.sizes), len(held_out.sizes)) == (6, 1)
    both = np.concatenate([np.asarray(part.in_memory().X) for part in (training, held_out)])
    np.testing.assert_array_equal(np.sort(both[:, 0]), np.sort(np.asarray(DATA.X)[:, 0]))


WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("NaN", ([[np.nan]], [[1.0]]), {}, "X must be finite"),
    ("too large for float32", ([[1e300]], [[1.0]]), {}, "X must be finite"),
    ("lengths", ([[1.0], [2.0]], [[1.0]]), {}, "one label per row of X, 2"),
    ("no Y", ([[1.0]],), {}, "Y must be an array of labels"),
    ("negative classes", ([[1.0]], [-1]), {}, "classes from 0"),
    ("names", ([[1.0]], [[1.0]]), {"columns": ["a", "b"]}, "columns must be 1 names"),
    ("shuffle", ([[1.0]], [[1.0]]), {"shuffle": 1}, "shuffle must be True or False"),
    ("seed", ([[1.0]], [[1.0]]), {"seed": -1}, "seed must be an integer"),
]


@pytest.mark.parametrize(("given", "options", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_rows_are_not_packed(
    tmp_path: Path, given: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    """Wrong rows are an InputError, and no file is written."""
    with pytest.raises(cr.InputError, match=message):
        cr.Rows.pack(tmp_path / "a.rows", *given, **options)
    assert os.listdir(tmp_path) == []


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    """A file without its end, or with a part of its header, is not opened."""
    path = tmp_path / "a.rows"
    packed(path, DATA, block_rows=16)
    whole = path.read_bytes()
    for length in [*range(0, 1200, 97), len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(cr.FileFormatError, match=r"a\.rows"):
            cr.Rows.open(path)


def test_each_changed_byte_is_noticed(tmp_path: Path) -> None:
    """Wherever a bit of the file is changed, opening or reading it is an error that names the file."""
    path = tmp_path / "a.rows"
    packed(path, examples(t=20), block_rows=8)
    whole, intact = path.read_bytes(), 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            data = cr.Rows.open(path).in_memory()
        except (cr.FileFormatError, cr.RowsError):
            continue
        else:
            assert whole[place] == ord(" ")  # those that end the header
            np.testing.assert_array_equal(
                np.sort(np.asarray(data.X)[:, 0]), np.sort(np.asarray(examples(t=20).X)[:, 0])
            )
            intact += 1
    assert intact < len(whole) // 70


def test_other_files_are_refused_by_their_kind(tmp_path: Path) -> None:
    """A network is not rows, and the message names its reader; rows are no network."""
    net = cr.Network.dense([1, 1])
    net.save(tmp_path / "net.safetensors")
    with pytest.raises(cr.FileFormatError, match=r"holds a 'network'; expected a 'rows'. Read it by chainrule.load"):
        cr.Rows.open(tmp_path / "net.safetensors")
    packed(tmp_path / "a.rows", DATA, block_rows=16)
    with pytest.raises(cr.FileFormatError, match=r"holds a 'rows'.*chainrule.Rows.open"):
        cr.load(tmp_path / "a.rows")
    with pytest.raises(FileNotFoundError):
        cr.Rows.open(tmp_path / "none.rows")


@pytest.mark.parametrize(
    "change",
    [
        lambda outer: outer["X"].update(shape=[100, 4]),
        lambda outer: outer["X"].update(dtype="F64"),
        lambda outer: outer["Y"].update(data_offsets=[0, -8]),
        lambda outer: outer["Y"].update(shape=[50, 4]),
        lambda outer: outer.pop("X"),
        lambda outer: outer["X"].update(shape=[-100, -3]),
        lambda outer: outer.pop("block_crc32"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, change: Any) -> None:
    """A header whose tensors do not fit each other or the file is an error, not a wrong reading."""
    path = tmp_path / "a.rows"
    packed(path, DATA, block_rows=16)
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    outer = json.loads(whole[8 : 8 + length])
    change(outer)
    path.write_bytes(whole[:8] + json.dumps(outer).encode().ljust(length) + whole[8 + length :])
    with pytest.raises(cr.FileFormatError, match=r"a\.rows is not a complete file of rows"):
        cr.Rows.open(path)
