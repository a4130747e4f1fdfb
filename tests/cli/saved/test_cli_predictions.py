"""``chainrule predict``: columns beside the predictions, probabilities, intervals, formats, standard input."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest
from support.command import HEADER, QUICK, chainrule, piped, read_csv, table, write_csv

from chainrule.cli import models
from chainrule.cli.inputs.sources import read_with_arrow
from chainrule.cli.saved import kept_columns

ROWS = [row[:3] for row in table(20, seed=1)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of two classes, "kind", and of a number, "y"; and new rows that have an identifier."""
    folder = tmp_path_factory.mktemp("trained")
    write_csv(folder / "k.csv", table())
    write_csv(folder / "y.csv", [[*row[:3], 100 + 5 * float(str(row[0]))] for row in table()], [*HEADER[:3], "y"])
    write_csv(folder / "new.csv", [[f"{k:03}", *row] for k, row in enumerate(ROWS)], ["id", *HEADER[:3]])
    with contextlib.chdir(folder):
        for name, column in (("k", "kind"), ("y", "y")):
            assert chainrule("train", f"{name}.csv", "--target", column, *QUICK, "--quiet").code == 0
    return folder


@pytest.fixture(autouse=True)
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a copy of that folder."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


NAMES = [
    # the model, the rows, the options, the names of the columns that are written
    ("k", "new.csv", "", ["kind"]),
    ("k", "new.csv", "--keep id", ["id", "kind"]),
    ("k", "new.csv", "--keep b --keep id", ["b", "id", "kind"]),
    ("k", "new.csv", "--keep b,id", ["b", "id", "kind"]),
    ("k", "new.csv", "--keep c --keep b,id,c", ["c", "b", "id", "kind"]),
    ("k", "new.csv", "--with-rows", ["id", "a", "b", "c", "kind"]),
    (
        "k",
        "k.csv",
        "--with-rows --proba",
        ["a", "b", "c", "kind", "predicted_kind", "probability_no", "probability_yes"],
    ),
    ("k", "new.csv", "--proba", ["kind", "probability_no", "probability_yes"]),
    ("y", "new.csv", "", ["y"]),
    ("y", "new.csv", "--keep id --interval 0.5", ["id", "y", "y_low", "y_high"]),
    ("y", "y.csv", "--keep y --interval 0.5", ["y", "predicted_y", "predicted_y_low", "predicted_y_high"]),
]


@pytest.mark.parametrize(("model", "rows", "options", "names"), NAMES)
def test_columns_of_the_predictions(model: str, rows: str, options: str, names: list[str]) -> None:
    """The prediction is named after the target and follows the columns that are kept, in CSV and JSON Lines alike."""
    command = ["predict", f"{model}.safetensors", rows, *options.split()]
    csv, jsonl = chainrule(*command), chainrule(*command, "--format", "jsonl")
    assert (csv.code, csv.err, jsonl.code, jsonl.err) == (0, "", 0, "")
    assert csv.out.splitlines()[0].split(",") == names
    assert list(json.loads(jsonl.out.splitlines()[0])) == names


def test_kept_columns_are_those_of_the_file() -> None:
    """Kept columns hold the texts of a CSV file; the interval is that of the model in Python, to the last bit."""
    answer = chainrule("predict", "y.safetensors", "new.csv", "--with-rows", "--interval", 0.5)
    lines = Path("new.csv").read_text(encoding="utf-8").splitlines()
    assert [line.rsplit(",", 3)[0] for line in answer.out.splitlines()] == lines
    ends = models.load_model("y.safetensors").predict_interval(np.array(ROWS, dtype=np.float64), 0.5)
    assert [[float(row["y_low"]), float(row["y_high"])] for row in read_csv(answer.out)] == ends.tolist()


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_a_threshold_decides_between_two_classes(threshold: float) -> None:
    """The second of two classes is written where its probability, which stays as it is, is at least the threshold."""
    plain = read_csv(chainrule("predict", "k.safetensors", "new.csv", "--proba").out)
    command = ("predict", "k.safetensors", "new.csv", "--threshold", threshold)
    decided = read_csv(chainrule(*command, "--proba").out)
    second = [row["probability_yes"] for row in plain]
    assert [row["probability_yes"] for row in decided] == second
    assert [row["kind"] for row in decided] == ["yes" if float(p) >= threshold else "no" for p in second]
    assert read_csv(chainrule(*command).out) == [{"kind": row["kind"]} for row in decided]


def test_predictions_are_the_same_in_every_format(here: Path) -> None:
    """Standard output and files of every format hold the same; rows of every format, also in a pipe, give the same."""
    columns = {"id": list(range(20)), **dict(zip(HEADER, np.array(ROWS, dtype=np.float64).T, strict=False))}
    arrow = pyarrow.table(columns)
    pyarrow.parquet.write_table(arrow, here / "new.parquet")
    pyarrow.feather.write_feather(arrow, here / "new.feather")
    np.savez(here / "new.npz", X=np.array(ROWS, dtype=np.float64))
    lines = [json.dumps({"id": k, "c": c, "b": b, "a": a}) for k, (a, b, c) in enumerate(ROWS)]
    (here / "new.jsonl").write_text("\n".join(lines), encoding="utf-8")
    expected = chainrule("predict", "k.safetensors", "new.csv", "--proba").out
    for source in ("new.parquet", "new.feather", "new.npz", "new.jsonl"):
        assert chainrule("predict", "k.safetensors", source, "--proba").out == expected, source
        answer = piped((here / source).read_bytes(), "predict", "k.safetensors", "-", "--proba", "--out", "-")
        assert (answer.out, answer.err) == (expected, ""), source
    for name in ("p.csv", "p.jsonl", "p.parquet"):
        answer = chainrule("predict", "k.safetensors", "new.csv", "--proba", "--out", name)
        assert (answer.code, answer.out, answer.err) == (0, "", f"Wrote 20 predictions to {name}.\n")
    assert (here / "p.csv").read_text(encoding="utf-8") == expected
    rows = [
        {name: value if name == "kind" else float(value) for name, value in row.items()} for row in read_csv(expected)
    ]
    assert [json.loads(line) for line in (here / "p.jsonl").read_text(encoding="utf-8").splitlines()] == rows
    assert pyarrow.parquet.read_table(here / "p.parquet").to_pylist() == rows
    command = [
        sys.executable,
        "-m",
        "chainrule",
        "predict",
        "k.safetensors",
        "new.csv",
        "--format",
        "parquet",
        "--proba",
    ]
    written = subprocess.run(command, capture_output=True, check=True).stdout
    assert pyarrow.parquet.read_table(io.BytesIO(written)).to_pylist() == rows


KEPT = [
    # the texts of a column of a CSV file, and what a format with types has of them
    (["1", "-20", ""], [1, -20, None]),
    (["9007199254740993", "1", "2"], [9007199254740993, 1, 2]),
    (["1.50", "2", "1e3"], [1.5, 2.0, 1000.0]),
    (["007", "12", "13"], ["007", "12", "13"]),
    (["1", "x", ""], ["1", "x", None]),
    (["", "", ""], [None, None, None]),
]


@pytest.mark.parametrize(("texts", "values"), KEPT)
def test_texts_of_numbers_have_types_again(here: Path, texts: list[str], values: list[object]) -> None:
    """In a format with types, texts of a CSV file that are all numbers become numbers, unless zeros lead."""
    write_csv(here / "n.csv", [[text, "x"] for text in texts], ["n", "other"])
    source, arrow = read_with_arrow("n.csv")
    assert kept_columns.chosen(source, arrow, ["n"], has_types=True)["n"].to_pylist() == values
    assert kept_columns.chosen(source, arrow, ["n"], has_types=False)["n"].to_pylist() == texts


def test_kept_columns_of_typed_files(here: Path) -> None:
    """Integers of 64 bits, times, decimals and gaps of a Parquet file are kept; lists only in a Parquet file."""
    columns = dict(zip(HEADER, np.array(ROWS[:2], dtype=np.float64).T, strict=False))
    odd = {
        "whole": pyarrow.array([2**63 - 1, None]),
        "time": pyarrow.array([datetime.datetime(2026, 1, 2, 3, 4, 5), None], pyarrow.timestamp("s")),
        "price": pyarrow.array([decimal.Decimal("1.10"), None]),
        "word": pyarrow.array(["=1+1", None]).dictionary_encode(),
        "wide": pyarrow.array([[1, 2], None]),
    }
    pyarrow.parquet.write_table(pyarrow.table({**columns, **odd}), here / "odd.parquet")
    keep = [part for name in odd if name != "wide" for part in ("--keep", name)]
    answer = chainrule("predict", "k.safetensors", "odd.parquet", *keep, "--safe-csv")
    rows = [list(row.values())[:4] for row in read_csv(answer.out)]
    assert rows == [[str(2**63 - 1), "2026-01-02 03:04:05.000", "1.10", "'=1+1"], ["", "", "", ""]]
    answer = chainrule("predict", "k.safetensors", "odd.parquet", "--keep", "wide")
    assert (answer.code, answer.out) == (1, "")
    assert "column 'wide' holds values of the type list<" in answer.err
    assert chainrule("predict", "k.safetensors", "odd.parquet", "--with-rows", "--out", "p.parquet").code == 0
    kept = pyarrow.parquet.read_table(here / "p.parquet").select(list(odd)).to_pydict()
    assert kept == {name: column.to_pylist() for name, column in odd.items()}


REFUSED = [
    # the command, the exit code, a part of the message
    ("k.safetensors new.csv --keep idd", 2, "--keep: new.csv has no column 'idd'; did you mean 'id'?"),
    ("k.safetensors new.csv --keep a,idd", 2, "--keep: new.csv has no column 'idd'; did you mean 'id'?"),
    ("k.safetensors new.csv --interval 0.9", 2, "--interval: the model predicts a class, which has no interval"),
    ("y.safetensors new.csv --proba", 2, "--proba: the model predicts a number, which has no probabilities"),
    ("y.safetensors new.csv --interval 1.5", 2, "--interval: coverage must be a finite number > 0 and ≤ 1; got 1.5"),
    ("y.safetensors new.csv --threshold 0.3", 2, "--threshold is for classification; this is a regression model"),
    ("k.safetensors new.csv --threshold nan", 2, "--threshold: the probability must be"),
    ("y.safetensors new.csv --interval 0.9999", 2, "--interval: coverage"),
    ("k.safetensors x.npz --keep id", 2, "x.npz has columns without names; --keep needs names"),
    ("k.safetensors new.csv --format json", 2, "--format: give csv, jsonl, parquet; got 'json'"),
    ("k.safetensors new.csv --format csv --out p.jsonl", 2, "--format: p.jsonl is named as jsonl, not as csv"),
    ("k.safetensors new.csv --format jsonl --safe-csv", 2, "--safe-csv is for CSV"),
    ("k.safetensors taken.csv --with-rows --proba", 2, "a column 'probability_no', which is also the name of a result"),
    ("- new.csv", 2, "a model is not read from standard input"),
    ("k.safetensors list.jsonl", 1, "list.jsonl is a JSON file; expected JSON Lines in UTF-8: one object a line"),
    ("k.safetensors cut.jsonl", 1, "cut.jsonl does not hold one JSON object a line"),
]


@pytest.mark.parametrize(("command", "code", "message"), REFUSED)
def test_wrong_predictions_are_refused(here: Path, command: str, code: int, message: str) -> None:
    """A column or a result that is not there is an error of one line, and nothing is written."""
    np.savez(here / "x.npz", X=np.array(ROWS, dtype=np.float64))
    write_csv(here / "taken.csv", [[*row, 1] for row in ROWS], [*HEADER[:3], "probability_no"])
    (here / "list.jsonl").write_text('[{"a": 1}]', encoding="utf-8")
    (here / "cut.jsonl").write_text('{"a": 1}\n{"a":', encoding="utf-8")
    answer = chainrule("predict", *command.split())
    assert (answer.code, answer.out, answer.err.count("\n")) == (code, "", 1)
    assert message in answer.err


STDIN = [
    # what standard input holds, the exit code, a part of stderr
    (b"", 1, "standard input is empty"),
    (b"a,b\n1,2\n", 1, "standard input has no column 'c'"),
    (b"a,b,c\n1,2\n", 1, "standard input"),
    (b'{"a": 1, "b": 2}\n', 1, "standard input has no column 'c'"),
    (b"%PDF-1.7", 1, "standard input is a PDF document"),
]


@pytest.mark.parametrize(("data", "code", "message"), STDIN)
def test_errors_name_standard_input(
    here: Path, data: bytes, code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad rows in a pipe are told as those of a file, under the name standard input; the temporary file is gone."""
    (here / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here / "temporary"))
    answer = piped(data, "predict", "k.safetensors", "-")
    assert (answer.code, answer.out) == (code, "")
    assert message in answer.err
    assert "temporary" not in answer.err
    assert not list((here / "temporary").iterdir())


def test_a_table_in_a_pipe_is_trained_on(here: Path) -> None:
    """``chainrule train -`` reads standard input, and names the model model.safetensors."""
    answer = piped((here / "k.csv").read_bytes(), "train", "-", "--target", "kind", *QUICK, "--quiet")
    assert answer.code == 0, answer.err
    assert "test rows of standard input" in answer.out
    assert chainrule("predict", "model.safetensors", "k.csv").out.startswith("kind\n")
