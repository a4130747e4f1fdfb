"""A target that is a column of the table: its texts are read as in training, or recognised there."""

from __future__ import annotations

from typing import Any

from chainrule.tables.columns import Column
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.text.notation import Writing
from chainrule.tables.text.recognition import recognised_target
from chainrule.tables.text.text_column import AnyColumn


def new_target(estimator: Any, name: str, column: AnyColumn) -> Column:
    """Returns the target column of the training rows as what it holds, for the task of an estimator."""
    writing = Writing.of(estimator.decimal, estimator.thousands, estimator.missing)
    return recognised_target(name, column, writing, estimator._task)


def known_target(estimator: Any, name: str, column: AnyColumn) -> Any:
    """Returns the target column of further rows, its texts read as a fitted estimator read those of training.

    Raises InputError with the first row of an unknown class or of a text that is no number.
    """
    if isinstance(column, Column):
        return column
    column, target = column.without(estimator.missing), estimator.target_
    if isinstance(target, ClassLabels):
        return target.labels(target.class_numbers(column, repr(name)))
    return target.numbers(column, repr(name))
