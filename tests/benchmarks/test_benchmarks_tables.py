"""The comparison on real tables: its splits, its arithmetic and its page; no test asserts a figure of a model."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import goals, pages
from benchmarks.harness.paths import ROOT
from benchmarks.tables import __main__ as command
from benchmarks.tables import measuring, page, page_tables, picture, sets
from benchmarks.tables.comparison import compare, mean_error, mean_errors, scores
from benchmarks.tables.contestants import MODELS, SLOW, TREES
from benchmarks.tables.records import FitRecords, FitScore, FitTimes
from benchmarks.tables.sets import SETS
from benchmarks.tables.worker import error, error_of_calibration, log_loss

CAP = 100


def score(name: str, model: str, error: float | None, split: int = 0, tested: int = 50) -> FitScore:
    """Returns an invented fit."""
    cap = SETS[name].cap(CAP)
    failure = "ValueError: no" if error is None else None
    return FitScore(name, split, 0, cap, model, "1.0", "2026-01-01", 80, 2, tested, error, 2.0, 0.1, failure)


def made(*fits: FitScore) -> FitRecords:
    """Returns records of the fits."""
    return FitRecords({fit.key: fit for fit in fits})


def cells(text: str, title: str) -> list[str]:
    """Returns the other cells of the table's row with this title."""
    row = next(line for line in text.splitlines() if line.startswith(f"| {title} "))
    return [cell.strip() for cell in row.split("|")[2:-1]]


def whole() -> FitRecords:
    """Returns every fit of the table, and speed: Chainrule's error is 1, or 10 %; that of its peers is 20 % higher."""
    records = FitRecords()
    for key in measuring.wanted(list(SETS.values()), list(MODELS), 1, CAP):
        unit = 0.1 if SETS[key.name].task == "classification" else 1.0
        factor = 1.0 if key.model.startswith("chainrule") else 1.2
        loss = 0.25 * factor if SETS[key.name].task == "classification" else None
        fit = replace(score(key.name, key.model, unit * factor, key.split), cap=key.cap, log_loss=loss)
        records.scores[fit.key] = fit
    seconds = {name: {"chainrule": [1.0, 2.0, 4.0], "td-s": [4.0, 8.0, 16.0]} for name in ("kin8nm", "power")}
    records.speed = FitTimes("2026-01-01", "abc", {"CPU": "a CPU"}, 2, seconds, {"chainrule": "0.1.0"})
    return records


def test_errors() -> None:
    """The root of the mean squared error, whatever the shape of the outputs; the share of wrong classes."""
    y = np.array([1.0, 2.0])
    assert error("regression", y, np.array([[4.0], [6.0]])) == pytest.approx(np.sqrt(12.5))
    assert error("classification", np.array([1, 2, 3, 4]), np.array([1, 2, 3, 5])) == 0.25


def test_the_times_are_told_in_order() -> None:
    """Of ratios of 15 and 4 the smaller one comes first."""
    records = whole()
    assert records.speed is not None
    records.speed.seconds["power"]["td-s"] = [15.0, 30.0, 60.0]
    assert "takes 4.0 to 15.0 times as long" in " ".join(page.results(records, CAP).split())


def test_models_are_compared_on_common_splits() -> None:
    """A split or a set that one of the two lacks does not count."""
    records = made(
        score("concrete", "td-s", 2.0, 0), score("concrete", "td-s", 4.0, 1), score("concrete", "td-s", 100.0, 2),
        score("concrete", "chainrule", 1.0, 0), score("concrete", "chainrule", 2.0, 1), score("energy", "td-s", 1.0),
    )  # fmt: skip
    assert compare(records, "chainrule", "td-s", CAP).ratios == {"concrete": 0.5}
    assert mean_error(scores(records, SETS["concrete"], "chainrule", CAP).values()) == 1.5
    assert scores(records, SETS["car"], "chainrule", CAP) == {}


def test_scaling_y_changes_nothing_for_classes() -> None:
    """For classification scikit-learn represents scikit-learn with y standardised, and has the only column."""
    records = made(score("car", "chainrule", 0.09), score("car", "sklearn", 0.19))
    assert compare(records, "chainrule", "sklearn-y", CAP).ratios == {"car": pytest.approx(0.5)}
    assert set(mean_errors(records, replace(SETS["car"], splits=(0,)), CAP)) == {"chainrule", "sklearn"}


def test_means_over_sets() -> None:
    """Ratios 1/2, 1, 2: lower on a third (equal is not lower), mean 7/6, geometric mean 1, reduction −1/6."""
    pairs = {"concrete": (1.0, 2.0), "energy": (3.0, 3.0), "wine_red": (2.0, 1.0)}
    fits = [(score(name, "chainrule", own), score(name, "sklearn", other)) for name, (own, other) in pairs.items()]
    comparison = compare(made(*(fit for pair in fits for fit in pair)), "chainrule", "sklearn", CAP)
    assert comparison.lower_share == pytest.approx(1 / 3)
    assert comparison.geometric_mean_ratio == pytest.approx(1.0)
    assert comparison.mean_reduction == pytest.approx(-1 / 6)


def test_sets_without_a_mistake() -> None:
    """A set without a mistake is left out; with a mistake of one, half a row more gives a ratio."""
    records = made(
        score("car", "chainrule", 0.0), score("car", "td", 0.0),
        score("monk1", "chainrule", 0.0), score("monk1", "td", 0.02),
    )  # fmt: skip
    comparison = compare(records, "chainrule", "td", CAP)
    assert comparison.neither == ("car",)
    assert comparison.ratios == {"monk1": pytest.approx(0.5 / 1.5)}


def test_only_what_is_missing_is_fitted() -> None:
    """A recorded fit is repeated only if its package has another version or on request."""
    version = MODELS["chainrule"].version
    keys = measuring.wanted([SETS["concrete"], SETS["mnist"]], ["chainrule"], 1, CAP)
    assert [key.split for key in keys] == [0, 1, 2, 3, 4]  # mnist is for another model
    records = made(*(replace(score("concrete", "chainrule", 1.0, s), version=version) for s in (0, 1, 2)))
    old = score("concrete", "chainrule", 1.0, 3)
    records.scores[old.key] = replace(old, version="0.0.0.before")
    assert [key.split for key in measuring.missing(keys, records, [])] == [3, 4]
    assert measuring.missing(keys, records, ["chainrule"]) == keys


def test_first_splits_come_first() -> None:
    """A run that is stopped has covered every set."""
    keys = measuring.wanted([SETS["concrete"], SETS["energy"]], ["sklearn", "td"], 1, CAP)
    assert [(key.name, key.model) for key in keys[:4]] == [
        ("concrete", "sklearn"), ("concrete", "td"), ("energy", "sklearn"), ("energy", "td"),
    ]  # fmt: skip
    assert [key.split for key in keys] == sorted(key.split for key in keys)


def test_records_come_back(tmp_path: Path) -> None:
    """Lines are appended; the last of a key counts; a saved file gives the same records, an absent one none."""
    path, saved = tmp_path / "run.jsonl", tmp_path / "saved.jsonl"
    first, second, failed = score("car", "td", 0.5), score("car", "td", 0.25), score("car", "sklearn", None)
    records = FitRecords()
    for one in (first, failed, second):
        records.add(path, one)
    speed = FitTimes("2026-01-01", "abc", {"CPU": "a CPU"}, 2, {"power": {"chainrule": [1.0]}})
    records.add(path, speed)
    read = FitRecords.load(tmp_path / "absent.jsonl", path)
    assert read.scores == {second.key: second, failed.key: failed}
    assert read.speed == speed
    read.save(saved)
    assert FitRecords.load(saved) == read == records
    assert len(saved.read_text(encoding="utf-8").splitlines()) == 3
    assert FitRecords.load(tmp_path / "absent.jsonl") == FitRecords()


def test_goals_are_judged() -> None:
    """Errors 20 % lower than every peer's: all goals over sets are reached but equal ones on single sets are not."""
    verdicts = goals.of_tables(whole(), CAP)
    shares = [verdict for verdict in verdicts if "share of" in verdict.what]
    assert [verdict.result for verdict in shares] == ["100.0 %", "100.0 %"]
    ratios = [verdict for verdict in verdicts if "ratios of errors" in verdict.what]
    assert len(ratios) == 2
    assert all(verdict.is_reached for verdict in [*shares, *ratios])
    single = {verdict.what: verdict.is_reached for verdict in verdicts if "error on" in verdict.what}
    assert len(single) == 2 * len(goals.TABLES) + 1
    assert single["Chainrule: error on concrete"]
    assert not single["Chainrule: error on energy"]
    assert not single["Chainrule, preset best: error on mnist"]


def test_speed_is_judged_within_rounds() -> None:
    """Ratios are taken round by round, so that a machine that slows down changes none; seconds are medians."""
    speed = whole().speed
    assert speed is not None
    verdicts = {verdict.what: verdict for verdict in goals.of_fit_times(speed)}
    assert verdicts["Chainrule against RealMLP-TD-S: times as fast on kin8nm"].result == "4.0 ×"
    assert verdicts["Chainrule: seconds of fit and predict on power"].result == "2.0"
    assert all(verdict.is_reached for verdict in verdicts.values())


def test_the_page_is_complete() -> None:
    """Every set, model and goal is in the tables; the least error of a set is marked; the picture has each peer."""
    records = whole()
    errors, drawn = page_tables.error_table(records, CAP), picture.svg(records, CAP)
    assert len(errors.splitlines()) == 2 + len(SETS)
    assert page.objections(records, CAP) == []
    assert all(f"\n| {name.lstrip('0123456789').removeprefix('_')} " in errors for name in SETS)
    usual = {name: model.title for name, model in MODELS.items() if name not in SLOW}
    assert all(f" {page_tables.SHORT.get(name, title)} |" in errors for name, title in usual.items())
    assert all(model.title in drawn for name, model in MODELS.items() if name != "chainrule")
    judged = goals.of_tables(records, CAP)
    assert all(verdict.what in goals.markdown(judged) for verdict in judged)
    assert cells(errors, "car")[1:] == ["**10.00**", "**10.00**", "12.00", "", *["12.00"] * 5]
    made = page.sections(records, CAP)
    assert list(made) == [
        "results", "losses", "losses_of_log_loss", "comparisons", "log_losses", "calibration", "speed", "time",
        "errors", "every_log_loss", "run",
    ]  # fmt: skip
    assert "Beside CatBoost with its defaults the error is 0.84 times as large" in made["results"].replace("\n", " ")
    assert "on 0 of 65 tables: none." in made["losses"].replace("\n", " ")
    assert "log-loss of the default" in made["losses_of_log_loss"]
    assert "| 0.2500 |" in made["every_log_loss"].replace("*", "")
    of_best = [key for key in records.scores if key.model == "chainrule-best"]
    assert f"- tables: {len(SETS)}, fits with seed 0: {len(of_best)} (Chainrule, preset best)\n" in made["run"]


def test_a_slow_peer_may_be_measured_on_some_tables() -> None:
    """It is compared on these alone, and the page says how many they are, and with which seeds."""
    records = whole()
    for key in [key for key in records.scores if key.model == "tabm"]:
        del records.scores[key]
    for model in ("tabm", "chainrule-best"):
        other = replace(score("car", model, 0.1), seed=1)
        records.scores[other.key] = other
    assert page.objections(records, CAP) == []
    made = page.sections(records, CAP)
    assert cells(made["comparisons"].replace("Chainrule, preset best | TabM-D", "pair"), "pair")[0] == "1"
    assert "- tables: 1, fits with seed 1: 1 (TabM-D)\n" in made["run"]


def test_a_page_without_boosted_trees_says_so() -> None:
    """If a model was not measured, its comparisons and its column are left out."""
    records = whole()
    for key in list(records.scores):
        if key.model in TREES:
            del records.scores[key]
        else:
            records.scores[key] = replace(records.scores[key], log_loss=None)
    assert page.objections(records, CAP) == []
    made = page.sections(records, CAP)
    empty = {"losses", "losses_of_log_loss", "log_losses", "every_log_loss", "calibration", "time"}
    assert {made[name] for name in empty} == {"Not measured yet."}
    assert "CatBoost" not in made["results"] + made["comparisons"] + made["errors"]


def test_calibration_and_time_beside_catboost() -> None:
    """Means of calibration errors over common tables; seconds of fits of one run, summed, and their median ratio."""
    fits = [
        replace(score(name, model, 0.1), calibration_error=off, fit_seconds=seconds, run=run)
        for name, model, off, seconds, run in (
            ("car", "chainrule", 0.02, 1.0, "a"), ("car", "catboost", 0.04, 4.0, "a"),
            ("letter", "chainrule", 0.04, 30.0, "b"), ("letter", "catboost", 0.06, 10.0, "b"),
            ("nursery", "chainrule", 0.9, 1.0, "b"),
        )
    ]  # fmt: skip
    records, pairs = made(*fits), (("chainrule", "catboost"),)
    both = page_tables.calibration(records, CAP), page_tables.time_ratios(records, CAP, pairs)
    assert [cells(text, "Chainrule") for text in both] == [
        ["2", "**0.0300**", "0.0500"],
        ["CatBoost", "2", "31", "14", "**2.21 ×**", "**1.62 ×**"],
    ]
    apart = made(*(replace(fit, run=f"{fit.run} {fit.model}") for fit in fits))
    assert page_tables.time_ratios(apart, CAP, pairs) == "Not measured yet."


def test_log_losses_of_a_classifier() -> None:
    """−log P(y) is averaged; a class that was not trained on has the least probability, and so has 0."""
    P, classes = np.array([[0.5, 0.5], [0.75, 0.25], [1.0, 0.0], [0.5, 0.5]]), np.array([1, 3])
    floor = -math.log(1e-7)
    assert log_loss(np.array([1, 3]), P[:2], classes) == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert log_loss(np.array([3, 2]), P[2:], classes) == pytest.approx(floor)
    assert log_loss(np.array([4, 0]), P[2:], classes) == pytest.approx(floor)


def test_calibration_error_of_a_classifier() -> None:
    """Three of four rows are right, with confidence 0.9 each; classes have names of their own."""
    P, classes = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]]), np.array([1, 3])
    assert error_of_calibration(np.array([1, 1, 3, 1]), P, classes) == pytest.approx(0.15)


def test_seeds_are_averaged_within_splits() -> None:
    """Each split counts alike, whatever the number of its seeds; two models are compared on the seeds of both."""
    fits = [score("concrete", "chainrule", 1.0), score("concrete", "chainrule", 6.0, 1), score("concrete", "td", 2.0)]
    fits += [replace(fits[0], seed=1, error=3.0)]
    records = made(*fits)
    assert mean_error(scores(records, SETS["concrete"], "chainrule", CAP).values()) == pytest.approx(4.0)
    assert compare(records, "chainrule", "td", CAP).ratios == {"concrete": 0.5}


def test_means_that_differ_by_rounding_are_equal() -> None:
    """Errors whose means are equal but for the last digits are not lower, and both are the least."""
    fits = [score("letter", "chainrule", 0.1 - 1e-15), score("letter", "catboost", 0.1)]
    assert compare(made(*fits), "chainrule", "catboost", CAP).lower_share == 0.0
    assert cells(page_tables.error_table(made(*fits), CAP), "letter")[1:] == ["**10.00**", "**10.00**"]


def test_only_a_whole_table_is_stored() -> None:
    """Records that lack a fit or the speed, or hold a failure or two versions of a package, are refused."""
    absent, failed, versions, slow = whole(), whole(), whole(), whole()
    key = score("car", "td", 0.1).key
    del absent.scores[key]
    failed.scores[key] = score("car", "td", None)
    versions.scores[key] = replace(versions.scores[key], version="2.0")
    slow.speed = None
    for records, reason in (
        (absent, "1 fits are missing, of td"),
        (failed, "car 0, td: ValueError: no"),
        (versions, "versions 1.0, 2.0"),
        (slow, "speed was not measured"),
    ):
        with pytest.raises(SystemExit, match=f"not stored.*\n.*{reason}"):
            pages.refuse(page.objections(records, CAP))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It names absent sets and packages, makes and keeps the other fits; the second run makes none."""
    place = tmp_path / "pmlb_classification"
    place.mkdir()
    random = np.random.default_rng(0)
    rows = [f"{a}\t{b}\t{int(a * b > 0)}" for a, b in random.standard_normal((556, 2))]
    with gzip.open(place / "monk1.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("a\tb\ttarget\n" + "\n".join(rows) + "\n")
    path = tmp_path / "run.jsonl"
    path.touch()  # without the file it would begin with the stored results
    monkeypatch.setenv(sets.VARIABLE, str(tmp_path))
    run = [sys.executable, "-m", "benchmarks.tables", "--only", "sklearn", "--sets", "monk1,car", "--splits", "1"]
    done = subprocess.run(
        [*run, "--records", str(path), "--rows", "100", "--threads", "1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: car (pmlb_classification/car.tsv.gz is not in the folder)" in done.stdout
    assert "1 of 1: monk1 0, scikit-learn: " in done.stdout
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["rows"] == 100
    assert json.loads(line)["tested"] == 111

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pytabkit" else name)
    arguments = ["--sets", "monk1", "--only", "sklearn,td", "--splits", "1", "--records", str(path), "--rows", "100"]
    assert command.main(arguments) == 0
    shown = capsys.readouterr().out
    assert "left out: RealMLP-TD (pip install" in shown
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    with pytest.raises(SystemExit, match="unknown set Z; known: concrete"):
        command.main(["--sets", "Z"])
    monkeypatch.delenv(sets.VARIABLE)
    with pytest.raises(SystemExit, match="CHAINRULE_DATA must name the folder"):
        command.main([])
