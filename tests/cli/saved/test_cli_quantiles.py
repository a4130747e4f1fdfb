"""Quantiles and intervals of varying width on the command line."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.command import QUICK, chainrule, read_csv, write_csv

RNG = np.random.default_rng(0)
A = RNG.uniform(0.0, 1.0, size=400)
ROWS: list[list[object]] = [[float(a), float(a + (0.05 + a) * e)] for a, e in zip(A, RNG.normal(size=400), strict=True)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of three quantiles, one with scaled intervals, and the rows."""
    folder = tmp_path_factory.mktemp("trained")
    write_csv(folder / "rows.csv", ROWS, ["a", "price"])
    with contextlib.chdir(folder):
        for name, options in (("q", ["--quantiles", ".1,.5,.9"]), ("s", ["--interval", "scaled"])):
            answer = chainrule(
                "train", "rows.csv", "--target", "price", "--out", f"{name}.safetensors", *options, *QUICK
            )
            assert answer.code == 0
    return folder


@pytest.fixture(autouse=True)
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a copy of that folder."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_column_for_each_quantile() -> None:
    """They are named after the target and the quantile, in increasing order; two are the ends of an interval."""
    rows = read_csv(chainrule("predict", "q.safetensors", "rows.csv", "--interval", 0.8).out)
    assert list(rows[0]) == ["price_q0.1", "price_q0.5", "price_q0.9", "price_low", "price_high"]
    Q = np.array([list(row.values()) for row in rows], dtype=np.float64)
    assert (np.diff(Q[:, :3], axis=1) >= 0.0).all()
    np.testing.assert_array_equal(Q[:, 3:], Q[:, [0, 2]])


def test_results_and_description() -> None:
    """`evaluate` shows pinball loss, D² and shares; `info` the quantiles of the training rows."""
    text = chainrule("evaluate", "q.safetensors", "rows.csv").out
    assert all(name in text for name in ("mean pinball loss", "D²", "share ≤ quantile 0.9", "in 80 % interval"))
    assert "baseline: predicts the quantiles of the training rows" in text
    assert "regression, quantile 0.1, quantile 0.5, quantile 0.9" in chainrule("info", "q.safetensors").out


def test_scaled_intervals_vary() -> None:
    """`predict --interval` of a model with scaled intervals has widths that grow with the spread."""
    rows = read_csv(chainrule("predict", "s.safetensors", "rows.csv", "--interval", 0.8).out)
    widths = np.array([float(row["price_high"]) - float(row["price_low"]) for row in rows])
    assert widths[A > 0.9].mean() > 1.5 * widths[A < 0.1].mean()


def test_quantiles_continue_with_new_rows() -> None:
    """`train --from` learns from new rows, and keeps the quantiles."""
    answer = chainrule("train", "rows.csv", "--from", "q.safetensors", "--epochs", 1, "--out", "new.safetensors")
    assert answer.code == 0
    assert "share ≤ quantile 0.9" in answer.out


WRONG = [
    # the command, what its answer says
    (
        "train rows.csv --quantiles .5,.1",
        "--quantiles: quantiles must lie strictly between 0 and 1, in",
    ),
    ("train rows.csv --quantiles low", "--quantiles: give numbers such as .05,.5,.95; got 'low'"),
    ("train rows.csv --quantiles .5 --interval scaled", "--interval: quantiles have intervals of their own"),
    ("train rows.csv --interval wide", "--interval: unknown interval 'wide'. Known: constant, scaled"),
    ("train iris --quantiles .1,.9", "--quantiles is for regression; this is classification"),
    ("train iris --interval scaled", "--interval is for regression; this is classification"),
    ("train rows.csv --from q.safetensors --quantiles .5", "--from keeps the model's settings; leave out --quantiles"),
    ("predict q.safetensors rows.csv --interval .9", "coverage=0.9 needs the quantiles 0.05 and 0.95"),
]


@pytest.mark.parametrize(("command", "message"), WRONG, ids=[command for command, _ in WRONG])
def test_wrong_usage(command: str, message: str) -> None:
    """Each wrong option is named, with what to do."""
    answer = chainrule(*command.split())
    assert answer.code == 2
    assert message in answer.err


def test_an_explanation_is_refused() -> None:
    """A page explains a class or a mean."""
    answer = chainrule("explain", "q.safetensors", "--data", "rows.csv")
    assert answer.code == 1
    assert "the model predicts several quantiles" in answer.err
