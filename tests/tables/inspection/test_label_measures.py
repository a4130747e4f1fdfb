"""Measures of several labels and of several numbers, beside those of scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from sklearn import metrics

import chainrule as cr
from chainrule.tables import TableEncoder, TableModel, diagnose
from chainrule.tables.calibration import Calibration
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.inspection.dependence import partial_dependence
from chainrule.tables.inspection.importances import importances
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import NumberResults
from chainrule.tables.inspection.results import results_of
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

T, Q = 80, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(T, 4))
Y = (X[:, :Q] + 0.5 * RNG.normal(size=(T, Q)) > 0.3).astype(int)


def results(P: Any = None) -> LabelResults:
    """Probabilities that know something about the labels."""
    given = 1.0 / (1.0 + np.exp(-3.0 * (X[:, :Q] - 0.2))) if P is None else P
    return LabelResults(IndicatorLabels.fit(Y, names=("a", "b", "c")), Y, given)


def test_measures_are_those_of_scikit_learn() -> None:
    """Subset accuracy, Hamming loss, log-loss, AUC and F1 are scikit-learn's, with the mean of the labels."""
    found, P = results(), results().P
    predicted = P > 0.5
    expected = [
        metrics.accuracy_score(Y, predicted), metrics.hamming_loss(Y, predicted),
        np.mean([metrics.log_loss(Y[:, k], P[:, k]) for k in range(Q)]), metrics.roc_auc_score(Y, P),
        metrics.f1_score(Y, predicted, average="macro"),
    ]  # fmt: skip
    assert [measure.network for measure in found.measures][:5] == pytest.approx(expected, rel=1e-12)
    of = found.by_label
    assert [label.name for label in of] == ["a", "b", "c"]
    assert [label.recall for label in of] == pytest.approx(metrics.recall_score(Y, predicted, average=None))
    assert [label.precision for label in of] == pytest.approx(metrics.precision_score(Y, predicted, average=None))
    assert [label.rows for label in of] == Y.sum(axis=0).tolist()


def test_the_baseline_knows_the_shares_alone() -> None:
    """The baseline has the shares of the labels as probabilities: its AUC is ½, its log-loss their entropy."""
    baseline = {measure.name: measure.baseline for measure in results().measures}
    p = Y.mean(axis=0)
    assert baseline["AUC, mean of labels"] == 0.5
    assert baseline["log-loss, mean of labels"] == pytest.approx(-(p * np.log(p) + (1 - p) * np.log(1 - p)).mean())
    assert baseline["Hamming loss"] == pytest.approx(np.minimum(p, 1 - p).mean())
    assert baseline["calibration error, mean of labels"] == pytest.approx(0.0, abs=1e-12)


def test_a_label_that_no_row_has_is_no_number() -> None:
    """Its AUC and its recall are NaN, and the mean is that of the other labels."""
    true = Y.copy()
    true[:, 1] = 0
    found = LabelResults(IndicatorLabels.fit(Y), true, results().P)
    assert math.isnan(found.by_label[1].auc)
    assert math.isnan(found.by_label[1].recall)
    known = [found.by_label[k].auc for k in (0, 2)]
    assert found.measures[3].network == pytest.approx(np.mean(known))


def test_several_numbers_have_measures_by_name() -> None:
    """R² has the mean of the targets first, as scikit-learn's uniform average; each measure names its target."""
    true = np.column_stack([X[:, 0], 1000.0 * X[:, 1]])
    predicted = true + RNG.normal(size=true.shape) * [0.1, 300.0]
    found = NumberResults(NumericLabels.fit(true, names=("height", "price")), true, predicted)
    by_name = {measure.name: measure.network for measure in found.measures}
    assert next(iter(by_name)) == "R², mean of targets"
    assert by_name["R², mean of targets"] == pytest.approx(metrics.r2_score(true, predicted))
    assert by_name["R² of price"] == pytest.approx(metrics.r2_score(true[:, 1], predicted[:, 1]))
    assert by_name["MAE of height"] == pytest.approx(np.abs(true - predicted)[:, 0].mean())
    unnamed = NumberResults(NumericLabels.fit(true), true, predicted)
    assert [measure.name for measure in unnamed.measures][1:3] == ["RMSE of 1", "MAE of 1"]


@pytest.fixture
def rows() -> LabelledRows:
    """Rows of a model for three labels, by the names of their columns."""
    encoder = TableEncoder().fit(X)
    net = cr.Network.dense([4, 6, Q], output="sigmoid", seed=0)
    cr.train(net, encoder.encode(X), Y, cost=cr.LogLikelihood(mean=True), optimizer=cr.Adam(0.03), epochs=200, seed=0)
    model = TableModel(
        encoder, IndicatorLabels.fit(Y, names=("a", "b", "c")), (net,), tuple(map(Calibration, (1.0, 2.0, 1.0)))
    )
    table = [
        dict(zip(("x0", "x1", "x2", "x3", "a", "b", "c"), (*x, *y), strict=True))
        for x, y in zip(X.tolist(), Y.tolist(), strict=True)
    ]
    return labelled(model, table, ["c", "a", "b"], "y")[0]


def test_labelled_rows_are_in_the_order_of_training(rows: LabelledRows) -> None:
    """Labels, predictions and results are those of the model."""
    assert (rows.labels == Y).all()
    assert (rows.outputs == rows.model.predict_proba(X)).all()
    assert (rows.values == Y).all()
    assert results_of(rows).measures[0].network == rows.model.score(X, Y)


def test_importances_are_of_the_log_loss(rows: LabelledRows) -> None:
    """A column that no label depends on matters least, by permutation and by derivatives."""
    for method in ("permutation", "gradient"):
        found = importances(rows, method)
        assert found.ranked()[-1][0] == "x3"
    assert importances(rows).unit == "increase of the log-loss, mean of the labels"


def test_partial_dependence_is_a_probability_of_each_label(rows: LabelledRows) -> None:
    """The mean probability of label a grows with x0, on which it depends."""
    means = partial_dependence(rows, "x0").means
    assert means.shape[1] == Q
    assert means[-1, 0] - means[0, 0] > 0.5
    assert ((means >= 0.0) & (means <= 1.0)).all()


def test_faults_of_labels_are_found(rows: LabelledRows) -> None:
    """The doctor finds a label that a column gives away, one that has become rare, and one that is missed."""
    leaking = np.column_stack([X, Y[:, 1] * 2.0 + 1.0])
    encoder = TableEncoder().fit(leaking)
    net = cr.Network.dense([encoder.n_features_out_, Q], output="sigmoid", initial="zeros")
    model = TableModel(encoder, IndicatorLabels.fit(Y, names=("a", "b", "c")), (net,))
    found = {finding.kind: finding.evidence for finding in diagnose(model, leaking, Y).findings}
    assert "'x4' alone is enough" in found["a leak of the target"]
    assert "R² of the probabilities is" in found["no better than a constant"]
    many, rare = np.tile(X, (5, 1)) + RNG.normal(size=(5 * T, 4)) * 0.01, np.tile(Y, (5, 1))
    rare[:, 2] = 0
    rare[:12, 2] = 1
    late = diagnose(rows.model, np.tile(X, (5, 1)), np.tile(Y, (5, 1)), many, rare).findings
    assert "the label 'c' has 3 % of 400 held-out rows" in next(f.evidence for f in late if f.kind.startswith("drift"))
