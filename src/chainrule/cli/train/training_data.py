"""The data of a training run: the input columns, the labels, and the split of the rows."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule.cli import target
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs import known_name, require_target
from chainrule.cli.train.train_test_split import TrainTestSplit, train_test_split
from chainrule.tables.columns import Column, Task
from chainrule.tables.encoding.compatibility import refuse_infinite
from chainrule.tables.table import Table, require_complete
from chainrule.tables.text.notation import AS_RECOGNISED, Writing
from chainrule.tables.text.recognition import recognised, recognised_target


@dataclass(frozen=True)
class TrainingData:
    """A table X without its target, the labels y (t,), and the split into training rows and test rows."""

    X: Table
    y: NDArray[Any]
    name: str
    column: Column  # of the target
    task: Task
    reason: str  # for this task
    split: TrainTestSplit

    def descriptions(self) -> list[str]:
        """Returns a line about the rows, and one about the task."""
        rows = f"{len(self.split.training)} training rows and {len(self.split.test)} test rows"
        task, other = "regression", "classification"
        if self.task == "classification":
            classes = np.unique(self.y).tolist()
            task, other = f"classification into {len(classes)} classes ({listed(classes, 5)})", "regression"
        override = f" (--task {other} overrides this)" if self.has_other_task() else ""
        return [
            f"{self.X.origin}: {len(self.X.columns)} input columns, {rows}.",
            f"Target {self.name!r}: {task}, {self.reason}{override}.",
        ]

    def names(self) -> dict[str, str]:
        """Returns the names of the table and of its target, as the model's file holds them."""
        return {"source": os.path.basename(self.X.origin) or self.X.origin, "column": self.name}

    def has_other_task(self) -> bool:
        """True if the task was derived from the values, and --task could override it."""
        return self.reason != target.REQUESTED and self.column.kind != "categories"


def prepare(
    table: Table,
    target_column: str | None,
    task: Any,
    drop: list[str],
    test_fraction: float,
    seed: int,
    categories: list[str] | None = None,
    writing: Writing = AS_RECOGNISED,
) -> TrainingData:
    """Chooses the columns and the task, recognises columns of texts in all rows, and splits the rows."""
    name = require_target(table.names, table.origin, target_column or table.target)
    X = table.without(name, *(known_name(table.names, table.origin, "--drop", dropped) for dropped in drop))
    if not X.columns:
        raise WrongUsage(f"{table.origin} has no column besides the target {name!r}; there is nothing to predict from.")
    X = replace(X, columns=recognised(X.columns, writing, categories or ()))
    labels = recognised_target(name, table.column(name), writing, task)
    numeric = X.columns.names_of("numbers")
    refuse_infinite(X.floats(numeric), numeric, table.origin)  # before the split, so that the message names the row
    require_complete(labels, name, table.origin)
    chosen, reason = target.decide_task(name, labels, task)
    y = target.as_labels(name, labels, chosen)
    groups = np.zeros(table.t, dtype=np.intp)
    if chosen == "classification":
        groups = np.unique(y, return_inverse=True)[1]
    return TrainingData(X, y, name, labels, chosen, reason, train_test_split(groups, test_fraction, seed))
