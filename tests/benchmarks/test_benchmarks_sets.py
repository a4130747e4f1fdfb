"""The sets of real tables: their splits, their files, and the forms in which each model gets text and gaps."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.tables import frames
from benchmarks.tables.sets import SETS, DataSet, DataSplit, divided, mixed, order_of_rows, pmlb, uci
from benchmarks.tables.sets.mixed import MIXED
from benchmarks.tables.sets.pmlb import PMLB
from benchmarks.tables.sets.uci import UCI
from benchmarks.tables.worker import measured

CAP = 100


def test_every_set_has_its_splits() -> None:
    """No name occurs twice; PMLB's sets alone are capped; small sets without published splits have three."""
    assert (len(UCI), len(pmlb.REGRESSION), len(pmlb.CLASSIFICATION), len(MIXED)) == (5, 29, 24, 7)
    assert len(SETS) == 5 + 29 + 24 + 7 + 1
    assert [one for one in SETS.values() if one.is_capped] == PMLB
    assert {one.name: len(one.splits) for one in (*PMLB, *MIXED)} == {
        one.name: 3 if one.rows < 2000 else 1 for one in (*PMLB, *MIXED)
    }


def test_each_class_has_its_share_of_every_part() -> None:
    """Of any first part of the order, each class has its share to within one row; every row occurs once."""
    y = np.random.default_rng(0).choice(3, 200, p=(0.7, 0.25, 0.05))
    order = order_of_rows(y, "classification", 4)
    assert sorted(order) == list(range(200))
    for part in (10, 40, 133):
        for label in range(3):
            assert abs((y[order[:part]] == label).sum() - part * (y == label).mean()) < 2


def test_a_split_depends_on_its_number_alone() -> None:
    """The same number gives the same rows, another gives others; none is both trained on and tested."""
    X, y = np.arange(100.0)[:, None], np.arange(100.0)
    one, same, other = (divided(X, y, "regression", seed, 1000) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.X, same.X)
    np.testing.assert_array_equal(one.y_test, same.y_test)
    assert set(one.y_test) != set(other.y_test)
    assert len(one.y_test) == 20
    assert set(one.y) | set(one.y_test) == set(y)
    np.testing.assert_array_equal(one.X[:, 0], one.y)


def test_a_cap_takes_rows_from_training_alone() -> None:
    """A limit keeps the test rows and leaves a part of the training rows."""
    X, y = np.arange(100.0)[:, None], np.arange(100.0)
    free, capped = (divided(X, y, "regression", 3, cap) for cap in (1000, 30))
    np.testing.assert_array_equal(free.X_test, capped.X_test)
    assert len(capped.y) == 30
    assert set(capped.y) < set(free.y)


def test_a_pmlb_file_is_read(tmp_path: Path) -> None:
    """Tab-separated numbers with a line of names; the last column is y, whole numbers for classes."""
    text = "a\tb\ttarget\n" + "".join(f"{k}\t{k / 4}\t{k % 2}\n" for k in range(10))
    with gzip.open(tmp_path / "small.tsv.gz", "wt", encoding="utf-8") as file:
        file.write(text)
    small = DataSet("small", "classification", "small.tsv.gz", 10, (0,), pmlb.read)
    assert small.is_present(tmp_path)
    split = small.read(tmp_path, 0, CAP)
    assert split.y.dtype == np.int64
    assert len(split.y_test) == 2
    np.testing.assert_array_equal(np.sort(np.concatenate([split.X, split.X_test])[:, 1]), np.arange(10) / 4)
    np.testing.assert_array_equal(split.X[:, 0] % 2, split.y)
    with pytest.raises(ValueError, match=r"small\.tsv\.gz: expected 9 rows, got 10"):
        replace(small, rows=9).read(tmp_path, 0, CAP)


def test_fixed_splits_are_read(tmp_path: Path) -> None:
    """Files of row and column numbers choose the rows and columns, whatever the limit."""
    place = tmp_path / "uci_small"
    place.mkdir()
    np.savetxt(place / "data.txt", np.arange(12.0).reshape(4, 3))
    files = {"features": [0, 2], "target": [1], "train_1": [3, 0, 2], "test_1": [1]}
    for name, numbers in files.items():
        np.savetxt(place / f"index_{name}.txt", numbers)
    split = DataSet("small", "regression", "uci_small", 4, (1,), uci.read).read(tmp_path, 1, 1)
    np.testing.assert_array_equal(split.X, [[9, 11], [0, 2], [6, 8]])
    np.testing.assert_array_equal(split.y, [10, 1, 7])
    np.testing.assert_array_equal(split.X_test, [[3, 5]])
    np.testing.assert_array_equal(split.y_test, [4])


TEXT = "n;s;left;y\n" + "".join(
    f"{k};{'' if k % 5 == 0 else 'ab'[k % 2]};z;{'no' if k < 6 else 'yes'}\n" for k in range(10)
)


def test_a_mixed_table_is_read(tmp_path: Path) -> None:
    """A member of an archive is a frame with text and gaps, without the target and what is left out; no cap applies."""
    with zipfile.ZipFile(tmp_path / "small.zip", "w") as archive:
        archive.writestr("in/small.csv", TEXT)
    reader = partial(mixed.read, target="y", left_out=("left",), member="in/small.csv", sep=";")
    small = DataSet("small", "classification", "small.zip", 10, (0,), reader)
    split = small.read(tmp_path, 0, 1)
    assert list(split.X) == list(split.X_test) == ["n", "s"]
    assert frames.text_columns(split.X) == ["s"]
    both, y = pd.concat([split.X, split.X_test]), np.concatenate([split.y, split.y_test])
    assert (len(split.X), len(split.X_test)) == (8, 2)
    np.testing.assert_array_equal(y, both["n"] >= 6)  # classes are numbered by their names
    np.testing.assert_array_equal(both["s"].isna(), both["n"] % 5 == 0)
    with pytest.raises(ValueError, match=r"small\.zip: expected 9 rows, got 10"):
        replace(small, rows=9).read(tmp_path, 0, 1)


def test_columns_without_names_are_numbered(tmp_path: Path) -> None:
    """The published split of two files is kept; the first column is the class."""
    place = tmp_path / "higgs_7k"
    place.mkdir()
    for part, text in (("train", "1\t0.5\t2\n0\t0.25\t3\n"), ("test", "0\t1.5\t4\n")):
        (place / f"binary.{part}").write_text(text, encoding="utf-8")
    split = replace(SETS["higgs_7k"], rows=3).read(tmp_path, 0, 1)
    assert list(split.X) == ["1", "2"]
    assert (split.y.tolist(), split.y_test.tolist(), split.X_test.to_numpy().tolist()) == ([1, 0], [0], [[1.5, 4.0]])


def test_forms_of_frames() -> None:
    """Text becomes categories, or strings with a gap as a level; numbers and arrays stay as they are."""
    X = pd.DataFrame({"n": [1.0, np.nan, 3.0], "s": ["a", None, "b"]})
    assert frames.as_strings(X)["s"].tolist() == ["a", "missing", "b"]
    categories = frames.as_categories(X)
    assert categories["s"].cat.categories.tolist() == ["a", "b"]
    filled = frames.imputed(["s"]).fit_transform(categories)
    assert filled["n"].tolist() == [1.0, 2.0, 3.0]
    assert filled["s"].dtype == categories["s"].dtype
    assert frames.one_hot(["s"]).fit_transform(X).shape == (3, 4)  # a gap is an indicator too
    array = X[["n"]].to_numpy()
    assert frames.as_strings(array) is frames.as_categories(array) is array
    assert frames.text_columns(array) is None


@pytest.mark.parametrize("model", ["sklearn", "hist-gb"])
def test_peers_take_frames(model: str) -> None:
    """Text, gaps and levels that only test rows have are fitted and predicted by each peer's usual means."""
    random = np.random.default_rng(0)
    X = pd.DataFrame({"n": random.standard_normal(60), "s": random.choice(["a", "b"], 60)}).mask(
        random.random((60, 2)) < 0.1
    )
    X_test = pd.DataFrame({"n": [0.0, np.nan], "s": ["new", None]})
    y = np.arange(60) % 2
    answer = measured(model, "classification", DataSplit(X, y, X_test, np.array([0, 1])), 0, 1)
    assert (answer["rows"], answer["tested"]) == (60, 2)
    assert np.isfinite(answer["log_loss"])
