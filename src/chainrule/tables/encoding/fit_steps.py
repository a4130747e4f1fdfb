"""Fitting the steps of an encoder to the training rows, and deciding which columns to leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.tables.column_set import NumberBlock
from chainrule.tables.columns import Column, Feature
from chainrule.tables.encoding.column_statistics import Scaling, column_statistics
from chainrule.tables.encoding.number_features import left_out
from chainrule.tables.encoding.steps import Fill, Indicator, OneHot, Scale, Sign

CONSTANT, EMPTY = "constant in the training rows", "no values in the training rows"
ZERO = "0 in every training row"  # of a sparse table: a vocabulary or a hash has such columns, without a warning
DIFFERENT = "a different text in every training row"


def fit_numeric_steps(
    R: Any, owners: NDArray[np.intp], numbers: Scaling
) -> tuple[NDArray[np.intp], Fill, Scale, Indicator, dict[str, NDArray[np.intp]]]:
    """Fits the steps for raw numbers R (t, raw), where number k belongs to column ``owners[k]``.

    Returns the numbers that vary, their steps, the indicator of missing values, and for each reason the columns left
    out. A column is left out if all its values are missing, or if none is and they do not vary.
    """
    found = column_statistics(R if isinstance(R, np.ndarray) else R.tocsc(), numbers)
    varies = found.factor > 0.0
    used = np.flatnonzero(varies)
    columns, first = np.unique(owners, return_index=True)
    is_empty, has_gaps = found.missing[first] == R.shape[0], found.missing[first] > 0
    is_constant = ~has_gaps & ~np.isin(columns, owners[used])
    is_zero = is_constant & (found.median[first] == 0.0) & (not isinstance(R, np.ndarray))
    without = {EMPTY: columns[is_empty], ZERO: columns[is_zero], CONSTANT: columns[is_constant & ~is_zero]}
    fill, scale = Fill(found.median[varies]), Scale(found.center[varies], found.factor[varies])
    indicator = Indicator(first[has_gaps & ~is_empty])
    return used, fill, scale, indicator, {reason: which for reason, which in without.items() if len(which)}


def fit_category_steps(
    columns: Mapping[str, Column | NumberBlock], max_levels: int
) -> tuple[dict[str, Sign | OneHot], dict[str, str]]:
    """Returns the step of each column of categories or booleans, and the columns left out, with reasons."""
    steps: dict[str, Sign | OneHot] = {}
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
    levels = column.levels
    if not levels:
        return EMPTY
    if len(levels) == 1 and not column.missing.any():
        return CONSTANT
    if len(levels) == 2:
        return Sign(levels)
    if len(levels) <= max_levels:
        return OneHot(levels)
    counts = np.bincount(column.values[~column.missing])
    if counts.max() == 1:
        return DIFFERENT
    frequent = np.argsort(-counts, kind="stable")[: max_levels - 1]
    kept = np.sort(
        frequent[counts[frequent] > 1]
    )  # a level with a single row carries no more information than a new one
    return OneHot(tuple(levels[k] for k in kept.tolist()), has_other=True)


def warn_about_columns(features: Sequence[Feature], columns: Mapping[str, Column | NumberBlock]) -> None:
    """Issues a DataWarning for each treatment of a column that may surprise."""
    dropped: set[str] = set()
    for reason, places in left_out(features).items():
        if reason != ZERO:
            them = "it" if len(places) == 1 else "them"
            named = [features[k].name for k in places.tolist()]
            dropped.update(named)
            warn(f"left out {listed(named)}: {reason}. Remove {them} to silence this warning.", DataWarning)
    for name, column in columns.items():
        if column.type == "mixed" and name not in dropped:
            warn(
                f"{name!r} mixes numbers and texts, and is treated as categories. Make it one or the other.",
                DataWarning,
            )
