"""``chainrule predict``, ``evaluate`` and ``info``: a saved model with new rows."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from support.command import HEADER, QUICK, chainrule, read_csv, table, write_csv

import chainrule as cr
from chainrule.cli import models
from chainrule.cli.inputs.sources import read_source
from chainrule.tables import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels

NUMBERS = ["a", "b", "c", "y"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of two classes (k) and one of numbers (y), and the tables that they were trained on."""
    folder = tmp_path_factory.mktemp("trained")
    write_csv(folder / "k.csv", table())
    write_csv(folder / "y.csv", [[*row[:3], 100 + 5 * float(str(row[0]))] for row in table()], NUMBERS)
    with contextlib.chdir(folder):
        for name, column in (("k", "kind"), ("y", "y")):
            assert chainrule("train", f"{name}.csv", "--target", column, *QUICK, "--quiet").code == 0
    return folder


@pytest.fixture(autouse=True)
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a copy of that folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def rows_only(rows: list[list[object]]) -> list[list[object]]:
    """Without the target."""
    return [row[:3] for row in rows]


def test_class_predictions_are_the_network_s_outputs(here: Path) -> None:
    """The probabilities are those of the model in Python to the last bit, and the prediction is the likelier class."""
    new = table(20, seed=1)
    write_csv(here / "new.csv", rows_only(new), HEADER[:3])
    answer = chainrule("predict", "k.safetensors", "new.csv", "--proba")
    assert (answer.code, answer.err) == (0, "")
    rows = read_csv(answer.out)
    model = models.load_model("k.safetensors")
    P = model.predict_proba(np.array(rows_only(new), dtype=np.float64))
    assert [float(row["probability_no"]) for row in rows] == P[:, 0].tolist()
    assert [float(row["probability_yes"]) for row in rows] == P[:, 1].tolist()
    assert [row["kind"] for row in rows] == ["yes" if yes > no else "no" for no, yes in P]


def test_number_predictions_are_in_the_target_s_unit(here: Path) -> None:
    """A predicted number is that of the model in Python, to the last bit, and near the truth."""
    new = table(20, seed=1)
    write_csv(here / "new.csv", rows_only(new), HEADER[:3])
    predicted = [float(row["y"]) for row in read_csv(chainrule("predict", "y.safetensors", "new.csv").out)]
    model = models.load_model("y.safetensors")
    assert predicted == model.predict(np.array(rows_only(new), dtype=np.float64)).tolist()
    errors = np.array(predicted) - [100 + 5 * float(str(row[0])) for row in new]
    assert np.abs(errors).mean() < 3  # the spread is 5


def test_columns_are_found_by_name(here: Path) -> None:
    """Columns in another order, and columns that the model does not know, texts among them, change nothing."""
    new = rows_only(table(20, seed=1))
    write_csv(here / "new.csv", new, HEADER[:3])
    write_csv(here / "other.csv", [["x", c, b, a, ""] for a, b, c in new], ["text", "c", "b", "a", "empty"])
    expected = chainrule("predict", "k.safetensors", "new.csv")
    assert expected.code == 0
    assert chainrule("predict", "k.safetensors", "other.csv").out == expected.out


@pytest.mark.parametrize("model", ["k", "y"])
def test_evaluate_measures_on_rows_with_the_target(here: Path, model: str) -> None:
    """The measures of ``evaluate`` are those of its own predictions, beside the baseline of the training rows."""
    answer = chainrule("evaluate", f"{model}.safetensors", f"{model}.csv")
    assert (answer.code, answer.err) == (0, "")
    options = ["--proba"] if model == "k" else []
    predictions = read_csv(chainrule("predict", f"{model}.safetensors", f"{model}.csv", *options).out)
    table_ = read_csv((here / f"{model}.csv").read_text(encoding="utf-8"))
    if model == "k":
        right = np.mean([p["kind"] == row["kind"] for p, row in zip(predictions, table_, strict=True)])
        P = [float(p[f"probability_{row['kind']}"]) for p, row in zip(predictions, table_, strict=True)]
        surprise = -np.mean(np.log(P))
        assert f"  accuracy                  {right:.4f} " in answer.out
        assert f"  log-loss                  {surprise:.4f} " in answer.out
    else:
        error = np.array([float(p["y"]) - float(row["y"]) for p, row in zip(predictions, table_, strict=True)])
        assert f" {np.sqrt((error**2).mean()):.4f} " in answer.out
        assert f" {np.abs(error).mean():.4f} " in answer.out


def test_evaluate_needs_the_target_and_known_classes(here: Path) -> None:
    """Rows without the target, or with a class that training did not see, are refused by name and row."""
    write_csv(here / "new.csv", rows_only(table(5)), HEADER[:3])
    assert "no target column 'kind'" in chainrule("evaluate", "k.safetensors", "new.csv").err
    write_csv(here / "new.csv", [[*row[:3], kind] for row, kind in zip(table(3), ["yes", "no", "maybe"], strict=True)])
    answer = chainrule("evaluate", "k.safetensors", "new.csv")
    assert (answer.code, answer.out) == (1, "")
    assert "the class 'maybe' in row 3" in answer.err


def test_classes_that_look_like_numbers(here: Path) -> None:
    """Classes "1", "2" and "x" are texts; rows that hold only 1 and 2, which read as numbers, are matched to them."""
    rows = [[*row[:3], ("1", "2", "x")[k % 3]] for k, row in enumerate(table())]
    write_csv(here / "t.csv", rows)
    write_csv(here / "u.csv", [row for row in rows if row[3] != "x"])
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK).code == 0
    assert chainrule("evaluate", "t.safetensors", "u.csv").code == 0


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "t.csv"), (";", "t.csv"), ("\t", "t.tsv"), ("|", "t.txt"), (",", "t.csv.gz")]
)
def test_csv_in_its_common_forms(here: Path, delimiter: str, name: str) -> None:
    """Commas, semicolons, tabs and bars, quotes, a byte order mark, blank ends and compression are read alike."""
    write_csv(here / "plain", [['say "a, b"', 1.5, 2], ["é\nü", -1e-3, 3]], ["text", "x", "y"], delimiter)
    text = "\ufeff" + (here / "plain").read_text(encoding="utf-8")
    with pyarrow.CompressedOutputStream(str(here / name), "gzip") if name.endswith("gz") else open(name, "wb") as file:
        file.write(text.replace("\r\n", "\n").encode())
    read = read_source(name)
    assert list(read.columns) == ["text", "x", "y"]
    assert read.columns["text"].objects().tolist() == ['say "a, b"', "é\nü"]
    assert read.columns["y"].objects().tolist() == ["2", "3"]
    assert read.columns["x"].objects().tolist() == ["1.5", "-0.001"]


def test_parquet_types(here: Path) -> None:
    """Booleans, integers, floats, decimals and dictionary texts of a Parquet file are read, pandas' row labels not."""
    columns = {
        "flag": pyarrow.array([True, False]),
        "whole": pyarrow.array([1, 2], pyarrow.uint8()),
        "half": pyarrow.array([0.5, None], pyarrow.float32()),
        "exact": pyarrow.array([1, 2]).cast(pyarrow.decimal128(22, 2)),
        "word": pyarrow.array(["u", None]).dictionary_encode(),
        "__index_level_0__": pyarrow.array([7, 8]),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), here / "t.parquet")
    read = read_source("t.parquet")
    assert list(read.columns) == ["flag", "whole", "half", "exact", "word"]
    assert read.floats(["flag", "whole", "exact"])[:].tolist() == [[1, 1, 1], [0, 2, 2]]
    assert [name for name, column in read.columns.items() if column.missing.tolist() == [False, True]] == [
        "half",
        "word",
    ]
    assert read.columns["word"].kind == "categories"


def test_npz_holds_images_and_names_of_classes(here: Path) -> None:
    """X (t, 2, 2) of an .npz file is read row by row, and y may be texts; ``evaluate`` reads the file too."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2, 2))
    np.savez(here / "t.npz", X=X, y=np.where(X[:, 0, 1] > 0, "up", "down"))
    answer = chainrule("train", "t.npz", *QUICK)
    assert answer.code == 0, answer.err
    assert models.load_model("t.safetensors").encoder.names_ == ("x1", "x2", "x3", "x4")
    assert read_source("t.npz").floats(["x2"])[:][:, 0].tolist() == X[:, 0, 1].tolist()
    assert chainrule("evaluate", "t.safetensors", "t.npz").code == 0


def test_info_shows_layers_and_training() -> None:
    """``info`` lists each layer's shapes, σ and number of parameters, d in all, and how the network was trained."""
    answer = chainrule("info", "k.safetensors")
    assert (answer.code, answer.err) == (0, "")
    lines = [line.split() for line in answer.out.splitlines()]
    assert ["1", "(3,", "3)", "(3,)", "identity", "6"] in lines  # the scaling layer: W is diagonal
    assert ["2", "(8,", "3)", "(8,)", "selu", "32"] in lines
    assert ["3", "(2,", "8)", "(2,)", "softmax", "18"] in lines
    networks = models.load_model("k.safetensors").networks
    kinds = Counter(("-".join(map(str, net.m)), net.d) for net in networks)
    assert len(kinds) == 3  # two embeddings, and none
    for (sizes, d), count in kinds.items():
        assert f"{count} of {sizes}, d = {d:,} parameters" in answer.out
    assert f"{len(networks)} networks, averaged: " in answer.out
    assert "Inputs: 3 columns become 3 features" in answer.out
    assert "2 classes: 'no', 'yes'" in answer.out
    assert ["optimizer", "adamw"] in lines
    assert ["source", "k.csv"] in lines
    kept = [line for line in answer.out.splitlines() if line.startswith("  best epoch ")]
    assert len(kept) == 1
    assert "[" not in kept[0]  # "1 to 2" of several networks


def test_info_shows_the_engines() -> None:
    """``info --engine`` lists every engine, and the kernel set of the native one if it is installed."""
    from chainrule.engines.choice import MODULES

    answer = chainrule("info", "--engine")
    assert answer.code == 0
    for name in MODULES:
        assert name in answer.out
    try:
        from chainrule import _native  # type: ignore[attr-defined, unused-ignore]
    except ImportError:
        return
    assert f"{_native.kernel_set()} kernels" in answer.out


def test_models_saved_by_estimators_are_read(here: Path) -> None:
    """A file that ``estimator.save`` wrote is predicted with, measured by the column called target, and shown."""
    from chainrule.estimators import NetworkClassifier

    rows = table()
    X = {name: [row[k] for row in rows] for k, name in enumerate(HEADER[:3])}
    estimator = NetworkClassifier(hidden_layer_sizes=8, epochs=20, random_state=0)
    estimator.fit(pyarrow.table(X), [row[3] for row in rows]).save("own.safetensors")
    write_csv(here / "new.csv", rows, [*HEADER[:3], "target"])
    predicted = [row["prediction"] for row in read_csv(chainrule("predict", "own.safetensors", "new.csv").out)]
    assert predicted == estimator.predict(pyarrow.table(X)).tolist()
    right = np.mean([answer == row[3] for answer, row in zip(predicted, rows, strict=True)])
    assert f"  accuracy                  {right:.4f} " in chainrule("evaluate", "own.safetensors", "new.csv").out
    assert "NetworkClassifier" in chainrule("info", "own.safetensors").out


def test_csv_keeps_texts_that_need_quotes(here: Path) -> None:
    """Class names with commas, quotes and line ends come back from the predictions' CSV as they are."""
    names = ['a, "b"', "c\nd"]
    rows = [[*row[:3], names[row[3] == "yes"]] for row in table()]
    write_csv(here / "t.csv", rows)
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK).code == 0
    out = chainrule("predict", "t.safetensors", "t.csv", "--proba").out
    assert {row["kind"] for row in read_csv(out)} <= set(names)
    assert pyarrow.csv.read_csv(
        io.BytesIO(out.encode()), parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)
    ).column_names == ["kind", *(f"probability_{name}" for name in names)]


def test_files_without_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without names is trained and predicted with ``--no-header``; without it the error says so."""
    monkeypatch.chdir(tmp_path)
    write_csv(Path("named.csv"), table())
    lines = Path("named.csv").read_text(encoding="utf-8").splitlines()[1:]
    Path("bare.data").write_text("\n".join(line.replace(",", "  ") for line in lines) + "\n", encoding="utf-16")
    refused = chainrule("train", "bare.data", "--target", "x4", *QUICK)
    assert (refused.code, "give header=False (--no-header)" in refused.err) == (1, True)
    assert chainrule("train", "bare.data", "--target", "x4", "--no-header", *QUICK).code == 0
    answer = chainrule("predict", "bare.safetensors", "bare.data", "--no-header")
    assert len(read_csv(answer.out)) == 80
    assert chainrule("evaluate", "bare.safetensors", "bare.data", "--no-header").code == 0
    refused = chainrule("predict", "bare.safetensors", "named.csv")
    assert (refused.code, "trained with --no-header" in refused.err) == (2, True)


def test_options_of_text_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--sep`` and ``--encoding`` read what is not detected, in every command."""
    monkeypatch.chdir(tmp_path)
    rows = [[*row[:3], "ja" if row[3] == "yes" else "nö"] for row in table()]
    text = write_csv(Path("german.csv"), rows, delimiter=":").read_text(encoding="utf-8")
    Path("german.csv").write_text(text, encoding="latin-1")
    options = ("--sep", ":", "--encoding", "latin-1")
    assert chainrule("train", "german.csv", "--target", "kind", *options, *QUICK).code == 0
    answer = chainrule("predict", "german.safetensors", "german.csv", *options)
    assert {row["kind"] for row in read_csv(answer.out)} == {"ja", "nö"}
    assert chainrule("evaluate", "german.safetensors", "german.csv", *options).code == 0


def test_labels_that_a_spreadsheet_would_run_are_made_texts(here: Path) -> None:
    """With --safe-csv a label that begins like a formula gets an apostrophe; numbers and all other labels stay."""
    labels = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "a=b", "1"]
    X = np.arange(8.0)[:, None]
    encoder = TableEncoder(numbers="none").fit(X)
    net = cr.Network.dense([1, 8], output="softmax", initial="zeros")
    net.W[1][:, 0], net.b[1][:] = np.arange(8.0), -(np.arange(8.0) ** 2) / 2  # the largest is output x
    places = [sorted(labels).index(label) for label in labels]
    TableModel(encoder, ClassLabels.fit(labels), (net,)).save("f.safetensors")
    np.savez("x.npz", X=np.array(places, dtype=float)[:, None])
    for options, expected in ([], labels), (["--safe-csv"], [*("'" + label for label in labels[:6]), *labels[6:]]):
        assert chainrule("predict", "f.safetensors", "x.npz", "--out", "p.csv", "--force", *options).code == 0
        with open("p.csv", newline="", encoding="utf-8") as file:
            assert [row["prediction"] for row in csv.DictReader(file)] == expected
    write_csv(here / "new.csv", [[-1e3, -1e3, 0.0]], HEADER[:3])
    number, safe = (chainrule("predict", "y.safetensors", "new.csv", *options) for options in ([], ["--safe-csv"]))
    assert number.out == safe.out
    refused = chainrule("predict", "k.safetensors", "new.csv", "--out", "p.parquet", "--safe-csv")
    assert refused.code == 2
    assert "--safe-csv is for CSV" in refused.err
