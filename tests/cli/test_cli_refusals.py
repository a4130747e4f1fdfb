"""Errors of the command line: the exit code, and one line on stderr with a remedy."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from support.command import HEADER, QUICK, chainrule, table, write_csv

from chainrule import files
from chainrule.cli import models


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of good and bad tables and files; k.safetensors is a model."""
    here = tmp_path_factory.mktemp("refusals")
    rows = table()
    write_csv(here / "k.csv", rows)
    with contextlib.chdir(here):
        assert chainrule("train", "k.csv", "--target", "kind", *QUICK).code == 0
    lines = (here / "k.csv").read_text(encoding="utf-8").splitlines()

    def variant(name: str, *more: str) -> None:
        (here / name).write_text("\n".join([*lines[:5], *more, *lines[5:]]) + "\n", encoding="utf-8")

    variant("ragged.csv", "1,2")
    variant("text.csv", "x,1,2,no")
    variant("infinite.csv", "inf,1,2,no")
    variant("no_target.csv", "1,1,2,")
    (here / "empty.csv").write_bytes(b"")
    (here / "header.csv").write_text("a,b,c,kind\n", encoding="utf-8")
    write_csv(here / "numbers_above.csv", rows, ["3", "1", "2", "4"])
    write_csv(here / "twice.csv", rows, ["a", "a", "c", "kind"])
    write_csv(here / "unnamed.csv", rows, ["", "b", "c", "kind"])
    write_csv(here / "one_class.csv", [[*row[:3], "yes"] for row in rows])
    write_csv(here / "same_number.csv", [[*row[:3], 1.5] for row in rows])
    write_csv(here / "constant.csv", [[1, 2, 3, row[3]] for row in rows])
    write_csv(here / "few.csv", rows[:9])
    write_csv(here / "dates.csv", [["2024-01-01", *row[1:]] for row in rows])
    write_csv(here / "narrow.csv", [row[1:3] for row in rows], ["b", "c"])
    write_csv(here / "only_target.csv", [[row[3]] for row in rows], ["kind"])
    (here / "latin1.csv").write_bytes(b"a,b,kind\n" + "1,café,no\n2,thé,yes\n".encode("latin-1") * 10)
    noise = np.random.default_rng(0).bytes(4000)
    for name in ("noise.csv", "noise.parquet", "noise.npz", "noise.safetensors"):
        (here / name).write_bytes(noise)
    (here / "cut.safetensors").write_bytes((here / "k.safetensors").read_bytes()[:-8])
    np.savez(here / "no_x.npz", a=np.ones(3))
    np.savez(here / "objects.npz", X=np.array([{}, {}], dtype=object))
    np.savez(here / "short_y.npz", X=np.ones((20, 2)), y=np.ones(19))
    np.savez(here / "no_y.npz", X=np.ones((20, 2)))
    np.savez(here / "wide.npz", X=np.ones((20, 7)))
    (here / "table.xlsx").write_bytes(b"")
    models.load_model(str(here / "k.safetensors")).networks[0].save(here / "bare.safetensors")
    return here


@pytest.fixture(autouse=True)
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a copy of that folder."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRAIN = [
    # what is given, the exit code, what the line on stderr says
    ("ragged.csv --target kind", 1, "not a valid CSV file: line 6 has 2 values separated by commas; expected 4"),
    ("empty.csv --target kind", 1, "empty.csv is empty. Give a file with a line of names"),
    ("header.csv --target kind", 1, "must hold at least one row"),
    ("numbers_above.csv --target 4", 1, "no column names: its first line, '3', '1', '2', '4', looks like a row"),
    ("twice.csv --target kind", 1, "name each column once; got 'a'"),
    ("unnamed.csv --target kind", 1, "column 1 of unnamed.csv has no name"),
    ("dates.csv --target a", 1, "target 'a' must hold classes or numbers; got datetimes"),
    ("latin1.csv --target kind", 1, "latin1.csv is not text in UTF-8: see line 2, which holds '1,café,no'"),
    ("constant.csv --target kind", 1, "constant.csv must have a column that varies; got none in"),
    ("infinite.csv --target kind", 1, "column 'a' of infinite.csv is infinite in row 5"),
    ("infinite.csv --target a --drop kind", 1, "target 'a' is infinite in row 5"),
    ("no_target.csv --target kind", 1, "column 'kind' of no_target.csv has no value in row 5"),
    ("one_class.csv --target kind", 1, "at least two classes; every row has 'yes'"),
    ("same_number.csv --target kind", 1, "is 1.5 in every row"),
    ("few.csv --target kind", 1, "at least 10 rows, to hold some out for the test; got 9"),
    ("noise.csv --target kind", 1, "noise.csv is a binary file of an unknown format"),
    (
        "noise.parquet --target kind",
        1,
        "noise.parquet is a binary file of an unknown format",
    ),
    ("noise.npz", 1, "noise.npz is a binary file of an unknown format"),
    ("no_x.npz", 1, "must hold an array X of numbers (t, n), and for training y (t,); got a float64 (3,)"),
    ("objects.npz", 1, "not a valid .npz file of plain arrays"),
    ("short_y.npz", 1, "y of short_y.npz must have shape (20,)"),
    ("no_y.npz", 2, "no_y.npz has no default target; choose one with --target COLUMN"),
    ("k.csv --target kind --task regression", 1, "target 'kind' holds text, such as"),
    ("k.csv", 2, "k.csv has no default target; choose one with --target COLUMN. Columns: 'a', 'b', 'c', 'kind'"),
    ("k.csv --target Kind", 2, "--target: k.csv has no column 'Kind'; did you mean 'kind'?"),
    ("k.csv --target kind --drop bb", 2, "--drop: k.csv has no column 'bb'; did you mean 'b'?"),
    ("k.csv --target kind --drop a,bb", 2, "--drop: k.csv has no column 'bb'; did you mean 'b'?"),
    ("k.csv --target kind --category b,cc", 2, "--category: k.csv has no column 'cc'; did you mean 'c'?"),
    ("only_target.csv --target kind", 2, "no column besides the target 'kind'"),
    ("kk.csv --target kind", 2, "there is no file 'kk.csv'; did you mean 'k.csv'?"),
    ("digit", 2, "there is no file 'digit'; did you mean 'digits'?"),
    (".", 2, "'.' is a folder"),
    ("/dev/null", 2, "'/dev/null' is not a regular file; save what it holds as a file"),
    ("table.xlsx --target kind", 2, "must end in .csv, .tsv, .txt, .data, .parquet, .feather, .jsonl or .npz"),
    ("k.csv --target kind --activation rellu", 2, "--activation: unknown activation 'rellu'; did you mean 'relu'?"),
    ("k.csv --target kind --optimizer adan", 2, "--optimizer: unknown optimizer 'adan'; did you mean 'adam'?"),
    ("k.csv --target kind --engine referense", 2, "--engine: unknown engine 'referense'; did you mean 'reference'?"),
    ("k.csv --target kind --layers 8,x", 2, "--layers: give the sizes of the hidden layers, such as 64,32, or none"),
    ("k.csv --target kind --layers 8,0", 2, "got '8,0'"),
    ("k.csv --target kind --task class", 2, "--task must be classification or regression; got 'class'"),
    ("k.csv --target kind --task classes", 2, "got 'classes'. Use classification."),
    ("k.csv --target kind --task numbers", 2, "got 'numbers'. Use regression."),
    ("k.csv --target kind --learning-rate 0", 2, "--learning-rate: the number must be a finite number > 0"),
    ("k.csv --target kind --time-limit 0", 2, "--time-limit: the number must be a finite number > 0"),
    ("k.csv --target kind --preset bst", 2, "--preset: unknown preset 'bst'; did you mean 'best'?"),
    ("k.csv --target kind --category kind", 2, "--category: 'kind' must be an input; it is the target, or in --drop"),
    (
        "k.csv --target kind --class-weight no=0,yes=0",
        2,
        "the weight of one class at least must be > 0",
    ),
    ("k.csv --target kind --category bb", 2, "--category: k.csv has no column 'bb'; did you mean 'b'?"),
    (
        "k.csv --target kind --class-weight maybe=2",
        2,
        "--class-weight: give balanced, or CLASS=WEIGHT,… with classes 'no', 'yes'",
    ),
    ("k.csv --target a --class-weight balanced", 2, "--class-weight is for classification; this is regression"),
    ("k.csv --target kind --learning-rate nan", 2, "--learning-rate"),
    ("k.csv --target kind --batch-size 0", 2, "--batch-size"),
    ("k.csv --target kind --optimizer rprop --batch-size 8", 2, "--batch-size: rprop needs the gradient over all rows"),
    (
        "k.csv --target a --optimizer lm --learning-rate 1",
        2,
        "have no learning rate and no state; omit --learning-rate",
    ),
    ("k.csv --target a --optimizer lm --batch-size 8", 2, "--batch-size does not go with --optimizer lm"),
    ("k.csv --target a --optimizer LM --checkpoint c", 2, "--checkpoint does not go with --optimizer lm"),
    ("k.csv --target a --optimizer lm --preset best", 2, "has its own recipe; omit --preset"),
    ("k.csv --target kind --optimizer lm", 2, "for regression; this is classification. Omit --optimizer"),
    ("k.csv --target a --optimizer newton-cg", 2, "is a method of chainrule.minimize, in Python. Choose lm"),
    ("k.csv --target kind --epochs 0", 2, "--epochs: the number must be an integer ≥ 1; got 0"),
    ("k.csv --target kind --epochs ten", 2, "--epochs"),
    ("k.csv --target kind --patience 0", 2, "--patience"),
    ("k.csv --target kind --seed -1", 2, "--seed"),
    ("k.csv --target kind --test-fraction 1", 2, "--test-fraction"),
    ("k.csv --target kind --out model.onnx", 2, "--out: give a folder, or a file that ends in .safetensors"),
    (
        "k.csv --target kind --out k.csv/m",
        1,
        "cannot write 'k.csv/m': 'k.csv' is not a folder. Choose another with --out.",
    ),
    ("k.csv --target kind --out k.safetensors", 2, "--out: k.safetensors exists; give another name, or --force"),
    ("kk.csv --out nowhere/m.safetensors", 2, "there is no file 'kk.csv'"),
    ("k.csv --target kind --layer-sizes 8", 2, "there is no option --layer-sizes"),
    ("k.csv --target kind --sep ab", 2, "--sep: sep must be one character, 'tab' or 'blanks'; got 'ab'"),
    ("k.csv --target kind --sep ;", 2, "--target: k.csv has no column 'kind'"),
    ("k.csv --target kind --encoding latn", 2, "--encoding: encoding must be an encoding that Python knows"),
    ("k.csv --target kind --no-header", 2, "--target: k.csv has no column 'kind'. Columns: 'x1', 'x2', 'x3', 'x4'"),
    ("no_y.npz --sep ,", 1, "sep, header and encoding are for text files; no_y.npz is not one"),
]

OTHERS = [
    ("predict noise.safetensors k.csv", 1, "noise.safetensors is not a complete Chainrule file"),
    ("predict cut.safetensors k.csv", 1, "cut.safetensors is not a complete Chainrule file"),
    ("predict k.csv k.csv", 1, "k.csv is not a complete Chainrule file"),
    ("predict bare.safetensors k.csv", 1, "holds a 'network'; expected a 'table model'"),
    ("predict kk.safetensors k.csv", 2, "there is no file 'kk.safetensors'; did you mean 'k.safetensors'?"),
    ("predict k.safetensors kk.csv", 2, "there is no file 'kk.csv'; did you mean 'k.csv'?"),
    ("predict k.safetensors narrow.csv", 1, "narrow.csv has no column 'a'"),
    ("predict k.safetensors wide.npz", 1, "wide.npz has 7 inputs without names; expected 3: 'a', 'b', 'c'"),
    ("predict k.safetensors infinite.csv", 1, "column 'a' of infinite.csv is infinite in row 5"),
    (
        "predict k.safetensors text.csv",
        1,
        "must hold numbers, as in the training rows; got text, such as 'x' in row 5",
    ),
    (
        "predict k.safetensors k.csv --out p.json",
        2,
        "--out: give a file that ends in .csv, .jsonl or .parquet; got 'p.json'",
    ),
    (
        "predict k.safetensors k.csv --out nowhere/p.csv",
        1,
        "cannot write 'nowhere/p.csv': there is no folder 'nowhere'",
    ),
    ("predict k.safetensors k.csv --out k.csv", 2, "--out: k.csv exists; give another name, or --force to replace it"),
    ("predict k.safetensors", 2, "Missing argument"),
    ("evaluate k.safetensors no_target.csv", 1, "column 'kind' of no_target.csv has no value in row 5"),
    ("predict . k.csv", 2, "'.' is a folder; give a file in it"),
    ("predict /dev/null k.csv", 2, "'/dev/null' is not a regular file"),
    ("info kk.safetensors", 2, "did you mean 'k.safetensors'?"),
    ("info", 2, "give a MODEL, --engine to list the engines, or --scale"),
    ("predcit k.safetensors k.csv", 2, "Did you mean 'predict'?"),
]


@pytest.mark.parametrize(
    ("command", "code", "says"), [*((f"train {given}", code, says) for given, code, says in TRAIN), *OTHERS]
)
def test_refusals(here: Path, command: str, code: int, says: str) -> None:
    """A wrong command line exits with 2, a bad file with 1; stderr explains it, stdout is empty, no file changes."""
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    answer = chainrule(*command.split())
    assert answer.code == code, answer
    assert answer.out == ""
    last = answer.err.splitlines()[-1]
    assert last.startswith("Error: ")
    assert says in last
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def damaged(here: Path, **changes: object) -> Path:
    """The model file with parts of its header, or tensors, replaced."""
    header, tensors = files.read(here / "k.safetensors", "table model")
    del header["crc32"], header["header_crc32"]
    for name, value in changes.items():
        if isinstance(value, np.ndarray):
            tensors[name.replace("__", ".")] = value
        else:
            *steps, last = name.split("__")
            inner = header
            for step in steps:
                inner = inner[step]
            inner[last] = value
    path = here / "damaged.safetensors"
    text = json.dumps(header)
    path.write_bytes(safetensors.numpy.save(tensors, metadata={"chainrule": text}))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": []},
        {"encoder__columns": [["a", "numbers", "", ""]]},
        {"encoder__clip": -1.0},
        {"encoder__center": np.zeros(2)},
        {"encoder__factor": np.array([1.0, np.nan, 1.0])},
        {"temperature": 0.0},
        {"temperature": "hot"},
        {"about": 5},
        {"networks": []},
        {"networks": None},
        {"target__kind": "colours"},
        {"target__kind": "numbers"},
        {"target__values": ["yes"]},
        {"target__values": ["yes", "yes"]},
        {"target__values": ["no", "perhaps", "yes"]},
        {"target__values": [["no"], "yes"]},
        {"target__shares": np.zeros(3)},
        {"target": None},
        {"target__type": "text", "target__values": [1, 2]},
    ],
    ids=str,
)
def test_damaged_models(here: Path, changes: dict[str, object]) -> None:
    """A model file whose parts do not fit together is refused as such, whichever part it is."""
    path = damaged(here, **changes)
    answer = chainrule("predict", path.name, "k.csv")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Error: damaged.safetensors")
    assert len(answer.err.splitlines()) == 1


def test_names_cannot_steer_the_terminal(here: Path) -> None:
    """Control characters in names of a model or a table are not printed: they could move the cursor or hide a line."""
    path = damaged(here, about__column="kind\x1b[2J\r", target__values=["\x1b]0;no\x07", "yes"])
    answer = chainrule("info", path.name)
    assert answer.code == 0
    write_csv(here / "odd.csv", table(), ["a\x1b[31m", *HEADER[1:]])
    refused = chainrule("train", "odd.csv", "--target", "knd")
    assert refused.code == 2
    assert not {"\x1b", "\x07", "\r"} & set(answer.out + answer.err + refused.err)
