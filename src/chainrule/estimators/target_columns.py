"""A target that is a column of the table: its texts are read as in training, or recognised there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.tables.columns import LARGEST_WHOLE, Column
from chainrule.tables.target_decoder import known_labels
from chainrule.tables.text.notation import Writing
from chainrule.tables.text.recognition import recognised_target
from chainrule.tables.text.text_column import AnyColumn


def new_target(estimator: Any, name: str, column: AnyColumn) -> Column:
    """Returns the target column of the training rows as what it holds, for the task of an estimator.

    Classes that are whole numbers are integers, although a table of numbers may hold them as floats.
    """
    writing = Writing.of(estimator.decimal, estimator.thousands, estimator.missing)
    found = recognised_target(name, column, writing, estimator._task)
    if estimator._task == "classification" and found.kind == "numbers" and found.values.dtype.kind == "f":
        whole = found.values.astype(np.int64) if (abs(found.values) < LARGEST_WHOLE).all() else found.values
        return replace(found, values=whole) if (whole == found.values).all() else found
    return found


def known_target(estimator: Any, name: str, column: AnyColumn) -> Any:
    """Returns the target column of further rows, its texts read as a fitted estimator read those of training.

    Raises InputError with the first row of an unknown class or of a text that is no number.
    """
    return known_labels(estimator.target_, name, column, estimator.missing)
