"""``chainrule train`` takes packed rows: it tests on random blocks, and the model predicts tables as they are."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from support.command import chainrule

from chainrule.cli.packed import room
from chainrule.rows import packing
from chainrule.tables import TableModel

T = 1_200
QUICK = ("--layers", "8", "--epochs", "3")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table new.csv of a and y = 2a, and k = "hi" for positive a; and its rows in blocks of 64."""
    monkeypatch.setattr(packing, "BLOCK_BYTES", 4 * 64)
    a = np.random.default_rng(0).normal(size=T)
    lines = [f"{x:.6f},{2 * x:.6f},{'hi' if x > 0 else 'lo'}" for x in a]
    (tmp_path / "new.csv").write_text("\n".join(["a,y,k", *lines]) + "\n", encoding="utf-8")
    with contextlib.chdir(tmp_path):
        assert chainrule("pack", "new.csv", "--target", "y", "--drop", "k", "--out", "y.rows").code == 0
        assert chainrule("pack", "new.csv", "--target", "k", "--drop", "y", "--out", "k.rows").code == 0
    return tmp_path


@pytest.mark.parametrize(("target", "measure"), [("y", "RMSE"), ("k", "accuracy")])
def test_rows_are_trained_on_and_tested(folder: Path, target: str, measure: str) -> None:
    """A fifth of the blocks is for the test; the model knows the names of the table, and evaluates it."""
    with contextlib.chdir(folder):
        trained = chainrule("train", f"{target}.rows", *QUICK)
        assert trained.code == 0, trained.err
        assert f"{target}.rows: 944 training rows and 256 test rows." in trained.err
        assert measure in trained.out
        model = TableModel.load(f"{target}.safetensors")
        assert model.target_names == (target,)
        assert chainrule("evaluate", f"{target}.safetensors", "new.csv").code == 0


def test_quantiles_labels_and_weights_are_trained(folder: Path) -> None:
    """Quantiles of packed numbers, weights of the rows, and several labels have their own results."""
    with contextlib.chdir(folder):
        assert "pinball" in chainrule("train", "y.rows", *QUICK, "--quantiles", ".1,.5,.9", "--time-limit", "300").out
        assert chainrule("train", "k.rows", *QUICK, "--class-weight", "hi=2", "--out", "w.safetensors").code == 0
        lines = [f"{k % 7},{k % 3},{k % 2},{int(k % 7 > 3)}" for k in range(T)]
        Path("labels.csv").write_text("\n".join(["a,w,one,two", *lines]) + "\n", encoding="utf-8")
        done = chainrule("pack", "labels.csv", "--target", "one,two", "--weights", "w", "--out", "labels.rows")
        assert done.code == 0, done.err
        assert f"{T * 2 // 3} rows, 1 input columns" in done.err
        assert "subset accuracy" in chainrule("train", "labels.rows", *QUICK).out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--target y", "--target does not go with packed rows"),
        ("--folds 3", "--folds does not go"),
        ("--report r.html", "--report does not go"),
        ("--from y.safetensors", "--from"),
    ],
    ids=["target", "folds", "report", "from"],
)
def test_what_does_not_go_with_rows_is_refused(folder: Path, options: str, words: str) -> None:
    """An option that only a table has is named, and nothing is written."""
    with contextlib.chdir(folder):
        done = chainrule("train", "y.rows", *options.split())
    assert done.code == 2
    assert words in done.err or "there is no file" in done.err
    assert not (folder / "y.safetensors").exists()


def test_few_rows_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows in one block leave none for the test."""
    monkeypatch.setattr(packing, "BLOCK_BYTES", 1 << 18)
    with contextlib.chdir(folder):
        assert chainrule("pack", "new.csv", "--target", "y", "--out", "one.rows").code == 0
        done = chainrule("train", "one.rows", *QUICK)
    assert done.code == 1
    assert "too few to hold some out" in done.err


def test_a_folder_larger_than_memory_names_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet files whose numbers would not fit into memory are refused with the command that packs them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    monkeypatch.setattr(room, "machine_memory", lambda: 10_000)
    (folder / "big").mkdir()
    pq.write_table(pa.table({"a": np.arange(T) / 7, "y": np.arange(T)}), folder / "big" / "a.parquet")
    with contextlib.chdir(folder):
        done = chainrule("train", "big", "--target", "y", *QUICK)
    assert done.code == 2
    assert "chainrule pack big --target y --out big.rows" in done.err
