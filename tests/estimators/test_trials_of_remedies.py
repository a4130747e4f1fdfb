"""Trials of remedies: a gain is measured on held-out rows, with its error, and is said to be none where it is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.diagnosis.change import Change, Trial
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.diagnosis.trials import tried
from chainrule.tables import diagnose
from chainrule.tables.calibration import Calibration

pandas = pytest.importorskip("pandas")

SHORT: dict[str, Any] = {"epochs": 15, "hidden_layer_sizes": (16,), "threads": 1}


def short(**given: Any) -> NetworkClassifier:
    """A classifier that trains briefly."""
    return NetworkClassifier(**{**given, **SHORT})


def table(t: int = 300, shift: float = 0.0) -> Any:
    """Rows of two numbers, and their class."""
    X = np.random.default_rng(0).normal(size=(t, 2))
    return pandas.DataFrame({"a": X[:, 0] + shift, "b": X[:, 1], "y": np.where(X[:, 0] > 0.5, "high", "low")})


def trial(finding: cr.Finding, model: Any, rows: Any) -> Trial:
    """The trial of one finding."""
    (found,) = tried(cr.Diagnosis((finding,)), model, short, rows, "y").findings
    assert found.trial is not None
    return found.trial


def test_training_again_gains_where_the_rows_have_moved() -> None:
    """A model that knows a only 3 below gains by new training; the diagnosis proposes it."""
    model = short(random_state=0).fit(table(), "y").model_
    moved = table(shift=3.0)
    diagnosis = tried(diagnose(model, moved, "y"), model, short, moved, "y")
    (found,) = [finding for finding in diagnosis.findings if finding.kind == "drift"]
    assert found.trial is not None
    assert found.trial.has_gain
    assert found.trial.after > found.trial.before + 0.2
    assert "a gain of" in str(found)


def test_training_again_is_tried_on_the_new_rows() -> None:
    """If held-out rows are given, they are the ones to train on."""
    model = short(random_state=0).fit(table(), "y").model_
    moved = table(shift=3.0)
    diagnosis = tried(diagnose(model, table(), "y", moved, "y"), model, short, table(), "y", moved, "y")
    (found,) = [finding for finding in diagnosis.findings if finding.kind == "drift"]
    assert found.trial is not None
    assert found.trial.has_gain


def test_a_change_that_does_nothing_gains_nothing() -> None:
    """The same seed and the same rows with the settings as they were: the gain is exactly 0, and is said to be none."""
    model = short(random_state=0).fit(table(), "y").model_
    none = trial(cr.Finding("a fault", "1.", "2.", Change(parameters={"n_networks": 1})), model, table())
    assert (none.gain, none.error, none.has_gain, none.splits) == (0.0, 0.0, False, 5)
    assert "no gain" in str(none)


def test_leaving_out_what_matters_is_no_gain() -> None:
    """Without the column that decides, the accuracy falls."""
    model = short(random_state=0).fit(table(), "y").model_
    worse = trial(cr.Finding("a fault", "1.", "2.", Change(drop=("a",))), model, table())
    assert worse.gain < -0.1
    assert not worse.has_gain


def test_without_the_change_the_settings_are_those_of_the_model() -> None:
    """A model with two tanh units on unscaled numbers is compared with a wider one, or one that scales."""
    rows = table()
    rows["b"] *= 1000.0
    given: dict[str, Any] = {"hidden_layer_sizes": (2,), "activation": "tanh", "numbers": "none"}
    model = NetworkClassifier(**given, epochs=15, n_networks=1, random_state=0, threads=1).fit(rows, "y").model_
    made: list[dict[str, Any]] = []

    def watched(**parameters: Any) -> NetworkClassifier:
        made.append(parameters)
        return NetworkClassifier(**parameters, epochs=5, threads=1)

    finding = cr.Finding("a fault", "1.", "2.", Change(parameters={"numbers": "robust"}))
    tried(cr.Diagnosis((finding,)), model, watched, rows, "y")
    without, changed = made[:2]
    assert {name: without[name] for name in given} == given
    assert changed == {**without, "numbers": "robust"}


def test_the_metric_is_that_of_the_change() -> None:
    """Mean recall by hand on the held-out rows; a lower cross-entropy is a gain."""
    model = short(random_state=0).fit(table(), "y").model_
    certain = replace(model, calibration=Calibration(0.01))
    gained = trial(cr.Finding("a fault", "1.", "2.", Change(metric="cross-entropy")), certain, table())
    assert gained.metric == "cross-entropy"
    assert gained.gain == pytest.approx(gained.before - gained.after)
    recalled = trial(cr.Finding("a fault", "1.", "2.", Change(metric="mean recall")), model, table())
    assert recalled.metric == "mean recall"
    y, predicted = table()["y"].to_numpy(), model.predict(table()[["a", "b"]])
    by_hand = np.mean([(predicted[y == c] == c).mean() for c in ("high", "low")])
    assert recalled.before == pytest.approx(by_hand, abs=0.02)  # the mean over five parts of the rows


def test_regression_and_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """``diagnose(…, try_remedies=True)`` of an estimator has the findings of ``tables.diagnose``, with R² of trials."""
    X = np.random.default_rng(0).normal(size=(120, 3))
    y = X[:, 0] + 5.0 * X[:, 1]
    model = NetworkRegressor(**SHORT, n_networks=1, random_state=0).fit(X, y)
    moved = X + 4.0
    without, found = model.diagnose(moved, y), model.diagnose(moved, y, try_remedies=True)
    assert str(diagnose(model.model_, moved, y)) == str(without)
    assert found.kinds == without.kinds
    assert {finding.trial.metric for finding in found.findings if finding.trial is not None} == {"R²"}


def test_quantiles_are_tried_as_quantiles() -> None:
    """The remedies of a model of quantiles are tried with its quantiles, and compared by D²."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    model = NetworkRegressor(**SHORT, n_networks=1, random_state=0, quantiles=(0.1, 0.5, 0.9)).fit(X, X[:, 0])
    found = model.diagnose(X, rng.permutation(X[:, 0]), try_remedies=True)
    assert {finding.trial.metric for finding in found.findings if finding.trial is not None} == {"D²"}


def test_few_rows_are_not_tried() -> None:
    """With fewer than 50 rows there is no trial."""
    model = short(random_state=0).fit(table(), "y").model_
    moved = table(40, shift=3.0)
    diagnosis = diagnose(model, moved, "y")
    assert diagnosis
    assert tried(diagnosis, model, short, moved, "y") == diagnosis
