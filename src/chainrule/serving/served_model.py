"""A model as it is served: by a name, with what its answers consist of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.errors import InputError
from chainrule.tables.model import TableModel
from chainrule.tables.prediction_names import as_columns, target_titles
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.row_predictor import RowPredictor
from chainrule.tables.target_decoder import NumericLabels

MOST_SINGLE_ROWS = 64  # that are predicted one by one; more are faster as a table


class Wanted(NamedTuple):
    """The parts of an answer besides predictions."""

    has_probabilities: bool = False
    coverage: float | None = None  # of intervals


class Answer(NamedTuple):
    """Predictions of t rows, of which each is a value, or a list for several targets, labels or quantiles.

    ``probabilities`` has a list of each row; ``intervals`` a pair of ends, or a list of pairs for several targets.
    """

    predictions: list[Any]
    probabilities: list[list[float]] | None = None
    intervals: list[Any] | None = None


@dataclass(frozen=True)
class ServedModel:
    """A model with the name under which it is served, and the path of its file."""

    name: str
    path: str
    model: TableModel

    @cached_property
    def rows(self) -> RowPredictor:
        """Predicts single rows."""
        return self.model.row_predictor()

    @cached_property
    def titles(self) -> list[str]:
        """The names of the predictions of a row."""
        return target_titles(self.model)

    @property
    def has_classes(self) -> bool:
        """True if the model predicts classes or labels, which have probabilities."""
        return not isinstance(self.model.target, NumericLabels)

    def require_possible(self, wanted: Wanted) -> None:
        """Raises InputError if the model has no probabilities, or no intervals of this coverage."""
        if wanted.has_probabilities and not self.has_classes:
            raise InputError("probabilities: the model predicts a number, which has none. Ask for interval=0.9.")
        if wanted.coverage is not None:
            if self.has_classes:
                raise InputError("interval: the model predicts a class, which has none. Ask for probabilities=true.")
            self.model.require_interval(wanted.coverage)

    def answer_rows(self, rows: Sequence[Any], wanted: Wanted) -> Answer | None:
        """Returns the answer for a few rows, each a dict or a list; None if they are to be read as a table.

        So are rows that cannot be predicted, for the words of the error.
        """
        most = self.model.encoder.n_features_in_ + MOST_SINGLE_ROWS
        if wanted.coverage is not None or len(rows) > MOST_SINGLE_ROWS or any(len(row) > most for row in rows):
            return None
        predict, predict_proba = self.rows.predict, self.rows.predict_proba
        try:
            return Answer(
                [predict(row) for row in rows],
                [predict_proba(row) for row in rows] if wanted.has_probabilities else None,
            )
        except InputError:
            return None

    def answer(self, table: AnyTable, wanted: Wanted) -> Answer:
        """Returns the answer for the rows of a table. Raises InputError for rows that the model refuses."""
        Y, P, ends = self._predicted(table, wanted)
        return Answer(Y.tolist(), None if P is None else P.tolist(), None if ends is None else ends.tolist())

    def columns(self, table: AnyTable, wanted: Wanted) -> dict[str, list[Any]]:
        """Returns the same as columns, by their names (`as_columns`)."""
        return as_columns(self.model, *self._predicted(table, wanted))

    def _predicted(self, table: AnyTable, wanted: Wanted) -> tuple[NDArray[Any], Floats | None, Floats | None]:
        """Returns predictions (t,) or (t, m), probabilities (t, k), and intervals (t, 2) or (t, m, 2)."""
        model = self.model
        Z = model.encoder.encode(table)
        A = model.outputs_of(Z)
        P = model.probabilities_of(A) if wanted.has_probabilities else None
        ends = None if wanted.coverage is None else model.intervals_of(Z, A, wanted.coverage)
        return model.predictions_of(A), P, ends
