"""The task that a target column calls for: classification or regression."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule._internal.checks import first_non_number, shown
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
            row, text = first_non_number((k, text) for k, text in enumerate(column.objects(), 1) if text is not None)
            raise InputError(
                f"target {name!r} holds text, such as {shown(text)} in row {row}; regression needs numbers."
            )
        return (task, REQUESTED) if task else ("classification", f"because it holds {YES_NO_OR_TEXT[column.kind]}")
    if task:
        return task, REQUESTED
    values = column.values
    distinct = len(np.unique(column.unrounded))
    if (values == np.round(values)).all() and distinct <= min(MOST_WHOLE_CLASSES, len(values) / ROWS_PER_CLASS):
        return "classification", f"because it holds {distinct} distinct whole numbers"
    return "regression", f"because it holds {distinct} distinct numbers"


def decide_tasks(columns: Mapping[str, Column], task: Task | None) -> tuple[Task, str]:
    """Returns the task for one target column, or for several, and the reason.

    Several are numbers, or labels of two values each. Raises InputError for anything else, and as `decide_task` does.
    """
    found = {name: decide_task(name, column, task) for name, column in columns.items()}
    if len(found) == 1:
        return next(iter(found.values()))
    numbers = [name for name, (chosen, _) in found.items() if chosen == "regression"]
    classes = [name for name in found if name not in numbers]
    can_be_numbers = all(columns[name].kind != "categories" for name in classes)
    if numbers and classes:
        why = "; ".join(f"{name!r} {found[name][1].removeprefix('because it ')}" for name in (numbers[0], classes[0]))
        remedy = " Or set the task to regression, if all of them are numbers to predict." if can_be_numbers else ""
        raise InputError(
            f"several targets must all be numbers, or all be classes; {why}. Train one model for the numbers, and one "
            f"for the classes.{remedy}"
        )
    if numbers:
        return "regression", REQUESTED if task else "because each holds numbers"
    for name in classes:
        if (count := len(columns[name].as_categories().levels)) != 2:
            remedy = ", or set the task to regression, if all targets are numbers to predict" if can_be_numbers else ""
            raise InputError(
                f"target {name!r} has {count} classes; one of several targets must have two, such as yes and no. Train "
                f"a model for {name!r} alone{remedy}."
            )
    return "multilabel", REQUESTED if task else "because each holds two values"
