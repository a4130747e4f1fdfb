"""The charts of fitted models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot
from chainrule.tables import TableEncoder, TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

pytest.importorskip("matplotlib")
sklearn_linear = pytest.importorskip("sklearn.linear_model")
X = [[float(k), "red" if k % 3 else "blue"] for k in range(30)]


def classifier(n_classes: int = 2) -> tuple[TableModel, list[str]]:
    """A model with random weights, and classes of the rows X."""
    y = [f"c{k % n_classes}" for k in range(30)]
    encoder = TableEncoder().fit(X)
    net = cr.Network.dense([encoder.n_features_out_, 4, n_classes], output="softmax", seed=0)
    return TableModel(encoder, ClassLabels.fit(y), (net,)), y


def regressor() -> tuple[TableModel, list[float]]:
    """A model with random weights, and numbers of the rows X."""
    y = [3.0 * k for k in range(30)]
    encoder = TableEncoder().fit(X)
    net = cr.Network.dense([encoder.n_features_out_, 4, 1], hidden="tanh", seed=0)
    return TableModel(encoder, NumericLabels.fit(y), (net,)), y


def test_the_confusion_matrix_counts_rows() -> None:
    """Each cell has the count of its true and predicted class, nothing for 0, and the shade the share of the class."""
    model, y = classifier()
    (axes,) = plot.confusion(model, X, y, title="a title").axes
    predicted = model.predict(X)
    counts = [
        [sum((a, b) == (c, d) for a, b in zip(y, predicted, strict=True)) for d in ("c0", "c1")] for c in ("c0", "c1")
    ]
    assert [text.get_text() for text in axes.texts] == [str(n) if n else "" for row in counts for n in row]
    shares: Any = axes.images[0].get_array()
    np.testing.assert_allclose(shares, np.array(counts) / 15)
    assert axes.get_title(loc="left") == "a title"


def test_many_classes_have_no_numbers() -> None:
    """With more than 30 classes the chart has no numbers."""
    y = [str(k) for k in range(40)]
    rows = [[float(k)] for k in range(40)]
    encoder = TableEncoder().fit(rows)
    model = TableModel(encoder, ClassLabels.fit(y), (cr.Network.dense([1, 40], output="softmax", seed=0),))
    assert not plot.confusion(model, rows, y).axes[0].texts


def test_calibration_has_the_means_of_ten_bins() -> None:
    """The points lie at the mean probability of each bin; the label has the expected calibration error."""
    model, y = classifier()
    upper, lower = plot.calibration(model, X, y).axes
    p = model.predict_proba(X)[:, 1]
    points = np.asarray(upper.lines[1].get_xydata())
    order = np.sort(p).reshape(10, 3)
    np.testing.assert_allclose(points[:, 0], order.mean(axis=1), atol=0.02)
    assert str(upper.lines[1].get_label()).startswith("error 0.")
    assert (upper.get_ylabel(), lower.get_xlabel()) == ("share of 'c1'", "P('c1')")
    model, y = classifier(3)
    assert plot.calibration(model, X, y).axes[1].get_xlabel() == "P(predicted class)"


def test_residuals_are_true_less_predicted() -> None:
    """The left chart has the true, the right one the residual numbers over the predicted ones."""
    model, y = regressor()
    left, right = plot.residuals(model, X, y).axes
    predicted = model.predict(X)
    for axes, values in ((left, y), (right, np.array(y) - predicted)):
        points: Any = axes.collections[0].get_offsets()
        np.testing.assert_allclose(points, np.c_[predicted, values], rtol=1e-9)


def test_partial_dependence_is_the_mean_with_the_column_replaced() -> None:
    """Each point is the mean prediction when the column has that value in all rows, computed on the table itself."""
    model, _ = regressor()
    number, colour = plot.partial_dependence(model, X, ["x0", "x1"]).axes
    z, means = np.asarray(number.lines[0].get_xydata()).T
    expected = [model.predict([[value, row[1]] for row in X]).mean() for value in z]
    np.testing.assert_allclose(means, expected, rtol=1e-9)
    points = np.asarray(colour.containers[0].lines[0].get_ydata())  # type: ignore[attr-defined]
    expected = [model.predict([[row[0], value] for row in X]).mean() for value in ("blue", "red")]
    np.testing.assert_allclose(points, expected, rtol=1e-9)
    assert [text.get_text() for text in colour.get_xticklabels()] == ["blue", "red"]


def test_several_targets_have_charts_of_their_own() -> None:
    """A target has a line of charts with its name, in its own unit; the curves are the mean predictions."""
    encoder = TableEncoder().fit(X)
    net = cr.Network.dense([encoder.n_features_out_, 4, 2], hidden="tanh", seed=0)
    Y = [[3000.0 * k, 0.01 * (k % 7)] for k in range(30)]
    model = TableModel(encoder, NumericLabels.fit(Y, names=("mass", "length")), (net,))
    axes = plot.partial_dependence(model, X, ["x0", "x1"], title="both").axes
    assert [each.get_ylabel() for each in axes] == ["mean\nmass", "", "mean\nlength", ""]
    assert [each.get_xlabel() for each in axes] == ["", "", "x0", "x1"]
    assert [each.get_title(loc="left") for each in axes] == ["both", "", "", ""]
    for k, number in enumerate((axes[0], axes[2])):
        z, means = np.asarray(number.lines[0].get_xydata()).T
        expected = [model.predict([[value, row[1]] for row in X])[:, k].mean() for value in z]
        np.testing.assert_allclose(means, expected, rtol=1e-9)
    assert axes[0].get_ylim() == axes[1].get_ylim()
    assert axes[2].get_ylim() == axes[3].get_ylim()
    assert np.ptp(axes[2].get_ylim()) < 0.1 < 1000.0 < np.ptp(axes[0].get_ylim())


def test_other_estimators_have_scikit_learns_charts() -> None:
    """A classifier and a regressor of scikit-learn have the four charts."""
    rows, y = np.arange(40.0).reshape(20, 2) % 7, np.arange(20) % 2
    model = sklearn_linear.LogisticRegression().fit(rows, y)
    assert sum(int(text.get_text() or 0) for text in plot.confusion(model, rows, y).axes[0].texts) == 20
    assert plot.calibration(model, rows, y, projector=True).axes
    assert plot.partial_dependence(model, rows, [0]).axes
    assert plot.residuals(sklearn_linear.LinearRegression().fit(rows, y), rows, y).axes


def test_networks_have_the_charts() -> None:
    """The class of a network is its largest output, or 1 where a single output is ½ or more; its numbers are N(x)."""
    rows = np.array([[-1.0], [0.0], [1.0]])
    one = cr.Network([cr.Layer(2.0, 0.0, "sigmoid")])
    two = cr.Network([cr.Layer([[0.0], [2.0]], [0.0, 0.0], "softmax")])
    for net, cells in ((one, ["1", "", "", "2"]), (two, ["1", "", "1", "1"])):
        (axes,) = plot.confusion(net, rows, [0, 1, 1]).axes
        assert [text.get_text() for text in axes.texts] == cells
        assert plot.calibration(net, rows, [0, 1, 1]).axes[1].get_xlabel() == "P(1)"
    line = cr.Network([cr.Layer(2.0, 0.0, "identity")])
    residuals: Any = plot.residuals(line, rows, [0.0, 1.0, 1.0]).axes[1].collections[0].get_offsets()
    np.testing.assert_array_equal(residuals, [[-2.0, 2.0], [0.0, 1.0], [2.0, -1.0]])
    with pytest.raises(cr.InputError, match=r"no predict_proba, or its σ\[r\] is no softmax"):
        plot.calibration(line, rows, [0, 1, 1])
    with pytest.raises(cr.InputError, match="Y must hold one label per row of X, 3; got 2"):
        plot.confusion(one, rows, [0, 1])


@pytest.mark.parametrize("draw", [plot.confusion, plot.calibration, plot.residuals])
def test_wrong_models_are_refused(draw: Any) -> None:
    """An object that is no model, a model of the other task, and another number of labels have a message."""
    other, y = regressor() if draw is not plot.residuals else classifier()
    with pytest.raises(cr.InputError, match=r"model must be a fitted estimator or a TableModel; got 3\.0"):
        draw(3.0, X, y)
    with pytest.raises(cr.InputError, match=r"this chart is for (classification|regression); the model predicts"):
        draw(other, X, y)
    model, y = classifier() if draw is not plot.residuals else regressor()
    with pytest.raises(cr.InputError, match="y must have one label per row: 30 rows, 29 labels"):
        draw(model, X, y[1:])


def test_columns_of_partial_dependence_are_checked() -> None:
    """An unknown column has the nearest one in its message; a text is no list of columns."""
    model, _ = regressor()
    with pytest.raises(cr.InputError, match="the model uses no column 'x 0'; did you mean 'x0'"):
        plot.partial_dependence(model, X, ["x 0"])
    with pytest.raises(cr.InputError, match="columns must be a list of names"):
        plot.partial_dependence(model, X, "x0")
