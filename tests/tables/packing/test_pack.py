"""A table is packed as its encoder maps it, from memory or from a stream, and the file carries encoder and target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import chainrule as cr
from chainrule.rows import packing
from chainrule.tables import TableEncoder, pack
from chainrule.tables.packing import table_stream
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.packing.parquet_tables import ParquetTables
from chainrule.tables.packing.table_stream import rank_error
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

T = 3_000


def table(t: int = T, **others: Any) -> pa.Table:
    """Numbers with a gap in the first row, texts of which the last row's occurs once, codes, a target and a class."""
    rng = np.random.default_rng(0)
    a = rng.lognormal(size=t)
    a[0] = np.nan
    columns = {
        "a": a,
        "text": [*rng.choice(["u", "v", "w"], t - 1), "rare"],
        "code": rng.integers(0, 4, t),
        "date": np.datetime64("2020-01-01") + rng.integers(0, 900, t),
        "y": 1e6 + rng.normal(size=t),
        "label": [*rng.choice(["no", "yes"], t - 1), "perhaps"],
    }
    return pa.table({**columns, **others})


def written(folder: Path, whole: pa.Table, parts: int = 3) -> Path:
    """Writes a table as some files with row groups of 500 rows."""
    folder.mkdir()
    size = -(-len(whole) // parts)
    for k in range(parts):
        pq.write_table(whole.slice(k * size, size), folder / f"part-{k}.parquet", row_group_size=500)
    return folder


@pytest.fixture
def small_samples(monkeypatch: pytest.MonkeyPatch) -> int:
    """Samples of 600 rows, and pieces of 64."""
    monkeypatch.setattr(table_stream, "SAMPLED_ROWS", 600)
    monkeypatch.setattr(table_stream, "FEWEST_SAMPLED", 600)
    monkeypatch.setattr(table_stream, "MOST_ROWS", 64)
    return 600


def in_order(X: Any) -> Any:
    """Sorts rows, so that two orders can be compared."""
    return X[np.lexsort(X.T)]


def test_rows_are_those_of_the_encoder(tmp_path: Path) -> None:
    """A table that a sample holds is encoded as TableEncoder does, from files or memory; mean and deviation agree."""
    whole = table()
    inputs = whole.drop_columns(["y"])
    expected = TableEncoder(dtype="float32").fit(inputs).transform(inputs)
    packed = pack(written(tmp_path / "big", whole), tmp_path / "a.rows", target="y")
    assert packed.about["sampled"] == packed.rows.t == T
    data = packed.rows.in_memory()
    assert_array_equal(in_order(data.X), in_order(expected))
    assert packed.rows.columns == tuple(packed.encoder.get_feature_names_out())
    y = whole["y"].to_numpy()
    assert isinstance(packed.target, NumericLabels)
    assert_allclose([packed.target.mean[0], packed.target.deviation[0]], [y.mean(), y.std()], rtol=1e-12)
    assert_allclose(np.sort(packed.target.restored(data.Y)), np.sort(y), rtol=1e-7)
    csv = tmp_path / "a.csv"
    whole.to_pandas().to_csv(csv, index=False)
    of_csv = pack(csv, tmp_path / "b.rows", target="y", drop=["date"]).rows
    without_date = [k for k, name in enumerate(packed.rows.columns) if not name.startswith("date")]
    assert_array_equal(in_order(of_csv.in_memory().X), in_order(expected[:, without_date]))


def test_levels_and_classes_of_a_stream_are_counted_in_all_rows(tmp_path: Path, small_samples: int) -> None:
    """A text and a class that occur once in 3,000 rows are known, although a sample of 600 rows lacks them."""
    folder = written(tmp_path / "big", table())
    packed = pack(folder, tmp_path / "a.rows", target="label", drop=["y"], seed=3)
    sample = ParquetTables(folder).sample(np.random.default_rng([3, 1]))
    assert sample.t == packed.about["sampled"] == small_samples
    assert "rare" not in sample.column("text").objects()
    assert packed.encoder.categories_["text"].levels == ("rare", "u", "v", "w")
    assert isinstance(packed.target, ClassLabels)
    assert packed.target.values.tolist() == ["no", "perhaps", "yes"]
    classes = packed.rows.in_memory().Y
    counts = {name: table()["label"].to_pylist().count(name) for name in ("no", "perhaps", "yes")}
    assert np.bincount(classes).tolist() == list(counts.values())
    assert_allclose(packed.target.shares, np.array(list(counts.values())) / T)


def test_quartiles_of_a_stream_are_those_of_a_sample(tmp_path: Path, small_samples: int) -> None:
    """The rank of the sampled median is within four standard errors of ½, and the error is said."""
    packed = pack(written(tmp_path / "big", table()), tmp_path / "a.rows", target="y", drop=["label"])
    a = table()["a"].to_numpy()
    error = rank_error(small_samples, T)
    assert error == pytest.approx(0.5 * np.sqrt(0.8 / 600), rel=1e-3)
    assert abs(np.mean(a[1:] <= packed.encoder.scale_.center[0]) - 0.5) < 4 * error
    assert f"{error:.2%}" in packed.descriptions()[1]


def test_each_set_of_rows_is_equally_likely(tmp_path: Path, small_samples: int) -> None:
    """Means of 200 samples of 600 rows have the variance of sampling without repetition, (1 − s/t) σ²/s."""
    x = np.arange(1_500.0)
    stream = ParquetTables(written(tmp_path / "big", pa.table({"x": x})))
    means = [np.mean(stream.sample(np.random.default_rng(k)).floats(["x"])) for k in range(100)]
    sigma = np.sqrt((1 - 600 / 1_500) * x.var(ddof=1) / 600)
    assert abs(np.mean(means) - x.mean()) < 4 * sigma / 10
    assert 0.7 < np.std(means) / sigma < 1.3  # four standard errors


def test_a_level_beyond_the_most_is_other(tmp_path: Path, small_samples: int) -> None:
    """Where all rows have more levels than are kept, the most frequent ones of all rows are kept."""
    text = np.array([f"t{k % 3}" for k in range(T)], dtype=object)
    text[::1_000] = "seldom"
    folder = written(tmp_path / "big", table(text=pa.array(text)))
    packed = pack(folder, tmp_path / "a.rows", target="y", drop=["label"], max_levels=3, seed=1)
    assert packed.encoder.categories_["text"].has_other


def test_the_record_stays_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of packed rows, and rows packed again, keep encoder and target; rows of arrays have none."""
    monkeypatch.setattr(packing, "BLOCK_BYTES", 1 << 14)
    options: dict[str, Any] = {"target": ["y", "code"], "task": "regression", "drop": ["label"]}
    packed = pack(written(tmp_path / "big", table()), tmp_path / "a.rows", **options)
    assert packed.rows.label_shape == (2,)
    for rows in (*packed.rows.split(0.2), cr.Rows.pack(tmp_path / "b.rows", packed.rows)):
        again = PackedTable.of(rows)
        assert again.encoder.describe() == packed.encoder.describe()
        assert isinstance(packed.target, NumericLabels)
        assert isinstance(again.target, NumericLabels)
        assert_array_equal(again.target.mean, packed.target.mean)
    with pytest.raises(cr.InputError, match="without an encoder"):
        PackedTable.of(cr.Rows.pack(tmp_path / "c.rows", np.eye(3), np.ones(3)))


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    """A changed byte in the tensors of the encoder is found when the file is opened."""
    path = tmp_path / "a.rows"
    pack(written(tmp_path / "big", table()), path, target="y", drop=["label"])
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(cr.FileFormatError, match="damaged"):
        cr.Rows.open(path)


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"y": [*np.arange(T - 1.0), None]}, {}, r"part-2\.parquet \(after row 948\).*no value in row 52"),
        ({"y": np.ones(T)}, {"task": "regression"}, "nothing to learn"),
        ({"y": [*np.arange(T - 1.0), np.inf]}, {}, "infinite"),
        ({"a": [*np.arange(T - 1.0), np.inf]}, {}, r"'a' of .*part-2.*after row 948\) is infinite in row 52"),
        ({"y": ["a"] * T}, {}, "two classes"),
        ({}, {"target": ["y", "text"]}, "must all be numbers, or all be classes"),
        ({}, {"target": "z"}, "has no column 'z'"),
        ({}, {"task": "multilabel"}, "task must be"),
        ({}, {"drop": ["a", "text", "code", "date", "label"]}, "no column besides"),
    ],
    ids=["gap", "constant", "infinite-target", "infinite", "one-class", "mixed", "unknown", "task", "no-input"],
)
def test_what_cannot_be_packed_is_named(
    tmp_path: Path, small_samples: int, changes: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    """A row that is not in the sample is refused with its file and its place, and nothing is written."""
    whole = table(**{name: pa.array(values) for name, values in changes.items()})
    folder = written(tmp_path / "big", whole)
    with pytest.raises(cr.InputError, match=words):
        pack(folder, tmp_path / "a.rows", **{"target": "y", "drop": ["label"], **options})
    assert not (tmp_path / "a.rows").exists()


def test_files_must_have_the_same_columns(tmp_path: Path) -> None:
    """A column of another type in a later file is named."""
    folder = written(tmp_path / "big", table())
    pq.write_table(table(a=[str(k) for k in range(T)]), folder / "part-9.parquet")
    with pytest.raises(cr.InputError, match=r"part-9.*'a' is string, and double"):
        pack(folder, tmp_path / "a.rows", target="y")
