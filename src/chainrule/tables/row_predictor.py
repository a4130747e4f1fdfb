"""Predictions of single rows, for a service: the encoder in plain Python, and one compiled call for all networks."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.tables.calibration import LEARNED, Calibration
from chainrule.tables.encoding.row_encoder import NeedsTable, Row, RowEncoder
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels


class RowPredictor:
    """Predicts single rows by a `TableModel`, in plain values of Python.

    A row is a dict by the names of the columns, of which others are ignored, or a list in the order of the columns. A
    number is a number or its text, a category a text, a boolean or a number; None and NaN are missing. What is
    predicted is what the model predicts for a table of this row: labels and numbers bit for bit, and probabilities but
    for the rounding of a power. It may be used by several threads, and it uses the current θ of the networks.

    Raises InputError for rows that the model refuses.
    """

    def __init__(self, model: Any) -> None:  # a TableModel, which imports this module
        self._model = model
        self._encoders = RowEncoder(model.encoder, by_name=False), RowEncoder(model.encoder, by_name=True)
        self._dtype = np.dtype(model.encoder.dtype)
        self._k = len(model.networks)
        self._calibration = model.calibration
        self._labels: list[Any] = []  # the classes, or the two values of each label
        self._has_several_labels = isinstance(model.target, IndicatorLabels)
        if isinstance(model.target, ClassLabels):
            self._labels = model.target.values.tolist()
        if isinstance(model.target, IndicatorLabels):
            self._labels = [two.values.tolist() for two in model.target.columns]
        if self._labels:
            self._mean = self._deviation = [0.0]
        else:
            self._mean, self._deviation = model.target.mean.tolist(), model.target.deviation.tolist()
        self._shifts = model.target.shifts.tolist() if isinstance(model.target, QuantileLabels) else None
        self._has_softmax = all(net.sigma[net.r].name == "softmax" for net in model.networks)

    def predict(self, row: Row) -> Any:
        """Returns the most probable class of a row, or its number, or the list of its numbers, quantiles or labels."""
        a = self._outputs(row)
        if self._has_several_labels:
            return [two[p > 0.5] for two, p in zip(self._labels, a, strict=True)]
        if self._labels:
            return self._labels[a.index(max(a))]
        y = [mean + deviation * z for mean, deviation, z in zip(self._mean, self._deviation, a, strict=True)]
        if self._shifts is not None:
            return sorted(map(operator.add, sorted(y), self._shifts))
        return y[0] if self._model.target.is_flat else y

    def predict_proba(self, row: Row) -> list[float]:
        """Returns the probabilities (k,) of ``classes_``, in their order. Raises InputError for regression."""
        if not self._labels:
            raise InputError("this is a regression model; it has no class probabilities. Use predict(row).")
        a, calibration = self._outputs(row), self._calibration
        if isinstance(calibration, tuple):
            return [_calibrated([1.0 - p, p], each)[1] for p, each in zip(a, calibration, strict=True)]
        return _calibrated(a, calibration)

    def _outputs(self, row: Row) -> list[float]:
        """Returns the mean outputs of the networks, in the way of ``TableModel.outputs``."""
        model = self._model
        is_named = hasattr(row, "keys")
        if not is_named and (isinstance(row, (str, bytes)) or not hasattr(row, "__getitem__")):
            raise _not_a_row(row)
        try:
            x = np.array((self._encoders[is_named](row),), dtype=self._dtype)
        except NeedsTable:
            if not is_named and any(map(_is_row, row)):
                raise _not_a_row(row) from None
            table: Sequence[Any] = [dict(row)] if is_named else [list(row)]
            return list(model.outputs(table)[0].tolist())
        outputs = model.few(x) if self._has_softmax or self._has_several_labels or not self._labels else None
        if outputs is None:
            return list(model.outputs_of(x)[0].tolist())
        of_networks = outputs.tolist()
        a: list[float] = of_networks[0][0]
        for other in of_networks[1:]:
            a = [total + z for total, z in zip(a, other[0], strict=True)]
        return a if self._k == 1 else [z / self._k for z in a]


def _is_row(entry: object) -> bool:
    """Returns True for what has entries itself, such as a dict, a list or an array; no value of a row does."""
    return hasattr(entry, "__len__") and not isinstance(entry, (str, bytes)) and getattr(entry, "ndim", 1) > 0


def _not_a_row(row: object) -> InputError:
    return InputError(
        f"row must be one row, a dict by the names of the columns or a list of their values; got {shown(row)}. "
        "Predict several rows by predict(X) of the model."
    )


def _calibrated(p: list[float], calibration: Calibration) -> list[float]:
    """Returns the probabilities of one row, as ``Calibration.probabilities`` does."""
    s, beta = calibration.smoothing, 1.0 / calibration.temperature
    if s != 0.0:
        p = [max(each - s, LEARNED * each) for each in p]
    elif beta == 1.0:
        return p
    most = max(p)
    q = [(each / most) ** beta for each in p]
    total = sum(q)
    return [each / total for each in q]
