"""``chainrule pack`` writes a file of rows, says what it did, and refuses a wrong line."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.command import chainrule, table

import chainrule as cr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder ``big`` of two Parquet files with the columns a, b, c and kind."""
    (tmp_path / "big").mkdir()
    columns = dict(zip(("a", "b", "c", "kind"), map(list, zip(*table(), strict=True)), strict=True))
    for k in range(2):
        pq.write_table(pa.table(columns), tmp_path / "big" / f"part-{k}.parquet")
    return tmp_path


def test_a_folder_is_packed(folder: Path) -> None:
    """The file holds the rows of all files, and the task and its reason are said."""
    with contextlib.chdir(folder):
        done = chainrule("pack", "big", "--target", "kind", "--drop", "c", "--out", "train.rows")
        assert done.code == 0
        assert "target 'kind': classification, because it holds text." in done.err
        rows = cr.Rows.open("train.rows")
        assert (rows.t, rows.columns) == (2 * len(table()), ("a", "b"))
        assert chainrule("pack", "big", "--target", "kind", "--out", "train.rows").code == 2
        assert chainrule("pack", "big", "--target", "kind", "--out", "train.rows", "--force", "--quiet").err == ""


def test_text_files_are_packed(folder: Path) -> None:
    """A folder of text files is one table, read with the options of the line; in memory it is refused."""
    (folder / "texts").mkdir()
    for k in range(2):
        (folder / "texts" / f"{k}.txt").write_text("a/b\n1/2\n3/4\n5/6\n", encoding="utf-8")
    with contextlib.chdir(folder):
        done = chainrule("pack", "texts", "--target", "b", "--sep", "/", "--out", "texts.rows")
        assert done.code == 0, done.err
        assert cr.Rows.open("texts.rows").t == 6
        refusal = "texts is a folder. Give one of its files, or pack them"
        assert refusal in chainrule("train", "texts", "--target", "b").err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("big --target nobody --out x.rows", "no column 'nobody'"),
        ("big --target kind --out x.safetensors", "ends in .rows"),
        ("big --target kind --out x.rows --task sorting", "--task must be"),
        ("big --target kind --out x.rows --sep ;", "are for text files"),
        ("big --target kind --out x.rows --drop kind", "cannot be the target"),
        ("big --target kind --out x.rows --drop a,kind", "'kind' cannot be the target"),
        ("big --target kind --out x.rows --weights a,b", "--weights: big has no column 'a,b'"),
        ("nowhere --target kind --out x.rows", "there is no file 'nowhere'"),
    ],
    ids=["target", "ending", "task", "text-option", "target-dropped", "both-dropped", "two-weights", "source"],
)
def test_a_wrong_line_is_refused(folder: Path, line: str, words: str) -> None:
    """The exit code is 2, one line names the option, and nothing is written."""
    with contextlib.chdir(folder):
        done = chainrule("pack", *line.split())
    assert done.code == 2
    assert words in done.err
    assert not (folder / "x.rows").exists()
