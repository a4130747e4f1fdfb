"""The data of a training run on packed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.costs import TrainingSet
from chainrule.errors import InputError
from chainrule.rows.rows import Rows
from chainrule.tables.columns import Task
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults
from chainrule.tables.inspection.results import Results, number_results
from chainrule.tables.model import TableModel
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_TESTED = 100_000  # rows, which are in memory


@dataclass(frozen=True)
class RowsData:
    """Packed rows: those to train on, in their file, and those of some blocks for the test, in memory."""

    origin: str
    packed: PackedTable
    training: Rows
    test: TrainingSet

    @property
    def task(self) -> Task:
        """The task."""
        return self.packed.target.task

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training rows and of test rows."""
        return self.training.t, len(self.test.X)

    @property
    def classes(self) -> list[Any]:
        """The classes, if the target is one."""
        target = self.packed.target
        if isinstance(target, IndicatorLabels):
            return sorted({value for two in target.columns for value in two.values.tolist()}, key=str)
        return target.values.tolist() if isinstance(target, ClassLabels) else []

    def descriptions(self) -> list[str]:
        """Returns lines about the rows."""
        training, test = self.sizes
        return [f"{self.origin}: {training} training rows and {test} test rows.", *self.packed.descriptions()]

    def names(self) -> dict[str, str]:
        """Returns the names of the table and of its only target, as the model's file holds them."""
        targets = self.packed.about["targets"]
        return {"source": self.packed.about["source"], **({"column": targets[0]} if len(targets) == 1 else {})}

    def fit(self, estimator: Any) -> None:
        """Fits an estimator to the training rows."""
        estimator.fit(self.training)

    def results(self, model: TableModel) -> Results:
        """Returns the results on the test rows."""
        Z: Any = self.test.X
        Y: Any = self.test.Y
        A, stored = model.outputs_of(Z), self.packed.target
        if isinstance(stored, ClassLabels):
            return ClassResults(stored, Y, model.probabilities_of(A))
        if isinstance(stored, IndicatorLabels):
            return LabelResults(stored, Y.astype(np.intp), model.probabilities_of(A))
        return number_results(model, Z, A, stored.in_units(Y))

    def finished(self, model: TableModel) -> TableModel:
        """Returns the model as it is."""
        return model


def opened(source: str, test_fraction: float, seed: int) -> RowsData:
    """Opens packed rows and holds out random blocks for the test, at most 100,000 rows.

    Raises OSError or FileFormatError if there is no such file, InputError for rows without an encoder, and for so few
    that they are in one block.
    """
    rows = Rows.open(source)
    packed = PackedTable.of(rows)
    if len(rows.sizes) < 3:
        raise InputError(
            f"{source} has {rows.t} rows in {len(rows.sizes)} blocks, too few to hold some out. Train on the table."
        )
    training, test = rows.split(min(test_fraction, MOST_TESTED / rows.t), seed)
    return RowsData(source, packed, training, test.in_memory())
