"""The target column: choice of the task, and its labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats, shown
from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.tables.columns import Column, Task
from chainrule.tables.encoding.categories.levels import Levels
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.labels import labels_of
from chainrule.tables.rounding import warn_about_rounding
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.target_columns import stacked
from chainrule.tables.text.text_column import AnyColumn, TextColumn


def baseline_of(target: Target) -> str:
    """Returns what the baseline of the results predicts, in words."""
    if isinstance(target, ClassLabels):
        return "predicts the most frequent class, with the class frequencies of the training rows as probabilities"
    if isinstance(target, NumericLabels):
        return f"predicts the {'quantiles' if isinstance(target, QuantileLabels) else 'mean'} of the training rows"
    return "predicts each label for all rows or for none, with its share in the training rows as probability"


def as_targets(columns: Mapping[str, Column], task: Task) -> NDArray[Any]:
    """Returns the labels y (t,) of one column, or (t, m) of several, as `as_labels` does."""
    labels = [as_labels(name, column, task) for name, column in columns.items()]
    return labels[0] if len(labels) == 1 else stacked(labels)


def as_labels(name: str, column: Column, task: Task) -> NDArray[Any]:
    """Returns the labels y (t,) of a column: for regression finite numbers, else texts, booleans or numbers (1.0 as 1).

    Raises InputError for a single class, and for numbers that are infinite or all equal.
    """
    if task == "regression":
        y = as_finite_numbers(name, column)
        warn_about_rounding([(name, column.unrounded)])
        if y.max() == y.min():
            raise InputError(f"target {name!r} is {y[0]:g} in every row; there is nothing to learn.")
        return y
    levels = column.as_categories()
    if len(levels.levels) < 2:
        raise InputError(f"target {name!r} must have at least two classes; every row has {shown(levels.levels[0])}.")
    values: NDArray[Any] = labels_of(levels.levels)[levels.values]
    return values


def as_class_numbers(name: str, column: AnyColumn, classes: ClassLabels) -> NDArray[np.intp]:
    """Returns the class number of each row (t,). Raises InputError with the first row of an unknown class."""
    values = classes.values.tolist()
    known = Levels(tuple(values))
    if isinstance(column, TextColumn):
        column = column.as_categories()
    elif column.kind not in ("numbers", "categories", "booleans") or (column.kind == "categories") > known.are_texts:
        raise InputError(f"{name!r} must hold the classes {listed(values)}; got {column.type}.")
    codes, _ = known.codes(column)
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        row = int(unknown[0])
        raise InputError(
            f"{name!r} has the class {shown(column.objects()[row])} in row {row + 1}, which did not occur "
            f"in training; known: {listed(values)}."
        )
    return codes


def as_finite_numbers(name: str, column: AnyColumn) -> Floats:
    """Returns a numeric target as finite float64. Raises InputError for other values."""
    if isinstance(column, TextColumn) or column.kind not in ("numbers", "booleans"):
        raise InputError(f"target {name!r} must hold numbers; got {column.type}.")
    y = column.as_floats()
    infinite = np.flatnonzero(np.isinf(y))
    if len(infinite):
        raise InputError(f"target {name!r} is infinite in row {infinite[0] + 1}.")
    return y
