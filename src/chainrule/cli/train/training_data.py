"""A table made ready: its columns chosen, its target understood, its rows split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed, nearest
from chainrule.cli import target
from chainrule.cli.errors import WrongUsage
from chainrule.cli.train.train_test_split import TrainTestSplit, train_test_split
from chainrule.tables.columns import Column
from chainrule.tables.encoding.compatibility import refuse_infinite
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import Task


@dataclass(frozen=True)
class TrainingData:
    """A table X without its target, the labels y (t,), and which rows are for what."""

    X: Table
    y: NDArray[Any]
    name: str
    column: Column  # the target's
    task: Task
    split: TrainTestSplit
    remarks: tuple[str, ...]


def prepare(
    table: Table, target_column: str | None, task: Any, drop: list[str], test_fraction: float, seed: int
) -> TrainingData:
    """Choose the columns, decide what the target is, and split the rows."""
    name = target_column or table.target
    if name is None:
        raise WrongUsage(f"which column is to be predicted? Give --target COLUMN. Columns: {listed(table.columns)}.")
    for option, asked in [("--target", name), *(("--drop", other) for other in drop)]:
        require_column(table, option, asked)
    X = table.without(name, *drop)
    if not X.columns:
        raise WrongUsage(f"{table.origin} has no column but the target {name!r}; there is nothing to predict from.")
    numbers = [name for name, column in X.columns.items() if column.kind == "numbers"]
    refuse_infinite(X.floats(numbers), numbers, table.origin)  # here, where rows have the numbers of the file
    table.require_complete(name)
    column = table.columns[name]
    kind, why = target.decide_task(name, column, task)
    y = target.as_labels(name, column, kind)
    groups = np.zeros(table.t, dtype=np.intp)
    values: list[Any] = []
    if kind == "classification":
        different, groups = np.unique(y, return_inverse=True)
        values = different.tolist()
    parts = train_test_split(groups, test_fraction, seed)
    sizes = f"{len(parts.training)} rows to learn from, {len(parts.test)} to test on"
    other, what = (
        ("regression", f"{len(values)} classes ({listed(values, 5)})") if values else ("classification", "numbers")
    )
    decided = f"Target {name!r}: {what}; {why}"
    decided += "." if task or column.kind == "categories" else f" (--task {other} if not)."
    return TrainingData(
        X, y, name, column, kind, parts, (f"{table.origin}: {len(X.columns)} inputs; {sizes}.", decided)
    )


def require_column(table: Table, option: str, name: str) -> None:
    """Raise WrongUsage with the nearest column where there is none of this name."""
    if name not in table.columns:
        hint = nearest(name, table.columns) or "."
        raise WrongUsage(f"{option}: {table.origin} has no column {name!r}{hint} Columns: {listed(table.columns)}.")
