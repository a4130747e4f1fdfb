"""Several targets on the command line: numbers, and labels of two values each."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from support.command import QUICK, chainrule

pytest.importorskip("sklearn", "1.6")
pytest.importorskip("matplotlib")

from chainrule.tables import load
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

T = 90
NUMBERS, LABELS = ("height", "price, EUR"), ("spam", "urgent", "mood")
TRAIN = ("--epochs", "8", "--layers", "8", "--quiet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with two numbers and three labels, and a model of each."""
    here = tmp_path_factory.mktemp("several")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, T))
    rows = zip(
        range(T), a.round(4), b.round(4), rng.choice(["x", "y", "z"], T), (a + b).round(3), (1000 * b).round(1),
        (a > 0.2).astype(int), np.where(b > 0, "yes", "no"), np.where(a > b, "good", "bad"), strict=True,
    )  # fmt: skip
    with (here / "t.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "a", "b", "letter", *NUMBERS, *LABELS])
        writer.writerows(rows)
    without = [part for name in ("id", "letter", *NUMBERS) for part in ("--drop", name)]
    t = here / "t.csv"
    given = chainrule(
        "train", t, "--target", "spam,urgent, mood", *without, *TRAIN, "--out", here / "labels.safetensors"
    )
    assert (given.code, given.err) == (0, "")
    without = [part for name in ("id", *LABELS) for part in ("--drop", name)]
    targets = [part for name in NUMBERS for part in ("--target", name)]
    given = chainrule("train", t, *targets, *without, *TRAIN, "--out", here / "numbers.safetensors")
    assert (given.code, given.err) == (0, "")
    return here


def test_names_are_repeated_or_have_commas_between_them(folder: Path) -> None:
    """The files hold the names of the targets, of which one may have a comma of its own."""
    numbers, labels = load(folder / "numbers.safetensors"), load(folder / "labels.safetensors")
    assert isinstance(numbers.target, NumericLabels)
    assert isinstance(labels.target, IndicatorLabels)
    assert (numbers.target_names, labels.target_names) == (NUMBERS, LABELS)
    assert numbers.encoder.names_ == ("a", "b", "letter")


def test_results_name_each_target(folder: Path) -> None:
    """evaluate prints R², RMSE and intervals of each number, and the measures of each label."""
    found = chainrule("evaluate", folder / "numbers.safetensors", folder / "t.csv")
    assert found.code == 0
    for words in ("R², mean of targets", "RMSE of height", "R² of price, EUR", "in 90 % interval of height"):
        assert words in found.out
    found = chainrule("evaluate", folder / "labels.safetensors", folder / "t.csv")
    assert found.code == 0
    for words in ("subset accuracy", "Hamming loss", "AUC, mean of labels", "spam ", "urgent = yes", "mood = good"):
        assert words in found.out
    refused = chainrule("evaluate", folder / "labels.safetensors", folder / "t.csv", "--threshold", "0.3")
    assert (refused.code, "this is a model of several labels" in refused.err) == (2, True)


def test_predictions_are_named_after_each_target(folder: Path) -> None:
    """predict has a column for each target, with intervals or probabilities, and another name for one that is kept."""
    given = chainrule("predict", folder / "numbers.safetensors", folder / "t.csv", "--keep", "id", "--interval", "0.8")
    rows = list(csv.DictReader(given.out.splitlines()))
    assert list(rows[0]) == ["id", *NUMBERS, "height_low", "height_high", "price, EUR_low", "price, EUR_high"]
    assert all(float(row["height_low"]) <= float(row["height_high"]) for row in rows)
    given = chainrule(
        "predict", folder / "labels.safetensors", folder / "t.csv", "--keep", "mood", "--proba", "--format", "jsonl"
    )
    found = [json.loads(line) for line in given.out.splitlines()]
    assert list(found[0]) == [
        "mood", "spam", "urgent", "predicted_mood", "probability_spam", "probability_urgent_yes",
        "probability_mood_good",
    ]  # fmt: skip
    assert {row["spam"] for row in found} == {0, 1}
    assert all((row["predicted_mood"] == "good") == (row["probability_mood_good"] > 0.5) for row in found)


def test_every_command_takes_them(folder: Path) -> None:
    """info, doctor, explain, train --from and export work with several numbers and several labels."""
    t = folder / "t.csv"
    for name, words in (("numbers", "Targets 'height', 'price, EUR': regression"), ("labels", "'mood': 3 labels")):
        model = folder / f"{name}.safetensors"
        assert words in chainrule("info", model).out
        assert chainrule("doctor", model, t).code == 0
        assert chainrule("explain", model, "--data", t).code == 0
        again = chainrule("train", t, "--from", model, "--out", folder / f"{name}-2.safetensors", "--epochs", "1")
        assert (again.code, "after" in again.out) == (0, True)
    page = chainrule("explain", folder / "numbers.safetensors", "--data", t).out
    assert "the target column, height, price, EUR, has the value" in page
    for name in ("numbers", "labels"):
        assert chainrule("export", folder / f"{name}.safetensors", "--out", folder / f"{name}.py").code == 0


def test_folds_and_a_report(folder: Path) -> None:
    """Cross-validation and the report are those of all targets."""
    given = chainrule(
        "train", folder / "t.csv", "--target", "spam,urgent", "--folds", "2", "--epochs", "3", *QUICK[:2], "--quiet"
    )
    assert (given.code, "subset accuracy" in given.out) == (0, True)
    given = chainrule(
        "train", folder / "t.csv", "--target", "spam,urgent", "--class-weight", "balanced", *TRAIN, "--out",
        folder / "r.safetensors", "--report", folder / "r.html",
    )  # fmt: skip
    assert (given.code, given.err) == (0, "")
    assert "confusion matrix of spam" in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("targets", "code", "words"),
    [
        ("spam,height", 1, "must all be numbers, or all be classes; 'height' holds 87 distinct numbers; 'spam' holds 2 "
         "distinct whole numbers. Train one model for the numbers, and one for the classes. Or set the task to"),
        ("mood,height", 1, "'mood' holds text. Train one model for the numbers, and one for the classes.\n"),
        ("spam,letter", 1, "target 'letter' has 3 classes; one of several targets must have two, such as yes and no. "
         "Train a model for 'letter' alone."),
        ("spam,urgend", 2, "--target: {} has no column 'urgend'; did you mean 'urgent'?"),
        ("spam,spam", 2, "--target: 'spam' is named twice."),
    ],
    ids=["numbers and labels", "numbers and texts", "three classes", "unknown", "twice"],
)  # fmt: skip
def test_other_targets_are_refused(targets: str, code: int, words: str, folder: Path) -> None:
    """Numbers with classes, more than two classes, unknown and repeated names are refused with a remedy."""
    t = folder / "t.csv"
    answer = chainrule("train", t, "--target", targets, *TRAIN, "--out", folder / "never.safetensors")
    assert answer.code == code
    assert words.format(t) in answer.err
    assert not (folder / "never.safetensors").exists()


def test_two_values_can_be_numbers_to_predict(folder: Path) -> None:
    """--task regression predicts labels of 0 and 1 as numbers, beside others."""
    out = folder / "both.safetensors"
    given = chainrule(
        "train", folder / "t.csv", "--target", "spam,height", "--task", "regression", *TRAIN, "--out", out
    )
    assert given.code == 0
    assert load(out).target_names == ("spam", "height")


def test_rows_without_a_target_are_named(folder: Path) -> None:
    """A table that lacks one of the targets is refused by evaluate and doctor, with its name."""
    lines = [line.split(",") for line in (folder / "t.csv").read_text().splitlines()]
    (folder / "part.csv").write_text("\n".join(",".join(line[:-1]) for line in lines) + "\n")
    for command in ("evaluate", "doctor"):
        answer = chainrule(command, folder / "labels.safetensors", folder / "part.csv")
        assert (answer.code, "has no target column 'mood'" in answer.err) == (1, True)
