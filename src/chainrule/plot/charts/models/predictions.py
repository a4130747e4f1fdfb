"""Predictions beside the truth, of a model of tables, a network, or any estimator with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule import activations
from chainrule._internal.checks import Floats, as_rows, shown
from chainrule.costs import SumOfSquares
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.network import Network
from chainrule.plot.charts.regions import as_classes
from chainrule.tables.calibration import of_two
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.labels import as_targets
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels


class ClassPredictions(NamedTuple):
    """Classes (k,), and of each row the numbers (t,) of its class and of the predicted one, and P (t, k) if known."""

    classes: list[Any]
    true: NDArray[np.intp]
    predicted: NDArray[np.intp]
    P: Floats | None


class NumberPredictions(NamedTuple):
    """The numbers y and their predictions, each (t, m), and the names of m predictions, if they have some."""

    true: Floats
    predicted: Floats
    names: Sequence[str] = ()


def table_model(model: Any) -> TableModel | None:
    """Returns the model of tables that this is, or that an estimator has, or None for another estimator.

    Raises InputError for what is neither fitted nor an estimator.
    """
    if isinstance(model, TableModel):
        return model
    own = getattr(model, "model_", None)
    if isinstance(own, TableModel):
        return own
    if not callable(getattr(model, "predict", None)):
        raise InputError(f"model must be a fitted estimator or a TableModel; got {shown(model)}.")
    if hasattr(model, "preset"):
        raise InputError(f"this {type(model).__name__} is not fitted yet. Call fit(X, y) first.")
    return None


def class_predictions(model: Any, X: Any, y: Any) -> ClassPredictions:
    """Returns the classes of rows beside the predicted ones. Raises InputError for a model of numbers."""
    if isinstance(model, Network):
        return _classes_of_network(model, X, y)
    own = table_model(model)
    if own is not None:
        if isinstance(own.target, NumericLabels):
            raise InputError("this chart is for classification; the model predicts numbers. Use cr.plot.residuals.")
        if isinstance(own.target, IndicatorLabels):
            raise InputError(
                "this chart is for one class a row; the model predicts several labels. model.report(path) draws each."
            )
        return of_classes(labelled(own, X, y, "y")[0])
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise InputError(f"this chart is for a fitted classifier, with classes_; got {shown(model)}.")
    target = ClassLabels(np.asarray(classes), np.ones(len(classes)))
    predicted = target.class_numbers(model.predict(X))
    P = np.asarray(model.predict_proba(X), dtype=np.float64) if hasattr(model, "predict_proba") else None
    return ClassPredictions(target.values.tolist(), target.class_numbers(_labels(y, len(predicted))), predicted, P)


def of_classes(rows: LabelledRows) -> ClassPredictions:
    """Returns the classes of labelled rows beside the predicted ones."""
    return ClassPredictions(rows.model.target.values.tolist(), rows.labels, rows.predicted, rows.outputs)  # type: ignore[union-attr]  # its target has classes


def of_label(rows: LabelledRows, k: int) -> ClassPredictions:
    """Returns label k, counted from 0, of labelled rows with several, as a class beside the predicted one."""
    target = rows.model.target
    assert isinstance(target, IndicatorLabels)
    name = target.classes.tolist()[k]
    values = [f"{name} = {value}" for value in target.part(k).values.tolist()]
    return ClassPredictions(values, rows.labels[:, k], rows.predicted[:, k], of_two(rows.outputs[:, k]))


def number_predictions(model: Any, X: Any, y: Any) -> NumberPredictions:
    """Returns the numbers of rows beside the predicted ones. Raises InputError for a model of classes."""
    if isinstance(model, Network):
        data = SumOfSquares().examples(model, X, y, None)
        return NumberPredictions(np.asarray(data.Y, dtype=np.float64), _outputs(model, X))
    own = table_model(model)
    if own is not None:
        if not isinstance(own.target, NumericLabels):
            raise InputError("this chart is for regression; the model predicts classes. Use cr.plot.confusion.")
        return of_numbers(labelled(own, X, y, "y")[0])
    if hasattr(model, "classes_"):
        raise InputError("this chart is for regression; the model predicts classes. Use cr.plot.confusion.")
    predicted = np.asarray(model.predict(X), dtype=np.float64)
    true = np.asarray(_labels(y, len(predicted)), dtype=np.float64)
    return NumberPredictions(true.reshape(len(true), -1), predicted.reshape(len(predicted), -1))


def of_numbers(rows: LabelledRows) -> NumberPredictions:
    """Returns the numbers of labelled rows beside the predicted ones, in the targets' own units."""
    target = rows.model.target
    assert isinstance(target, NumericLabels)
    true = target.mean + target.deviation * rows.labels
    return NumberPredictions(true, target.in_units(rows.outputs), target.output_names)


def _classes_of_network(net: Network, X: Any, y: Any) -> ClassPredictions:
    """Returns the classes beside those of the largest output, or, for one output, 1 where N(x) ≥ ½ and else 0."""
    A = _outputs(net, X)
    is_one = A.shape[1] == 1
    predicted = (A[:, 0] >= 0.5).astype(np.intp) if is_one else A.argmax(axis=1)
    P = np.concatenate([1.0 - A, A], axis=1) if is_one else A
    has_probabilities = net.sigma[net.r] is (activations.sigmoid if is_one else activations.softmax)
    classes = list(range(P.shape[1]))
    return ClassPredictions(classes, as_classes(net, y, len(A)), predicted, P if has_probabilities else None)


def _outputs(net: Network, X: Any) -> Floats:
    """Returns N(x) of each row, (t, m)."""
    require_real(net)
    return np.asarray(net(as_rows(X, net.m[0], "X", net.dtype)), dtype=np.float64)


def _labels(y: Any, t: int) -> NDArray[Any]:
    """Returns one label per row."""
    labels = as_targets(y, "y")
    if len(labels) != t:
        raise InputError(f"y must have one label per row: {t} rows, {len(labels)} labels.")
    return labels
