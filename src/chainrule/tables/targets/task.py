"""The task that a target column calls for: classification or regression."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.tables.columns import Column, Task

MOST_WHOLE_CLASSES = 30
ROWS_PER_CLASS = 5
REQUESTED = "as requested"
YES_NO_OR_TEXT = {"booleans": "yes/no values", "categories": "text"}


def decide_task(name: str, column: Column, task: Task | None) -> tuple[Task, str]:
    """Returns the task for a target column, and the reason.

    Texts and booleans call for classification, and so do whole numbers if there are at most 30 distinct ones with five
    rows each on average; all other numbers call for regression. ``task`` overrules this. Raises InputError for a
    column that suits no task, or not this one.
    """
    if column.kind not in ("numbers", "categories", "booleans"):
        raise InputError(f"target {name!r} must hold classes or numbers; got {column.type}.")
    if column.kind != "numbers":
        if task == "regression" and column.kind == "categories":
            raise InputError(
                f"target {name!r} holds text, such as {shown(column.objects()[0])}; regression needs numbers."
            )
        return (task, REQUESTED) if task else ("classification", f"because it holds {YES_NO_OR_TEXT[column.kind]}")
    values = column.values
    distinct = len(np.unique(values))
    if task:
        return task, REQUESTED
    if (values == np.round(values)).all() and distinct <= min(MOST_WHOLE_CLASSES, len(values) / ROWS_PER_CLASS):
        return "classification", f"because it holds {distinct} distinct whole numbers"
    return "regression", f"because it holds {distinct} distinct numbers"
