"""Results of the command line: measures, classes, folds, the report, and importances."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from support.command import chainrule

from chainrule.cli import models
from chainrule.cli.train import cross_validation
from chainrule.cli.train.training_data import prepare
from chainrule.tables.reading.read import read
from chainrule.tables.table import Table

OPTIONS = ("--epochs", "4", "--quiet")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table of two classes and a number, which is the current one."""
    rng = np.random.default_rng(0)
    rows = [f"{z:.3f},{'ab'[k % 2]},{'yes' if z > 0 else 'no'},{3 * z:.3f}" for k, z in enumerate(rng.normal(size=120))]
    (tmp_path / "t.csv").write_text("\n".join(["z,letter,kind,number", *rows]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_classes_are_measured_one_by_one(here: Path) -> None:
    """The results have six measures, a line for each class, and the confusion matrix, which counts the test rows."""
    out = chainrule("train", "t.csv", "--target", "kind", *OPTIONS).out
    for name in ("accuracy", "log-loss", "AUC", "recall, mean of classes", "F1, mean of classes", "calibration error"):
        assert re.search(rf"^  {name} +\S+ +\S+$", out, re.MULTILINE), name
    assert re.search(r"^ +rows +recall +precision +F1$", out, re.MULTILINE)
    matrix = [[int(n) for n in re.findall(r"\d+", line)] for line in out.splitlines()[-2:]]
    assert np.sum(matrix) == 24


def test_a_threshold_moves_predictions(here: Path) -> None:
    """`evaluate --threshold 0` predicts all rows as the second class; the option is for two classes alone."""
    chainrule("train", "t.csv", "--target", "kind", "--out", "kind.safetensors", *OPTIONS)
    answer = chainrule("evaluate", "kind.safetensors", "t.csv", "--threshold", "0")
    assert "predicted is yes where its probability is 0 or more" in answer.out
    assert re.search(r"^  yes +\d+ +1\.0000 ", answer.out, re.MULTILINE)
    assert re.search(r"^  no +\d+ +0 ", answer.out, re.MULTILINE)
    wrong = chainrule("evaluate", "kind.safetensors", "t.csv", "--threshold", "1.5")
    assert (wrong.code, "--threshold: the probability must be" in wrong.err) == (2, True)
    chainrule("train", "t.csv", "--target", "number", "--out", "number.safetensors", *OPTIONS)
    refused = chainrule("evaluate", "number.safetensors", "t.csv", "--threshold", "0.5")
    assert (refused.code, refused.err) == (
        2, "Error: --threshold is for classification; this is a regression model.\n"
    )  # fmt: skip


def test_numbers_have_their_coverage(here: Path) -> None:
    """For regression the share of test rows in their interval, and its width, are measured."""
    out = chainrule("train", "t.csv", "--target", "number", *OPTIONS).out
    assert re.search(r"^  in 90 % interval +[01]\.\d+ +–$", out, re.MULTILINE)
    assert "mean interval width" in out


def test_folds_measure_and_save_nothing(here: Path) -> None:
    """--folds K prints means and deviations over K trainings on all rows, and writes no file."""
    before = set(here.iterdir())
    answer = chainrule("train", "t.csv", "--target", "kind", "--folds", "3", *OPTIONS)
    assert answer.code == 0, answer.err
    assert "Results of 3 folds of 120 rows of t.csv" in answer.out
    assert re.search(r"^  accuracy +\S+ +± \S+ +\S+$", answer.out, re.MULTILINE)
    assert set(here.iterdir()) == before
    for given, message in [
        (("--folds", "1"), "--folds: the number must be an integer ≥ 2; got 1"),
        (("--folds", "500"), "--folds: 500 folds of 120 rows leave 119 to train on"),
        (("--folds", "3", "--report", "r.html"), "--folds only measures, and saves no model; leave out --report"),
    ]:
        wrong = chainrule("train", "t.csv", "--target", "kind", *given, *OPTIONS)
        assert wrong.code == 2
        assert message in wrong.err


def test_each_row_is_tested_once(here: Path) -> None:
    """The folds share the rows and the classes out evenly; the only row of a class is never tested."""
    (here / "t.csv").write_text("x,y\n" + "\n".join(f"{k},{'abc'[min(k % 3, 1) if k else 2]}" for k in range(31)))
    table = read("t.csv")
    assert isinstance(table, Table)
    data = prepare(table, "y", None, [], 0.2, 0)
    folds = cross_validation.as_folds(data, 3, 0)
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested.tolist()) == list(range(1, 31))
    for fold in folds:
        assert sorted({*fold.training.tolist(), *fold.test.tolist()}) == list(range(31))
        assert [int((data.y[fold.test] == name).sum()) for name in "ab"] == pytest.approx([10 / 3, 20 / 3], abs=0.7)


def test_a_report_and_its_importances(here: Path) -> None:
    """--report writes one page about the test rows, and the importances into the model, which info shows."""
    answer = chainrule("train", "t.csv", "--target", "kind", "--report", "r.html", "--epochs", "4")
    assert answer.code == 0, answer.err
    assert answer.err.endswith("t.png (the learning curves).\nSaved r.html (the report).\n")
    page = (here / "r.html").read_text(encoding="utf-8")
    assert "<title>t.csv: kind</title>" in page
    assert "24 rows that were given" in page
    assert "<script" not in page
    found = models.load_model("t.safetensors").about["importances"]
    assert sorted(name for name, *_ in found["values"]) == ["letter", "number", "z"]
    info = chainrule("info", "t.safetensors").out
    assert "Importances (shuffled): increase of the log-loss, 24 rows" in info
    again = chainrule("train", "t.csv", "--target", "kind", "--report", "r.html")
    assert (again.code, again.err) == (
        2, "Error: --report: r.html exists; give another name, or --force to replace it.\n"
    )  # fmt: skip
    chainrule("train", "t.csv", "--target", "kind", "--out", "plain.safetensors", *OPTIONS)
    assert (
        "Importances: not computed. `chainrule train --report` stores them."
        in chainrule("info", "plain.safetensors").out
    )
