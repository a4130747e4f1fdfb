"""What is to be told: classes or numbers, as a column of a table, and how well it was told."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.tables.columns import Column
from chainrule.tables.encoding.steps import Levels
from chainrule.tables.target_decoder import ClassLabels, NumericLabels, Task

MOST_WHOLE_CLASSES = 30
ROWS_PER_CLASS = 5
BASELINES: dict[Task, str] = {
    "classification": "always the most frequent class (cross-entropy: the classes' shares of the training rows)",
    "regression": "always the mean of the training rows",
}


class Score(NamedTuple):
    """One measure over rows, of the network and of a guess that knows no inputs."""

    name: str
    network: float
    baseline: float


def decide_task(name: str, column: Column, task: Task | None) -> tuple[Task, str]:
    """Whether a column holds classes or numbers, and why.

    Texts and yes-or-no values are classes. Whole numbers are classes if there are at most 30 different ones and, on
    average, five rows of each; other numbers are numbers. ``task`` overrules that. Raises InputError where it cannot.
    """
    if column.kind not in ("numbers", "categories", "booleans"):
        raise InputError(f"target {name!r} must hold classes or numbers; got {column.type}.")
    if column.kind != "numbers":
        if task == "regression" and column.kind == "categories":
            raise InputError(f"target {name!r} cannot be numbers: it holds text, such as {column.objects()[0]!r}.")
        return (
            (task, "as asked for") if task else ("classification", "yes or no" if column.kind == "booleans" else "text")
        )
    values = column.values
    distinct = len(np.unique(values))
    if task:
        return task, "as asked for"
    if (values == np.round(values)).all() and distinct <= min(MOST_WHOLE_CLASSES, len(values) / ROWS_PER_CLASS):
        return "classification", f"whole numbers, {distinct} different ones"
    return "regression", f"{distinct} different ones"


def as_labels(name: str, column: Column, task: Task) -> NDArray[Any]:
    """The labels y (t,) of a column: texts, booleans or numbers, 1.0 as 1; or finite numbers.

    Raises InputError for classes of which there is one alone, for numbers that are infinite or all the same.
    """
    if task == "regression":
        y = as_finite_numbers(name, column)
        if y.max() == y.min():
            raise InputError(f"target {name!r} is {y[0]:g} in every row; there is nothing to learn.")
        return y
    levels = column.as_categories()
    if len(levels.levels) < 2:
        raise InputError(f"target {name!r} must have two classes or more; every row has {levels.levels[0]!r}.")
    values: NDArray[Any] = np.array(levels.levels)[levels.values]
    return values


def as_class_numbers(name: str, column: Column, classes: ClassLabels) -> NDArray[np.intp]:
    """The number of each row's class (t,). Raises InputError with the first row whose class is not known."""
    values = classes.values.tolist()
    known = Levels(tuple(values))
    if column.kind not in ("numbers", "categories", "booleans") or (column.kind == "categories") > known.are_texts:
        raise InputError(f"{name!r} must hold the classes {listed(values)}; got {column.type}.")
    codes, _ = known.codes(column)
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        row = int(unknown[0])
        raise InputError(
            f"{name!r} has the class {column.objects()[row]!r} in row {row + 1}, which the network was not trained on; "
            f"it knows {listed(values)}."
        )
    return codes


def scores_of_classes(P: Floats, numbers: NDArray[np.intp], classes: ClassLabels) -> list[Score]:
    """Accuracy and cross-entropy (in nats) of probabilities P (t, k) beside the true class numbers (t,)."""
    with np.errstate(divide="ignore"):
        surprise, usual = -np.log(P[np.arange(len(P)), numbers]), -np.log(classes.shares[numbers])
    right, guessed = P.argmax(axis=1) == numbers, numbers == classes.shares.argmax()
    return [
        Score("accuracy", float(right.mean()), float(guessed.mean())),
        Score("cross-entropy", float(surprise.mean()), float(usual.mean())),
    ]


def scores_of_numbers(told: Floats, y: Floats, numbers: NumericLabels) -> list[Score]:
    """RMSE and MAE in the target's unit, and R², of predictions (t,) beside the true numbers (t,)."""
    errors, guess, spread = y - told, y - numbers.mean[0], y - y.mean()
    total = float(spread @ spread)

    def r_squared(e: Floats) -> float:
        return 1.0 - float(e @ e) / total if total > 0.0 else math.nan

    return [
        Score("RMSE", math.sqrt(float((errors**2).mean())), math.sqrt(float((guess**2).mean()))),
        Score("MAE", float(np.abs(errors).mean()), float(np.abs(guess).mean())),
        Score("R²", r_squared(errors), r_squared(guess)),
    ]


def as_finite_numbers(name: str, column: Column) -> Floats:
    """A numeric target as float64."""
    if column.kind not in ("numbers", "booleans"):
        raise InputError(f"target {name!r} must hold numbers; got {column.type}.")
    y = column.as_floats()
    infinite = np.flatnonzero(np.isinf(y))
    if len(infinite):
        raise InputError(f"target {name!r} is infinite in row {infinite[0] + 1}.")
    return y
