"""``chainrule train``: its decisions, output and files."""

from __future__ import annotations

import math
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from support.command import QUICK, UNENDING, chainrule, process, table, write_csv
from support.patience import ENDLESS, LIMIT

import chainrule as cr
from chainrule.cli import models
from chainrule.cli.inputs.sources import read_source
from chainrule.estimators.network.ensemble import Member, member_training
from chainrule.optimizers import OPTIMIZERS

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def measure(out: str, name: str) -> tuple[float, float]:
    """A measure of the network and of the baseline, from the table of results."""
    line = re.search(rf"^ *{name} +(\S+) +(\S+)$", out, re.MULTILINE)
    assert line, out
    return float(line[1].replace(",", "")), float(line[2].replace(",", ""))


@pytest.mark.native  # the reference engine takes ten minutes for it
def test_the_first_command_reads_digits(here: Path) -> None:
    """``chainrule train digits`` reaches a test accuracy of 0.97, says so on stdout, and saves model and curve."""
    command = process("train", "digits", cwd=here)
    out, err = command.communicate(timeout=LIMIT)
    assert command.returncode == 0, err
    accuracy, baseline = measure(out, "accuracy")
    assert accuracy >= 0.97
    assert baseline < 0.12
    assert (here / "digits.png").read_bytes().startswith(PNG)
    model = models.load_model("digits.safetensors")
    assert model.encoder.n_features_in_ == 64
    assert "\x1b" not in out + err
    assert "\r" not in out + err


@pytest.mark.parametrize(
    ("source", "name", "least"),
    [("iris", "accuracy", 0.8), ("wine", "accuracy", 0.9), ("breast_cancer", "accuracy", 0.9)],
)
def test_bundled_sets_of_classes(source: str, name: str, least: float) -> None:
    """The sets of classes that scikit-learn bundles are learned far better than their baseline by default."""
    answer = chainrule("train", source, "--quiet")
    network, baseline = measure(answer.out, name)
    assert (answer.code, answer.err) == (0, "")
    assert network >= least > baseline
    assert measure(answer.out, "log-loss")[0] < measure(answer.out, "log-loss")[1]


def test_numbers_are_measured_in_their_own_unit() -> None:
    """The diabetes set is regression; RMSE, MAE and R² have a baseline, and R² is 1 − (RMSE/deviation)²."""
    answer = chainrule("train", "diabetes")
    rmse, of_the_mean = measure(answer.out, "RMSE")
    assert measure(answer.out, "R²")[0] > 0.3
    assert rmse < 0.85 * of_the_mean
    assert measure(answer.out, "MAE")[0] < measure(answer.out, "MAE")[1]
    assert "Target 'target': regression" in answer.err
    # 1 − R² = (RMSE / spread)² of the network and of the mean, whose ratio does not depend on the spread
    ratio = (1 - measure(answer.out, "R²")[0]) / (1 - measure(answer.out, "R²")[1])
    assert ratio == pytest.approx((rmse / of_the_mean) ** 2, rel=2e-3)


def test_same_seed_same_network(here: Path) -> None:
    """One seed gives the same split and, bit for bit, the same network; another one another."""
    write_csv(here / "t.csv", table())
    outs = {}
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        answer = chainrule("train", "t.csv", "--target", "kind", "--seed", seed, "--out", f"{name}.safetensors", *QUICK)
        assert answer.code == 0, answer.err
        outs[name] = models.load_model(f"{name}.safetensors").networks[0].theta
    assert np.array_equal(outs["one"], outs["two"])
    assert not np.array_equal(outs["one"], outs["three"])


@pytest.mark.parametrize(
    ("target", "task", "sigma", "m"),
    [
        ("kind", None, "softmax", 2),
        ("three", None, "softmax", 3),
        ("three", "regression", "identity", 1),
        ("yes_or_no", None, "softmax", 2),
        ("zero_or_one", None, "softmax", 2),
        ("number", None, "identity", 1),
        ("float_classes", None, "softmax", 3),
    ],
)
def test_output_layer_follows_the_target(here: Path, target: str, task: str | None, sigma: str, m: int) -> None:
    """Classification gets softmax, regression the identity; --task overrides what the values suggest."""
    header = ["a", "b", "c", "kind", "three", "yes_or_no", "zero_or_one", "number", "float_classes"]
    rows: list[list[object]] = [
        [*row, k % 3, str(k % 2 == 0).lower(), k % 2, row[0], f"{k % 3}.0"] for k, row in enumerate(table())
    ]
    write_csv(here / "t.csv", rows, header)
    wanted = ["--task", task] if task else []
    drop = [] if target == "kind" else ["--drop", "kind"]
    answer = chainrule("train", "t.csv", "--target", target, *wanted, *drop, *QUICK)
    assert answer.code == 0, answer.err
    net = models.load_model("t.safetensors").networks[0]
    assert (net.sigma[net.r].name, net.m[-1]) == (sigma, m)
    assert f"Target '{target}'" in answer.err


def test_quiet_prints_the_results_alone(here: Path) -> None:
    """With --quiet stderr stays empty and stdout holds the same table."""
    write_csv(here / "t.csv", table())
    loud = chainrule("train", "t.csv", "--target", "kind", *QUICK)
    quiet = chainrule("train", "t.csv", "--target", "kind", *QUICK, "--quiet", "--force")
    assert (quiet.code, quiet.err) == (0, "")
    assert quiet.out == loud.out
    assert "Saved t.safetensors" in loud.err


def test_verbose_prints_each_epoch(here: Path) -> None:
    """With --verbose stderr has a line for each epoch of each network, in place of a bar; --quiet contradicts it."""
    write_csv(here / "t.csv", table())
    answer = chainrule("train", "t.csv", "--target", "kind", "--layers", "4", "--epochs", "2", "--verbose")
    assert answer.code == 0
    for number in range(1, 9):
        for words in ("epoch 1/2", "epoch 2/2", "2 of 2 epochs"):
            assert answer.err.count(f"\nnetwork {number} of 8  {words}  J ") == 1
    wrong = chainrule("train", "t.csv", "--target", "kind", "--verbose", "--quiet")
    assert (wrong.code, wrong.err.count("contradict")) == (2, 1)


def test_out_names_a_folder_or_a_file(here: Path) -> None:
    """--out FOLDER (made if need be) keeps the source's name; --out NAME.safetensors puts NAME.png beside it."""
    write_csv(here / "t.csv", table())
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK, "--out", "deep/er").code == 0
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK, "--out", "deep/m.safetensors").code == 0
    assert sorted(p.name for p in (here / "deep").rglob("*.*")) == ["m.png", "m.safetensors", "t.png", "t.safetensors"]


def test_options_reach_the_network(here: Path) -> None:
    """Layers, σ, optimizer, rate, batch size and epochs are those requested, also in the model's file."""
    write_csv(here / "t.csv", table())
    answer = chainrule(
        "train", "t.csv", "--target", "kind", "--layers", "5,4", "--activation", "tanh",
        "--optimizer", "gradient-descent", "--learning-rate", "0.05", "--batch-size", "16", "--epochs", "3",
        "--engine", "reference",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    model = models.load_model("t.safetensors")
    assert model.networks[0].m == (3, 5, 4, 2)
    assert [sigma.name for sigma in model.networks[0].sigma] == ["tanh", "tanh", "softmax"]
    training = model.about["training"]
    settings = {key: training[key] for key in ("optimizer", "learning_rate", "batch_size", "epochs", "engine")}
    assert settings == {
        "optimizer": "gradient_descent", "learning_rate": 0.05, "batch_size": 16, "epochs": 3, "engine": "reference",
    }  # fmt: skip


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_optimizers_by_name(here: Path, optimizer: str) -> None:
    """An optimizer needs its name alone; RPROP then sees all rows at each step."""
    write_csv(here / "t.csv", table())
    answer = chainrule("train", "t.csv", "--target", "kind", "--optimizer", optimizer, "--epochs", "3")
    assert answer.code == 0, answer.err
    assert (models.load_model("t.safetensors").about["training"]["batch_size"] is None) == (optimizer == "rprop")


def test_levenberg_marquardt(here: Path) -> None:
    """--optimizer lm trains a small regression by its own recipe, which the plan and the model's file name."""
    rows: list[list[object]] = [[x, y, x * y] for x, y, *_ in table()]  # type: ignore[operator]
    write_csv(here / "t.csv", rows, ["a", "b", "y"])
    answer = chainrule("train", "t.csv", "--target", "y", "--optimizer", "lm", "--layers", "3", "--epochs", "5")
    assert answer.code == 0, answer.err
    assert "Levenberg–Marquardt: 8 networks" in answer.err
    assert "Optimizer: lm, all rows per step, at most 5 epochs." in answer.err
    training = models.load_model("t.safetensors").about["training"]
    settings = [training[key] for key in ("optimizer", "preset", "learning_rate", "weight_decay", "network")]
    assert settings == ["lm", None, None, None, "2-3-1"]
    info = chainrule("info", "t.safetensors")
    assert info.code == 0
    assert "preset" not in info.out


def test_no_hidden_layer_is_logistic_regression(here: Path) -> None:
    """--preset lecture --layers none leaves one layer, σ = sigmoid (L11)."""
    write_csv(here / "t.csv", table())
    answer = chainrule("train", "t.csv", "--target", "kind", "--preset", "lecture", "--layers", "none", "--epochs", "3")
    assert answer.code == 0, answer.err
    (net,) = models.load_model("t.safetensors").networks
    assert (net.m, net.sigma[1].name) == ((3, 1), "sigmoid")


def test_divergence_leaves_the_old_files(here: Path) -> None:
    """Training that diverges ends with exit code 1 and a line of advice; an earlier run's files stay as they are."""
    rows: list[list[object]] = [[x, y, 3 * x - y + 0.01 * k] for k, (x, y, *_) in enumerate(table())]  # type: ignore[operator]
    write_csv(here / "t.csv", rows, ["a", "b", "y"])
    assert chainrule("train", "t.csv", "--target", "y", *QUICK).code == 0
    before = (here / "t.safetensors").read_bytes(), (here / "t.png").read_bytes()
    descent = ("--optimizer", "gradient_descent", "--learning-rate", "1e60", "--force")
    answer = chainrule("train", "t.csv", "--target", "y", *descent)
    assert answer.code == 1
    assert answer.out == ""
    assert re.fullmatch(
        r"Error: training diverged.*Try a smaller --learning-rate, such as 1e\+59 .*", answer.err.splitlines()[-1]
    )
    assert ((here / "t.safetensors").read_bytes(), (here / "t.png").read_bytes()) == before


def test_constant_and_far_off_columns(here: Path) -> None:
    """A constant column and numbers of any size train without a warning; the constant one never moves a prediction."""
    rows = [[*row[:3], 7.5, k * 1e300, 5e-324 * (k % 2), row[3]] for k, row in enumerate(table())]
    header = ["a", "b", "c", "same", "huge", "tiny", "kind"]
    write_csv(here / "t.csv", rows, header)
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK).code == 0
    write_csv(here / "u.csv", [[*row[:3], -1e9, *row[4:]] for row in rows], header)
    assert chainrule("predict", "t.safetensors", "t.csv").out == chainrule("predict", "t.safetensors", "u.csv").out


def test_each_class_keeps_a_row_to_train_on(here: Path) -> None:
    """A class with one single row is trained on, so that the model knows it."""
    write_csv(here / "t.csv", [*table(), [0.0, 0.0, 0.0, "perhaps"]])
    answer = chainrule("train", "t.csv", "--target", "kind", *QUICK)
    assert answer.code == 0, answer.err
    model = models.load_model("t.safetensors")
    assert read_source("t.csv").t == 81
    assert model.target.values.tolist() == ["no", "perhaps", "yes"]  # type: ignore[union-attr]


def test_categories_and_gaps_are_inputs(here: Path) -> None:
    """Texts, dates, booleans and missing values are inputs like numbers; unseen texts are reported on stderr."""
    rows: list[list[object]] = [
        [*row[:2], "" if k % 5 == 0 else row[2], ("red", "green", "", "blue")[k % 4], f"2024-0{k % 9 + 1}-11", row[3]]
        for k, row in enumerate(table())
    ]
    header = ["a", "b", "holes", "colour", "day", "kind"]
    write_csv(here / "t.csv", rows, header)
    answer = chainrule("train", "t.csv", "--target", "kind", *QUICK)
    assert answer.code == 0, answer.err
    kinds = {name: kind for name, kind, _ in models.load_model("t.safetensors").encoder.describe()}
    assert kinds == {"a": "numbers", "b": "numbers", "holes": "numbers", "colour": "categories", "day": "datetimes"}
    new: list[list[object]] = [["", "", "", "pink", "", "yes"]] * 3
    write_csv(here / "new.csv", [*new, *[row for row in rows if row[3]][:5]], header)
    answer = chainrule("predict", "t.safetensors", "new.csv")
    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) == 9
    assert answer.err == "Note: categories not seen in training count as missing: 'colour' (3).\n"


def test_numbers_as_categories(here: Path) -> None:
    """--category makes levels of a column's numbers."""
    write_csv(here / "t.csv", [[*row[:2], k % 5, row[3]] for k, row in enumerate(table())])
    assert chainrule("train", "t.csv", "--target", "kind", "--category", "c", *QUICK).code == 0
    model = models.load_model("t.safetensors")
    assert model.encoder.get_feature_names_out().tolist() == ["a", "b", "c_0", "c_1", "c_2", "c_3", "c_4"]


@pytest.mark.parametrize(("t", "options", "plan", "kept"), [
    (10, (), "no rows are held out of fewer than 10, and the last epoch is kept.", "kept the last epoch of each."),
    (12, (), "each holds out 20% of the training rows to choose its best epoch.", "kept the best epoch of each."),
    (10, ("--preset", "lecture"), "no rows are held out of fewer than 10, and the last", "; kept the last one."),
    (12, ("--preset", "lecture"), "it holds out 10% of the training rows", ", the best on the validation rows."),
    (10, ("--optimizer", "lm"), "no rows are held out of fewer than 10, and the last", "kept the last epoch of each."),
], ids=["few", "enough", "one-few", "one-enough", "lm-few"])  # fmt: skip
def test_few_rows_are_all_trained_on(t: int, options: tuple[str, ...], plan: str, kept: str, here: Path) -> None:
    """Of fewer than ten training rows none is held out: the plan says so, and that the last epoch is kept."""
    write_csv(here / "few.csv", [[k, k**2 / 7.0] for k in range(t)], ["z", "y"])
    answer = chainrule("train", "few.csv", "--target", "y", "--epochs", 2, *options)
    assert answer.code == 0
    assert plan in answer.err
    assert kept in answer.err


@pytest.mark.parametrize(("weight", "answer"), [("no=9,yes=1", "no"), ("no=1,yes=9", "yes")])
def test_class_weights_move_predictions(here: Path, weight: str, answer: str) -> None:
    """If the inputs carry no information, the class with nine times the weight is predicted."""
    rng = np.random.default_rng(0)
    rows: list[list[object]] = [[x, ("no", "yes")[k % 2]] for k, x in enumerate(rng.normal(size=200))]
    write_csv(here / "t.csv", rows, ["x", "kind"])
    command = ["train", "t.csv", "--target", "kind", "--class-weight", weight, "--preset", "lecture", "--epochs", "50"]
    weighted, plain = chainrule(*command), chainrule(*command[:4], "--preset", "lecture", "--epochs", "1")
    assert weighted.code == 0
    assert [measure(a.out, "log-loss")[1] for a in (weighted, plain)] == pytest.approx([math.log(2)] * 2, abs=1e-3)
    chainrule(*command, "--force")
    lines = chainrule("predict", "t.safetensors", "t.csv").out.splitlines()[1:]
    assert np.mean([line.startswith(answer) for line in lines]) > 0.95


def test_presets(here: Path) -> None:
    """--preset chooses the recipe: lecture is one sigmoid network by gradient descent, best several with embeddings."""
    write_csv(here / "t.csv", table(40))
    nets = {}
    for preset in ("default", "best", "lecture"):
        answer = chainrule("train", "t.csv", "--target", "kind", "--preset", preset, "--epochs", "4", "--force")
        assert answer.code == 0, answer.err
        model = models.load_model("t.safetensors")
        assert model.about["training"]["preset"] == preset
        nets[preset] = model.networks
    assert [sigma.name for sigma in nets["lecture"][0].sigma] == ["sigmoid", "sigmoid"]
    assert len(nets["lecture"]) == 1 < len(nets["best"])
    assert nets["best"][0].r > nets["default"][0].r


def test_time_limit(here: Path) -> None:
    """--time-limit stops a training that would otherwise never end, and its best networks are saved."""
    write_csv(here / "t.csv", table())
    answer = chainrule("train", "t.csv", "--target", "kind", *UNENDING, "--time-limit", "0.5")
    assert answer.code == 0, answer.err
    assert models.load_model("t.safetensors").about["training"]["epochs"] < ENDLESS


def test_training_may_end_within_the_first_epoch(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training that ends within the first epoch of every network leaves a model if it is better than initially."""
    short = {"time_limit": 1e-9}  # it ends after one step

    def train(share: object, *given: Any, **settings: Any) -> Generator[None, None, cr.History]:
        return cr.train(*given, **settings | short)
        yield

    monkeypatch.setattr(member_training, "train_with_share", train)
    costs = iter([1.0, 2.0] * 2)  # of θ after the step, and of the initial θ, of two networks
    monkeypatch.setattr(Member, "cost", lambda member, theta: next(costs))
    write_csv(here / "t.csv", table())
    quick = ("t.csv", "--target", "kind", *QUICK, "--batch-size", "4", "--preset", "lecture")
    answer = chainrule("train", *quick, "--quiet")
    assert (answer.code, answer.err) == (0, "")
    training = models.load_model("t.safetensors").about["training"]
    assert (training["epochs"], training["J"], training["validation_J"]) == (0, None, None)
    assert (here / "t.png").read_bytes().startswith(PNG)
    assert chainrule("info", "t.safetensors").code == 0
    costs = iter([2.0, 1.0])
    answer = chainrule("train", *quick, "--out", "u.safetensors")
    assert answer.code == 1
    assert "no network was better than at its initial values" in answer.err
    assert not (here / "u.safetensors").exists()


def test_a_folder_of_parquet_files_is_a_table(here: Path) -> None:
    """``chainrule train big/`` reads the Parquet files in it; the names of subfolders such as month=2 are a column."""
    for month in (1, 2):
        part = here / "big" / f"month={month}" / "part.parquet"
        part.parent.mkdir(parents=True)
        x = np.linspace(0.0, 1.0, 60)
        pyarrow.parquet.write_table(pyarrow.table({"x": x, "y": month * x}), part)
    answer = chainrule("train", "big/", "--target", "y", "--epochs", "2")
    assert answer.code == 0, answer.err
    assert "big: 2 input columns, 96 training rows and 24 test rows" in answer.err
    assert models.load_model("big.safetensors").encoder.n_features_in_ == 2
    (here / "none").mkdir()
    assert "'none' is a folder" in chainrule("train", "none", "--target", "y").err
