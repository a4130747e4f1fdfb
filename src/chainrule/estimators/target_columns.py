"""Targets that are columns of a table: their texts are read as in training, or recognised there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.tables.columns import LARGEST_WHOLE, Column
from chainrule.tables.targets.decoders import known_labels
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.tables.text.notation import PLAIN, Notation, Writing
from chainrule.tables.text.recognition import recognised_target
from chainrule.tables.text.text_column import AnyColumn


def new_targets(estimator: Any, columns: Mapping[str, AnyColumn]) -> Any:
    """Returns the target columns of the training rows as what they hold, for the task of an estimator.

    Classes that are whole numbers are integers, although a table of numbers may hold them as floats.
    """
    writing = Writing.of(estimator.decimal, estimator.thousands, estimator.missing)
    found = {name: _new_target(estimator, name, column, writing) for name, column in columns.items()}
    return TargetColumns(found) if len(found) > 1 else next(iter(found.values()))


def _new_target(estimator: Any, name: str, column: AnyColumn, writing: Writing) -> Column:
    found = recognised_target(name, column, writing, estimator._task)
    if estimator._task == "classification" and found.kind == "numbers" and found.values.dtype.kind == "f":
        whole = found.values.astype(np.int64) if (abs(found.values) < LARGEST_WHOLE).all() else found.values
        return replace(found, values=whole) if (whole == found.values).all() else found
    return found


def known_targets(estimator: Any, columns: Mapping[str, AnyColumn]) -> Any:
    """Returns the target columns of further rows, their texts read as a fitted estimator read those of training.

    Raises InputError with the first row of an unknown class or of a text that is no number, and for other columns.
    """
    return known_labels(estimator.target_, columns, estimator.missing)


def notations(y: Any) -> tuple[Notation, ...]:
    """Returns how the numbers of the target columns are written, if they were texts."""
    if isinstance(y, TargetColumns):
        return y.notations
    return (y.notation or PLAIN,) if isinstance(y, Column) else (PLAIN,)
