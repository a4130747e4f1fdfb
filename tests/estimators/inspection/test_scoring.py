"""The metric by which each network keeps its best epoch."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("sklearn")

from sklearn import metrics

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.scorers.names import MEANT, SCORERS

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 3))
NUMBERS = 10.0 * X[:, 0] + rng.normal(size=120)
CLASSES = np.where(NUMBERS + 8.0 * rng.normal(size=120) > 0, "yes", "no")
OPTIONS: dict[str, Any] = {"epochs": 12, "n_networks": 2, "random_state": 0}


def test_the_kept_epoch_has_the_best_metric() -> None:
    """Each network ends with the θ of its best epoch, whose metric is that of its held-out rows, in the user's unit."""
    model = NetworkRegressor(scoring="neg_mean_absolute_error", **OPTIONS).fit(X, NUMBERS)
    assert model.metric_name_ == "mean absolute error"
    for j, course in enumerate(model.metric_courses_):
        rows = model._splits.splits()[j].held_out
        alone = model.target_.restored(model.networks_[j](model.encoder_.encode(X[rows])))
        assert course.epochs == list(range(1, 13))
        assert course.best_epoch == int(np.argmin(course.values)) + 1
        assert metrics.mean_absolute_error(NUMBERS[rows], alone) == pytest.approx(min(course.values), rel=1e-5)
    assert model.kept_epochs_ == tuple(course.best_epoch for course in model.metric_courses_)


def test_a_metric_is_reported_beside_j(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is in history, summary, curves, progress and file, beside J; callables have the name of their function."""
    pytest.importorskip("matplotlib")

    def agreement(estimator: Any, rows: Any, labels: Any) -> float:
        return float((estimator.predict(rows) == labels).mean())

    text = io.StringIO()
    progress = cr.callbacks.Progress(text)
    model = NetworkClassifier(scoring=agreement, callbacks=[progress], **OPTIONS).fit(X, CLASSES)
    named = NetworkClassifier(scoring="accuracy", **OPTIONS).fit(X, CLASSES)
    np.testing.assert_array_equal(model.history_["agreement"], named.history_["accuracy"])
    assert len(model.history_["agreement"]) == len(model.history_["J"]) == 24
    assert "held-out agreement" in model.summary()
    assert "agreement 0." in text.getvalue()
    assert model.plot_history().axes[0].get_ylabel() == "agreement"
    named.save(tmp_path / "m.safetensors")
    loaded = NetworkClassifier.load(tmp_path / "m.safetensors")
    assert loaded.kept_epochs_ == named.kept_epochs_
    np.testing.assert_array_equal(loaded.history_["accuracy"], named.history_["accuracy"])


def test_the_metric_changes_no_step() -> None:
    """J of each epoch is the same with and without a metric; without one the epoch of the lowest J is kept."""
    plain = NetworkClassifier(**OPTIONS).fit(X, CLASSES)
    scored = NetworkClassifier(scoring="roc_auc", **OPTIONS).fit(X, CLASSES)
    np.testing.assert_array_equal(plain.history_["J"], scored.history_["J"])
    assert plain.kept_epochs_ == tuple(history.best_epoch for history in plain.histories_)
    assert plain.metric_courses_ == ()
    assert plain.metric_name_ == ""


def test_patience_follows_the_metric() -> None:
    """Training stops once the metric has not improved for so many epochs, for that reason."""
    calls: list[int] = []

    def falling(estimator: Any, rows: Any, labels: Any) -> float:
        calls.append(1)
        return -float(len(calls))

    model = NetworkClassifier(scoring=falling, patience=3, **{**OPTIONS, "n_networks": 1}).fit(X, CLASSES)
    assert (model.n_iter_, model.stopped_, model.kept_epochs_) == (4, "patience", (1,))


def test_a_metric_that_is_never_a_number_leaves_the_choice_to_j() -> None:
    """If the metric is NaN after every epoch, the epoch of the lowest J is kept, with a warning."""
    with pytest.warns(cr.errors.TrainingWarning, match="the metric of scoring was never a number"):
        model = NetworkClassifier(scoring=lambda estimator, rows, labels: float("nan"), **OPTIONS).fit(X, CLASSES)
    assert model.metric_name_ == "score"
    assert model.kept_epochs_ == tuple(history.best_epoch for history in model.histories_)


def failing(estimator: Any, rows: Any, labels: Any) -> float:
    """A metric that raises an error."""
    raise ValueError("no such label")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("acc", "accuracy"), ("accurcy", "accuracy"), ("AUC", "roc_auc"), ("roc auc", "roc_auc"),
        ("roc-auc", "roc_auc"), ("logloss", "neg_log_loss"), ("Log Loss", "neg_log_loss"), ("f1-score", "f1"),
        ("pr_auc", "average_precision"),
        ("mcc", "matthews_corrcoef"), ("mae", "neg_mean_absolute_error"), ("mse", "neg_mean_squared_error"),
        ("rmse", "neg_root_mean_squared_error"), ("mape", "neg_mean_absolute_percentage_error"), ("r2_score", "r2"),
        ("mean_absolute_error", "neg_mean_absolute_error"), ("balanced", "balanced_accuracy"),
    ],
)  # fmt: skip
def test_a_metric_under_another_name_is_suggested(given: str, meant: str) -> None:
    """A short name of a metric, that of another library, and a misspelt one name the scorer that is meant."""
    with pytest.raises(cr.UnknownName, match=f"unknown scoring {given!r}; did you mean {meant!r}"):
        NetworkRegressor(scoring=given, **OPTIONS).fit(X, NUMBERS)


def test_each_metric_that_is_meant_exists() -> None:
    """Every scorer that is suggested is one of scikit-learn's, and no other name of one is."""
    assert set(MEANT.values()) <= set(SCORERS)
    assert not MEANT.keys() & set(SCORERS)


THIRDS = np.digitize(NUMBERS, [-5.0, 5.0])
TWO_LABELS = np.column_stack([NUMBERS > 0, X[:, 1] > 0]).astype(int)


@pytest.mark.parametrize(
    ("scoring", "y", "message"),
    [
        ("roc_auc", THIRDS, "'roc_auc' is not for 3 classes. Use one such as 'roc_auc_ovr', "),
        ("f1", THIRDS, "'f1' is not for 3 classes. Use one such as 'f1_macro', 'f1_weighted' or 'accuracy'."),
        ("f1_samples", THIRDS, "'f1_samples' is not for 3 classes. Use one such as 'f1_macro', "),
        ("f1", CLASSES, "'f1' is not for the classes 'no' and 'yes'. Use one such as 'f1_macro', "),
        ("f1", CLASSES, "; or give 0 and 1 as y, such as (y == 'yes').astype(int)."),
        ("average_precision", CLASSES, "for the classes 'no' and 'yes'. Use one such as 'accuracy', 'roc_auc' or"),
        ("f1", TWO_LABELS, "'f1' is not for 2 labels, of which a row may have several. Use one such as 'f1_macro', "),
        ("balanced_accuracy", TWO_LABELS, "Use one such as 'accuracy', 'roc_auc' or 'f1_macro'."),
        ("neg_mean_gamma_deviance", NUMBERS, "is not for y from -39.6609 to 31.2048. Use"),
        ("neg_max_error", X[:, :2], ", 2 targets. Use one such as 'neg_mean_absolute_error'"),
    ],
)  # fmt: skip
def test_a_metric_for_other_labels_is_refused_before_training(scoring: str, y: Any, message: str) -> None:
    """A scorer that does not take such labels is refused by name, with some that do, before the first epoch."""
    epochs: list[int] = []
    kind: Any = NetworkRegressor if y.dtype.kind == "f" else NetworkClassifier
    with pytest.raises(cr.InputError) as caught:
        kind(scoring=scoring, callbacks=[lambda history: epochs.append(history.epochs)], **OPTIONS).fit(X, y)
    assert f"scoring={scoring!r} is not for " in str(caught.value)
    assert message in str(caught.value)
    assert epochs == []


@pytest.mark.parametrize("q", [2, 3])
def test_metrics_of_several_labels(q: int) -> None:
    """Two labels have the metrics of three, also those of probabilities."""
    several = (np.column_stack([NUMBERS, X[:, 1], X[:, 2]]) > 0).astype(int)[:, :q]
    model = NetworkClassifier(scoring="roc_auc", **{**OPTIONS, "n_networks": 1}).fit(X, several)
    rows, best = model._splits.splits()[0].held_out, max(model.metric_courses_[0].values)
    P = model.networks_[0](model.encoder_.encode(X[rows]))
    assert metrics.roc_auc_score(several[rows], P) == pytest.approx(best, rel=1e-9)


def test_wrong_metrics_are_refused() -> None:
    """An unknown name, what is no function, a metric for the other task, and one without rows have a message."""
    with pytest.raises(cr.UnknownName, match="did you mean 'roc_auc'"):
        NetworkClassifier(scoring="roc auc", **OPTIONS).fit(X, CLASSES)
    with pytest.raises(cr.InputError, match=r"scoring must be a scorer's name, or a function .*; got 3"):
        NetworkClassifier(scoring=3, **OPTIONS).fit(X, CLASSES)  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="scoring='roc_auc' is for classification, and this is regression; use one"):
        NetworkRegressor(scoring="roc_auc", **OPTIONS).fit(X, NUMBERS)
    with pytest.raises(cr.InputError, match="scoring='r2' is for regression, and this is classification; use one"):
        NetworkClassifier(scoring="r2", **OPTIONS).fit(X, CLASSES)
    with pytest.raises(cr.InputError, match="scoring=failing does not work on the held-out rows: no such label"):
        NetworkClassifier(scoring=failing, **OPTIONS).fit(X, CLASSES)
    with pytest.raises(cr.InputError, match="scoring needs held-out rows"):
        NetworkClassifier(scoring="roc_auc", validation_fraction=0.0, **OPTIONS).fit(X, CLASSES)


@pytest.mark.parametrize("through", ["memory", "file"])
@pytest.mark.parametrize("patience", [None, 3])
def test_a_warm_start_keeps_the_best_epoch_by_the_metric(through: str, patience: int | None, tmp_path: Path) -> None:
    """Five epochs and ten more give bitwise what fifteen give: θ, the course of the metric and the kept epochs."""
    settings: dict[str, Any] = {
        **OPTIONS, "scoring": "roc_auc", "patience": patience, "learning_rate": cr.Constant(0.01),
        "warm_start": True,
    }  # fmt: skip
    whole = NetworkClassifier(**settings | {"epochs": 15}).fit(X, CLASSES)
    parts = NetworkClassifier(**settings | {"epochs": 5}).fit(X, CLASSES)
    if through == "file":
        parts.save(tmp_path / "m.safetensors")
        parts = NetworkClassifier.load(tmp_path / "m.safetensors")
    parts.set_params(epochs=15).fit(X, CLASSES)
    assert [net.theta.tobytes() for net in parts.networks_] == [net.theta.tobytes() for net in whole.networks_]
    assert parts.metric_courses_ == whole.metric_courses_
    assert parts.kept_epochs_ == whole.kept_epochs_
    assert (parts.stopped_, parts.n_iter_) == (whole.stopped_, whole.n_iter_)


def test_a_warm_start_needs_the_same_metric() -> None:
    """A training that began with another metric, or with none, cannot continue with this one."""
    for first in (None, "accuracy"):
        model = NetworkClassifier(scoring=first, warm_start=True, **OPTIONS).fit(X, CLASSES)
        with pytest.raises(cr.InputError, match="scoring='roc_auc' cannot choose among the epochs of a training"):
            model.set_params(scoring="roc_auc", epochs=15).fit(X, CLASSES)
