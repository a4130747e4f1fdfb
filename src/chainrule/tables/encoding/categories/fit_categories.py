"""The steps of categories that training rows have: their levels, and which of these have a feature."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.column_set import Holder
from chainrule.tables.columns import Column, Level, rows_by_code
from chainrule.tables.encoding.categories.levels import OneHot, Sign
from chainrule.tables.encoding.encoder_state import CategoryStep
from chainrule.tables.encoding.fit_steps import CONSTANT, DIFFERENT, EMPTY


def fit_category_steps(
    columns: Mapping[str, Holder], max_levels: int
) -> tuple[dict[str, CategoryStep], dict[str, str]]:
    """Returns the step of each column of categories or booleans, and the columns left out, with reasons."""
    steps: dict[str, CategoryStep] = {}
    dropped: dict[str, str] = {}
    for name, column in columns.items():
        if column.kind == "empty":
            dropped[name] = EMPTY
        elif isinstance(column, Column) and column.kind in ("categories", "booleans"):
            step = _step(column.as_categories(), max_levels)
            if isinstance(step, str):
                dropped[name] = step
            else:
                steps[name] = step
    return steps, dropped


def _step(column: Column, max_levels: int) -> Sign | OneHot | str:
    """Returns the step for a category column, or the reason to leave it out."""
    counts = rows_by_code(column.values, len(column.levels))
    return category_step(column.levels, counts, bool(column.missing.any()), max_levels)


def category_step(
    levels: tuple[Level, ...], counts: NDArray[np.intp], has_gaps: bool, max_levels: int
) -> Sign | OneHot | str:
    """Returns the step for a column with these levels, of ``counts`` rows each, or the reason to leave it out."""
    if not levels:
        return EMPTY
    if len(levels) == 1 and not has_gaps:
        return CONSTANT
    if len(levels) == 2:
        return Sign(levels)
    if len(levels) <= max_levels:
        return OneHot(levels)
    if counts.max() == 1:
        return DIFFERENT
    frequent = np.argsort(-counts, kind="stable")[: max_levels - 1]
    kept = np.sort(
        frequent[counts[frequent] > 1]
    )  # a level with a single row carries no more information than a new one
    return OneHot(tuple(levels[k] for k in kept.tolist()), has_other=True)
