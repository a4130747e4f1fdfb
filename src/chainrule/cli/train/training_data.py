"""The data of a training run: the input columns, the labels, and the split of the rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule.cli import models, target
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.columns import known_names, require_targets
from chainrule.cli.train.train_test_split import TrainTestSplit, train_test_split
from chainrule.tables.columns import Task
from chainrule.tables.encoding.compatibility import refuse_infinite
from chainrule.tables.inspection.results import Results
from chainrule.tables.model import TableModel
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.table import Table, require_complete
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.tables.targets.task import REQUESTED, decide_tasks
from chainrule.tables.text.notation import AS_RECOGNISED, Writing
from chainrule.tables.text.recognition import recognised, recognised_target
from chainrule.tables.text.text_column import AnyColumn
from chainrule.tables.work import each


@dataclass(frozen=True)
class TrainingData:
    """A table X without its targets, the labels y (t,) or (t, m), and the split into training rows and test rows."""

    X: Table
    y: NDArray[Any]
    targets: TargetColumns  # one or several
    task: Task
    reason: str  # for this task
    split: TrainTestSplit

    def descriptions(self) -> list[str]:
        """Returns a line about the rows, and one about the task."""
        rows = f"{len(self.split.training)} training rows and {len(self.split.test)} test rows"
        names, task, other = self.targets.names, "regression", "classification"
        if self.task == "multilabel":
            task, other = f"{len(names)} labels, of which a row has none, one or several", "regression"
        if self.task == "classification":
            classes = np.unique(self.y).tolist()
            task, other = f"classification into {len(classes)} classes ({listed(classes, 5)})", "regression"
        override = f" (--task {other} overrides this)" if self.has_other_task() else ""
        return [
            f"{self.X.origin}: {len(self.X.columns)} input columns, {rows}.",
            f"Target{'s' if len(names) > 1 else ''} {listed(names)}: {task}, {self.reason}{override}.",
        ]

    def labels(self, rows: NDArray[np.intp]) -> Any:
        """Returns the labels of some rows, as an estimator takes them."""
        labels = self.y[rows]
        if labels.ndim == 1:
            return labels
        columns = zip(self.targets.names, labels.T, strict=True)
        return TargetColumns({name: as_column(np.array(column.tolist())) for name, column in columns})

    def columns(self, rows: NDArray[np.intp]) -> Mapping[str, AnyColumn]:
        """Returns the target columns of some rows."""
        return self.targets.at(rows).columns

    @property
    def origin(self) -> str:
        """The name of the table."""
        return self.X.origin

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training rows and of test rows."""
        return len(self.split.training), len(self.split.test)

    @property
    def classes(self) -> list[Any]:
        """The values of the labels."""
        return sorted(set(self.y.ravel().tolist()), key=str)

    def fit(self, estimator: Any) -> None:
        """Fits an estimator to the training rows."""
        estimator.fit(self.X.rows(self.split.training), self.labels(self.split.training))

    def results(self, model: TableModel) -> Results:
        """Returns the results on the test rows."""
        return models.results(model, self.X.rows(self.split.test), self.columns(self.split.test))

    def finished(self, model: TableModel) -> TableModel:
        """Returns the model with the class shares of the training rows without weights, or its numbers' notation."""
        if isinstance(model.target, ClassLabels):
            return replace(model, target=ClassLabels.fit(self.y[self.split.training]))
        if isinstance(model.target, IndicatorLabels):
            labels = self.labels(self.split.training)
            return replace(model, target=IndicatorLabels.fit(labels, names=self.targets.names))
        return replace(model, target=replace(model.target, notations=self.targets.notations))

    def names(self) -> dict[str, str]:
        """Returns the names of the table and of its only target, as the model's file holds them."""
        names, source = self.targets.names, os.path.basename(self.X.origin) or self.X.origin
        return {"source": source, **({"column": names[0]} if len(names) == 1 else {})}

    def has_other_task(self) -> bool:
        """True if the task was derived from the values, and --task could override it."""
        kinds = {getattr(column, "kind", "") for column in self.targets.columns.values()}
        if self.reason == REQUESTED or "categories" in kinds:
            return False
        return len(self.targets.names) == 1 or self.task == "multilabel"


def prepare(
    table: Table,
    target_columns: Sequence[str],
    task: Any,
    drop: list[str],
    test_fraction: float,
    seed: int,
    categories: list[str] | None = None,
    writing: Writing = AS_RECOGNISED,
) -> TrainingData:
    """Chooses the columns and the task, recognises columns of texts in all rows, and splits the rows."""
    names = require_targets(table.names, table.origin, target_columns, table.target)
    X = table.without(*names, *known_names(table.names, table.origin, "--drop", drop))
    if not X.columns:
        raise WrongUsage(
            f"{table.origin} has no column besides the target {listed(names)}; there is nothing to predict from."
        )
    X = replace(X, columns=recognised(X.columns, writing, categories or ()))
    found = {name: recognised_target(name, table.column(name), writing, task) for name in names}
    _refuse_infinite(X)  # before the split, so that the message names the row
    for name, column in found.items():
        require_complete(column, name, table.origin)
    chosen, reason = decide_tasks(found, task)
    y = target.as_targets(found, chosen)
    groups = np.zeros(table.t, dtype=np.intp)
    if chosen == "classification":
        groups = np.unique(y, return_inverse=True)[1]
    split = train_test_split(groups, test_fraction, seed)
    return TrainingData(X, y, TargetColumns(found), chosen, reason, split)


def _refuse_infinite(X: Table) -> None:
    """Raises InputError with the first infinite number of a table."""
    numeric = X.columns.names_of("numbers")

    def has_infinite(name: str) -> bool:
        values = X.typed(name).values
        return values.dtype.kind == "f" and bool(np.isinf(values).any())

    if any(each("checking the numbers", X.t * len(numeric), has_infinite, numeric)):
        refuse_infinite(X.floats(numeric), numeric, X.origin)
