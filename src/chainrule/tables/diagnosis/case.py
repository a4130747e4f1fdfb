"""A table model with labelled rows to diagnose, and what several checks compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Array, Floats
from chainrule._internal.naming import listed
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.costs.training_set import evenly_spaced
from chainrule.tables.calibration import calibrated
from chainrule.tables.columns import Column
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel, network_outputs
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.scores import pooled_r_squared, score_name
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import decoded
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_ROWS = 20_000  # that the checks look at
MOST_NUMBERS = 5_000_000  # of them


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows of a table with the columns of training, and their labels.

    These are class numbers (t,), indicators (t, q) of several labels, or standardised y (t, m).
    """

    model: TableModel
    table: AnyTable
    labels: NDArray[Any]
    unlabelled: int = 0  # further rows of the table, without a label
    asked: NDArray[np.bool_] | None = None  # (t, k): whether network j predicts a row; None: all do
    encoded: Rows | None = None  # the rows (t, n), if they are training rows, in a `TargetEncoding` of their own

    @property
    def t(self) -> int:
        """The number of rows."""
        return len(self.labels)

    @property
    def values(self) -> NDArray[Any]:
        """The labels as they were given: classes, or numbers in their own units."""
        return decoded(self.model.target, self.labels)

    def at(self, rows: NDArray[np.integer[Any]]) -> LabelledRows:
        """Returns some rows, by their numbers."""
        asked = None if self.asked is None else self.asked[rows]
        encoded = None if self.encoded is None else self.encoded[rows]
        return LabelledRows(self.model, self.table.rows(rows), self.labels[rows], asked=asked, encoded=encoded)

    def some(self, most: int) -> LabelledRows:
        """Returns at most this many rows, which lie evenly among them."""
        return self.at(evenly_spaced(self.t, most))

    @cached_property
    def X(self) -> Array:
        """The encoded rows (t, n), dense."""
        Z = self.model.encoder.encode(self.table) if self.encoded is None else self.encoded
        return Z.toarray() if isinstance(Z, SparseRows) else Z

    @cached_property
    def Y(self) -> Array:
        """The labels of the networks (t, m)."""
        if not isinstance(self.model.target, ClassLabels):
            return self.labels.astype(np.float64)
        Y: Array = np.eye(len(self.model.target))[self.labels]
        return Y[:, 1:] if self.model.networks[0].m[-1] == 1 else Y

    @cached_property
    def outputs(self) -> Floats:
        """The mean outputs of the networks: calibrated probabilities (t, k) or (t, q), or standardised predictions."""
        return self.outputs_for(self.X)

    def outputs_for(self, X: Array) -> Floats:
        """Returns such outputs for other encoded rows (t, n), each by the networks that predict the row here."""
        target, networks = self.model.target, self.model.networks
        with np.errstate(all="ignore"):  # outputs that are not finite are a finding
            if self.asked is None:
                A: Floats = np.mean([network_outputs(net, X, target) for net in networks], axis=0)
            else:
                A = np.zeros((len(X), target.width))
                for net, is_asked in zip(networks, self.asked.T, strict=True):
                    A[is_asked] += network_outputs(net, X[is_asked], target)
                A /= self.asked.sum(axis=1)[:, None]
            return A if isinstance(target, NumericLabels) else calibrated(A, self.model.calibration)

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The class numbers of the predictions (t,), or the indicators (t, q) of several labels."""
        is_class = isinstance(self.model.target, ClassLabels)
        numbers: NDArray[np.intp] = self.outputs.argmax(axis=1) if is_class else (self.outputs > 0.5).astype(np.intp)
        return numbers

    def explained(self) -> float:
        """Returns the accuracy of classes, R², or D² of quantiles; of several labels the R² of their probabilities."""
        if isinstance(self.model.target, ClassLabels):
            return float((self.predicted == self.labels).mean())
        if isinstance(self.model.target, QuantileLabels):
            return self.model.target.d2(self.outputs, self.values)
        return pooled_r_squared(self.labels, self.outputs)

    @property
    def score_name(self) -> str:
        """The name of `explained`."""
        return "R²" if isinstance(self.model.target, IndicatorLabels) else score_name(self.model.target)

    def columns(self) -> Iterator[tuple[str, Column]]:
        """Yields name and values of each column that the model uses."""
        for name in self.model.encoder.needed():
            yield name, self.table.typed(name)


@dataclass(frozen=True, eq=False)
class TableCase:
    """A table model with rows, and with rows that it was not trained on, if they are known to be such."""

    rows: LabelledRows
    held_out: LabelledRows | None
    target: str  # the name of the target column

    @property
    def model(self) -> TableModel:
        """The model."""
        return self.rows.model

    @property
    def is_classification(self) -> bool:
        """True if the target is one class a row."""
        return isinstance(self.model.target, ClassLabels)

    @property
    def new(self) -> LabelledRows:
        """The rows that are new to the model, as far as it is known."""
        return self.rows if self.held_out is None else self.held_out

    @property
    def where(self) -> str:
        """The words for these rows."""
        return "rows" if self.held_out is None else "held-out rows"

    @property
    def trained_rows(self) -> int:
        """The number of rows that the model was trained on, by its file; else that of the table."""
        rows = self.model.about.get("rows")
        return rows if isinstance(rows, int) else self.rows.t


def and_others(names: Sequence[str]) -> str:
    """Returns the beginning of a sentence about one of several columns; nothing if it is the only one.

    >>> and_others(["age", "city"]), and_others(["age"])
    ("'age', 'city': ", '')
    """
    return f"{listed(names, 5)}: " if len(names) > 1 else ""


def some(table: AnyTable) -> NDArray[np.intp]:
    """Returns the numbers of all rows of a table, or of those that lie evenly among them, at most 20,000."""
    most = max(min(MOST_ROWS, MOST_NUMBERS // max(len(table.names), 1)), 2)
    return evenly_spaced(len(table), most)


def dense(table: AnyTable) -> AnyTable:
    """Returns a sparse table as a dense one, any other as it is."""
    if isinstance(table, NumericTable) and table.is_sparse:
        return replace(table, values=table.values.toarray())
    return table
