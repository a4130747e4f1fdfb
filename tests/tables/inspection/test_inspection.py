"""Importances, partial dependence and measures of table models."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.tables import TableEncoder, TableModel
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.inspection.importances import Importances, importances
from chainrule.tables.inspection.measures import ClassResults, NumberResults
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

X = [[float(k % 7), ["red", "blue", "green"][k % 3], 1.0 if k % 5 else None] for k in range(60)]


def model_of(outputs: int, max_values: int = 0) -> tuple[TableModel, list[Any]]:
    """A model of X with random weights: of 3 classes, or of numbers."""
    encoder = TableEncoder(max_values=max_values).fit(X)
    net = cr.Network.dense(
        [encoder.n_features_out_, 5, outputs], output="softmax" if outputs > 1 else "identity", seed=1
    )
    y: list[Any] = [str(k % 3) for k in range(60)] if outputs > 1 else [float(k) for k in range(60)]
    return TableModel(encoder, ClassLabels.fit(y) if outputs > 1 else NumericLabels.fit(y), (net,)), y


@pytest.mark.parametrize("max_values", [0, 10])
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_shuffled_column_is_a_shuffled_column_of_the_table(outputs: int, max_values: int) -> None:
    """Each importance is the loss of the table whose column is shuffled, less that of the table itself."""
    model, y = model_of(outputs, max_values)
    rows = labelled(model, X, y, "y")[0]
    found = importances(rows, repeats=2, seed=3)
    rng = np.random.default_rng(3)
    orders = [rng.permutation(60) for _ in range(2)]

    def loss(table: list[list[Any]]) -> float:
        if outputs > 1:
            P = model.predict_proba(table)
            return float(-np.log(P[np.arange(60), np.arange(60) % 3]).mean())
        return float(((model.predict(table) - y) ** 2).mean() / np.var(y))

    for k, name in enumerate(found.names):
        shuffled = [[[*row[:k], X[j][k], *row[k + 1 :]] for row, j in zip(X, order, strict=True)] for order in orders]
        expected = [loss(table) - loss(X) for table in shuffled]
        assert found.values[k] == pytest.approx(np.mean(expected), rel=1e-6, abs=1e-9), name
        assert found.deviations[k] == pytest.approx(np.std(expected), rel=1e-5, abs=1e-9), name


def test_derivatives_of_a_linear_map_are_its_weights() -> None:
    """For N(x) = w·x, the importance of a column is |w| times the deviation of its feature."""
    rows = [[float(k), float(k % 2)] for k in range(20)]
    encoder = TableEncoder("standard").fit(rows)
    net = cr.Network([cr.Layer([[3.0, -0.5]], [0.0], "identity")])
    model = TableModel(encoder, NumericLabels.fit([float(k) for k in range(20)]), (net,))
    found = importances(labelled(model, rows, list(range(20)), "y")[0], "gradient")
    np.testing.assert_allclose(found.values, [3.0, 0.5], rtol=1e-12)
    assert found.ranked()[0][0] == "x0"
    assert "±" not in repr(found)


def test_importances_are_stored_and_read() -> None:
    """The record in a file gives the same importances back, and anything else gives None."""
    found = Importances(("a", "b"), np.array([0.5, 0.25]), np.array([0.0, 0.1]), "permutation", "decrease of R²", 60)
    again = Importances.from_json(found.as_json())
    assert again is not None
    assert again.ranked() == found.ranked()
    assert again.caption == "Importances (shuffled): decrease of R², 60 rows"
    spoilt: list[Any] = [None, {}, {"values": []}, {"values": [["a"]]}]
    assert [Importances.from_json(wrong) for wrong in spoilt] == [None] * 4
    with pytest.raises(cr.UnknownName, match="method of importances"):
        importances(labelled(*model_of(1)[:1], X, model_of(1)[1], "y")[0], "shap")


@pytest.mark.parametrize("k", [2, 4])
def test_measures_of_classes_are_those_of_scikit_learn(k: int) -> None:
    """Accuracy, log-loss, AUC, recall, precision, F1 and the confusion matrix equal scikit-learn's, ties included."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(k)
    true = rng.integers(k, size=200)
    P = np.round(rng.dirichlet(np.ones(k), size=200) + 0.5 * np.eye(k)[true], 1) + 0.01
    P /= P.sum(axis=1, keepdims=True)
    results = ClassResults(ClassLabels.fit(true), true, P)
    found = {measure.name: measure.network for measure in results.measures}
    predicted = P.argmax(axis=1)
    auc = metrics.roc_auc_score(true, P[:, 1] if k == 2 else P, multi_class="ovr")
    assert found["accuracy"] == metrics.accuracy_score(true, predicted)
    assert found["log-loss"] == pytest.approx(metrics.log_loss(true, P), rel=1e-12)
    assert found["AUC"] == pytest.approx(auc, rel=1e-12)
    assert found["recall, mean of classes"] == pytest.approx(metrics.balanced_accuracy_score(true, predicted))
    assert found["F1, mean of classes"] == pytest.approx(metrics.f1_score(true, predicted, average="macro"))
    np.testing.assert_array_equal(results.confusion, metrics.confusion_matrix(true, predicted))
    precision, recall, f1, rows = metrics.precision_recall_fscore_support(true, predicted)
    np.testing.assert_allclose([c[1:] for c in results.by_class], np.c_[rows, recall, precision, f1])


def test_a_threshold_moves_the_predictions() -> None:
    """The second class is predicted where its probability reaches the threshold; probabilities stay as they are."""
    P = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])
    classes, true = ClassLabels.fit(["no", "yes"]), np.array([0, 1, 1])
    assert ClassResults(classes, true, P, 0.4).predicted.tolist() == [0, 1, 1]
    assert ClassResults(classes, true, P, 0.71).predicted.tolist() == [0, 0, 0]
    losses = [ClassResults(classes, true, P, at).measures[1].network for at in (None, 0.4)]
    assert losses[0] == losses[1]


def test_what_is_not_defined_is_nan() -> None:
    """With rows of one class the AUC is NaN, and means are over the classes that occur."""
    results = ClassResults(ClassLabels.fit(["a", "b"]), np.array([1, 1]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    found = {measure.name: measure.network for measure in results.measures}
    assert math.isnan(found["AUC"])
    assert found["recall, mean of classes"] == 0.5
    assert math.isnan(results.by_class[0].recall)


def test_intervals_have_their_coverage() -> None:
    """The share of rows in their intervals and the mean width are counted by hand."""
    y = np.array([[0.0], [1.0], [2.0], [9.0]])
    intervals = np.stack([np.zeros((4, 1)), np.full((4, 1), 2.0)], axis=-1)
    results = NumberResults(NumericLabels.fit([0.0, 2.0]), y, y, intervals, 0.9)
    assert [(m.name, m.network) for m in results.measures[3:]] == [
        ("in 90 % interval", 0.75), ("mean interval width", 2.0)
    ]  # fmt: skip
