"""NetworkClassifier on several labels of two values each (scikit-learn's multilabel-indicator)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")
pytest.importorskip("pandas")

import pandas as pd
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import cross_val_score
from sklearn.utils.multiclass import type_of_target

import chainrule as cr
from chainrule.errors import DataWarning, InputError
from chainrule.estimators import NetworkClassifier, load
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions, Single
from chainrule.tables.calibration import Calibration, best_temperature, of_two
from chainrule.tables.targets.indicator_labels import IndicatorLabels

SMALL: dict[str, Any] = {"epochs": 20, "hidden_layer_sizes": (16,), "n_networks": 3, "random_state": 0}
NAMES = ["news", "spam", "urgent"]
X, Y = make_multilabel_classification(240, 6, n_classes=3, n_labels=2, random_state=0)


@pytest.fixture(scope="module")
def model() -> NetworkClassifier:
    """A model of a matrix of 0 and 1."""
    return NetworkClassifier(**SMALL).fit(X, Y)


@pytest.fixture(scope="module")
def frame() -> Any:
    """A table with labels as numbers, as booleans and as texts."""
    table = pd.DataFrame(X, columns=list("abcdef"))
    table["news"], table["spam"], table["urgent"] = Y[:, 0], Y[:, 1] == 1, np.where(Y[:, 2] == 1, "yes", "no")
    return table


def test_predictions_are_an_indicator_matrix(model: NetworkClassifier) -> None:
    """predict is a matrix of 0 and 1, predict_proba has a probability of each label, and score is subset accuracy."""
    P, predicted = model.predict_proba(X), model.predict(X)
    assert type_of_target(predicted) == "multilabel-indicator"
    assert predicted.dtype == Y.dtype
    assert ((P > 0.5) == predicted).all()
    assert not np.allclose(P.sum(axis=1), 1.0)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, Y) == accuracy_score(Y, predicted)
    assert model.score(X, Y, np.arange(240)) == pytest.approx(
        accuracy_score(Y, predicted, sample_weight=np.arange(240)), rel=1e-12
    )
    with np.errstate(divide="ignore"):
        assert (model.predict_log_proba(X) == np.log(P)).all()
    assert cross_val_score(NetworkClassifier(**SMALL), X, Y, cv=2).mean() > 0.3


def test_each_label_is_a_sigmoid_with_the_binary_cross_entropy(model: NetworkClassifier) -> None:
    """The outputs are sigmoids, and J is the mean over the rows of the sum of the binary cross-entropies."""
    assert {(net.sigma[net.r].name, net.m[net.r]) for net in model.networks_} == {("sigmoid", 3)}
    cost = model.recipe_.cost
    assert isinstance(cost, cr.LogLikelihood)
    net = model.networks_[0]
    Z = model.encoder_.transform(X)
    losses = [log_loss(Y[:, k], net(Z)[:, k].astype(float)) for k in range(3)]
    assert cost(net, Z, Y) == pytest.approx(sum(losses), rel=1e-5)
    assert NetworkClassifier(cost="sum_of_squares", **SMALL).fit(X, Y).recipe_.cost.name == "sum_of_squares"
    with pytest.raises(InputError, match=r"cross_entropy is for classes that exclude.*log_likelihood.*argmax"):
        NetworkClassifier(cost="cross_entropy", **SMALL).fit(X, Y)


@pytest.mark.parametrize("preset", ["default", "best", "lecture"])
def test_presets_have_costs_for_labels(preset: str) -> None:
    """Every preset trains several labels by their log-likelihood."""
    model = NetworkClassifier(preset=preset, **SMALL | {"epochs": 2}).fit(X, Y)
    assert {recipe.cost.name for recipe in model.recipes_} == {"log_likelihood"}


@pytest.mark.parametrize(
    ("settings", "values"),
    [({}, {0.025, 0.975}), ({"preset": "lecture"}, {0.0, 1.0}), ({"cost": "log_likelihood"}, {0.0, 1.0})],
    ids=["default", "lecture", "cost"],
)
def test_the_presets_smooth_labels(settings: dict[str, Any], values: set[float]) -> None:
    """The default preset trains on labels that are smoothed by 5 %, unless a cost is given; the lecture's does not."""
    model = NetworkClassifier(**settings, **SMALL | {"epochs": 1}).fit(X, Y)
    targets, numbers = model._encode_labels(Y, model.recipe_)
    assert numbers is None
    assert set(np.unique(targets).round(12).tolist()) == values
    assert ((targets > 0.5) == Y).all()


def test_sparse_rows_have_labels() -> None:
    """The linear recipes for sparse rows keep their penalty, and compete by the log-loss of the labels."""
    sparse = pytest.importorskip("scipy.sparse")
    rows = sparse.random(300, 400, density=0.05, format="csr", random_state=0, dtype=np.float64)
    labels = np.column_stack([rows[:, k * 40 : (k + 1) * 40].sum(axis=1) > 1.0 for k in range(3)])
    model = NetworkClassifier(n_networks=2, epochs=4, random_state=0).fit(rows, np.asarray(labels).astype(int))
    assert model.predict(rows).shape == (300, 3)
    assert {recipe.cost.name for recipe in model.recipes_} == {"log_likelihood"}


def test_each_label_has_its_temperature(model: NetworkClassifier) -> None:
    """T of a label is that of two classes, from the rows that were held out; without calibration it is 1."""
    calibration = model.model_.calibration
    assert isinstance(calibration, tuple)
    assert len(calibration) == 3
    assert NetworkClassifier(calibrate=False, **SMALL).fit(X, Y).model_.calibration == Calibration()
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, size=(4_000, 2))
    has = (rng.uniform(size=p.shape) < p).astype(np.intp)
    sharp = np.column_stack([p[:, 0], p[:, 1] ** 3 / (p[:, 1] ** 3 + (1 - p[:, 1]) ** 3)])
    held_out = HeldOutPredictions(sharp, np.arange(4_000), None, Single(sharp, np.arange(4_000)))
    target = IndicatorLabels.fit(has)
    estimator = NetworkClassifier()
    estimator.target_, estimator._n_sparse = target, 0
    calibrated = estimator._calibrate(model.model_, has, held_out)[0].calibration
    assert isinstance(calibrated, tuple)
    assert [one.smoothing for one in calibrated] == [0.0, 0.0]
    T = tuple(one.temperature for one in calibrated)
    assert T == tuple(best_temperature(of_two(sharp[:, k]), has[:, k]) for k in range(2))
    assert T == pytest.approx((1.0, 3.0), rel=0.15)


def test_labels_of_a_table_have_names_and_values(frame: Any, model: NetworkClassifier, tmp_path: Path) -> None:
    """Columns of 0 and 1, booleans and texts are labels by name, in any order, also of a file that is read."""
    named = NetworkClassifier(**SMALL).fit(frame, NAMES)
    assert named.classes_.tolist() == NAMES
    assert (named.predict_proba(frame) == model.predict_proba(X)).all()
    has = named.predict(frame)
    assert [set(column) for column in has.T.tolist()] == [{0, 1}, {False, True}, {"no", "yes"}]
    expected = model.score(X, Y)
    table = frame.drop(columns=NAMES)
    for X_, y in ((frame, NAMES), (frame, NAMES[::-1]), (table, frame[NAMES[::-1]])):
        assert named.score(X_, y) == expected
    path = tmp_path / "m.safetensors"
    named.save(path)
    again = NetworkClassifier.load(path)
    assert (again.predict(frame) == has).all()
    assert load(path).score(frame, NAMES) == expected
    again.partial_fit(frame, NAMES)
    assert isinstance(again.model_.calibration, tuple)
    assert again.validation_score_ == pytest.approx(again.score(frame, NAMES), abs=0.2)


def test_training_goes_on_with_new_rows() -> None:
    """partial_fit begins and continues; warm_start continues bit for bit; rows of weight 0 may lack their labels."""
    model = NetworkClassifier(**SMALL)
    for _ in range(3):
        model.partial_fit(X, Y)
    assert model.predict(X).shape == Y.shape
    with pytest.raises(InputError, match="classes is for one class a row"):
        NetworkClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(InputError, match="y must have shape"):
        model.partial_fit(X, Y[:, 0])
    whole = NetworkClassifier(**SMALL).fit(X, Y)
    half = NetworkClassifier(warm_start=True, **SMALL | {"epochs": 10}).fit(X, Y)
    half.set_params(epochs=20).fit(X, Y)
    assert half.n_iter_ == whole.n_iter_
    gaps: Any = Y.astype(object)
    gaps[5, 1] = None
    weighted = NetworkClassifier(**SMALL).fit(X, gaps, np.arange(240) != 5)
    assert weighted.predict(X).shape == Y.shape


def test_rare_labels_get_more_weight() -> None:
    """class_weight="balanced" finds more of a rare label."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    labels = np.column_stack([x[:, 0] + rng.normal(size=600) > 2.2, x[:, 1] > 0]).astype(int)
    found = [
        NetworkClassifier(class_weight=weight, **SMALL).fit(x, labels).predict(x)[:, 0].sum()
        for weight in (None, "balanced")
    ]
    assert found[1] > 2 * found[0] + 5


@pytest.mark.parametrize("scoring", ["roc_auc", "f1_macro", "accuracy"])
def test_the_best_epoch_by_a_metric_of_labels(scoring: str, frame: Any) -> None:
    """scoring takes metrics of scikit-learn for several labels, also of labels in texts."""
    model = NetworkClassifier(scoring=scoring, **SMALL).fit(frame, NAMES)
    assert model.metric_name_ == scoring.replace("_", " ")
    assert all(model.kept_epochs_)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.column_stack([Y, Y[:, 0] * 2 + Y[:, 1]]), r"y\[:, 3\] must hold two values.*got 4.*a model of its own"),
        (np.column_stack([Y[:, 0], X[:, 0]]), r"y\[:, 1\] must hold two values.*NetworkRegressor"),
        (np.where(np.arange(240)[:, None] == 7, np.nan, Y), r"y\[:, 0\] has no value in row 8"),
    ],
    ids=["classes", "numbers", "gap"],
)
def test_columns_that_are_no_labels_are_refused(labels: Any, words: str) -> None:
    """A column of more classes, one of numbers and a gap are refused with the column."""
    with pytest.raises(InputError, match=words):
        NetworkClassifier(**SMALL).fit(X, labels)


def test_a_label_that_no_row_has_is_noted() -> None:
    """A DataWarning names labels that are the same in all rows."""
    constant = Y.copy()
    constant[:, 1] = 0
    with pytest.warns(DataWarning, match="all rows have the same value of the label '2'"):
        model = NetworkClassifier(**SMALL).fit(X, constant)
    assert (model.predict(X)[:, 1] == 0).all()


def test_the_report_draws_each_label(frame: Any, tmp_path: Path) -> None:
    """Summary, card, diagnosis, importances and report are those of labels by name; a confusion chart is refused."""
    pytest.importorskip("matplotlib")
    model = NetworkClassifier(**SMALL).fit(frame, NAMES)
    assert "Labels: news" in model.summary()
    assert "subset accuracy on held-out rows" in model._repr_html_()
    assert len(model.importances(frame, NAMES).names) == 6
    assert model.diagnose(frame, NAMES) is not None
    path = tmp_path / "r.html"
    model.report(path)
    page = path.read_text(encoding="utf-8")
    for words in (
        "Hamming loss",
        "urgent = yes",
        "3 labels, of which a row has none",
        "each label with its temperature",
    ):
        assert words in page
    assert "calibration of spam" in page
    with pytest.raises(InputError, match="one class a row; the model predicts several labels"):
        cr.plot.confusion(model, frame, NAMES)
    assert cr.plot.partial_dependence(model, frame, ["a"]).axes[0].get_ylabel() == "mean P"
