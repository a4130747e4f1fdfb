"""Faults of columns: one that gives the target away, those left out, and those that are mostly missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule._internal.naming import listed
from chainrule.diagnosis.change import Change
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.inputs import ENOUGH, is_the_target, separates_classes
from chainrule.tables.columns import Column
from chainrule.tables.diagnosis.case import TableCase, and_others
from chainrule.tables.encoding.fit_steps import ZERO
from chainrule.tables.encoding.numeric_columns import owner_names
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MISSING = 0.95  # share of a column's rows
NEW_GAPS = 0.05  # the same, in a column that was complete in training
ROWS_PER_LEVEL = 10  # of a category that decides the label, for this to be no chance


def leaks(case: TableCase) -> Iterator[Finding]:
    """Finds columns each of which determines the target alone, as one does that is written down after the fact."""
    rows = case.rows
    columns = list(rows.columns())
    if len(columns) == 1 or rows.t < ENOUGH:
        return
    gives_away: Callable[[Column, NDArray[Any]], bool] = _separates if case.is_classification else _follows
    if isinstance(case.model.target, IndicatorLabels):
        gives_away = _separates_a_label
    if found := [name for name, column in columns if gives_away(column, rows.labels)]:
        change = Change(drop=tuple(found), metric=None)
        alone = "alone is" if len(found) == 1 else "are each"
        yield Finding(
            "a leak of the target",
            f"{listed(found, 5)} {alone} enough to know {case.target!r} in every one of {rows.t} rows.",
            f"If it is known only once {case.target!r} is, leave it out: {change.options}.",
            change,
        )


def left_out_columns(case: TableCase) -> Iterator[Finding]:
    """Finds columns that the model does not use, since they were constant or empty, or differed in every row."""
    reasons: dict[str, list[str]] = {}
    for name, reason in case.model.encoder.dropped_.items():
        reasons.setdefault(reason, []).append(name)
    reasons.pop(ZERO, None)
    for reason, names in reasons.items():
        change = Change(drop=tuple(names), metric=None)  # the model does without them already
        them = "it" if len(names) == 1 else "them"
        yield Finding(
            "columns left out",
            f"the model does not use {listed(names, 5)} ({len(names)} of {len(case.model.encoder.names_)} columns): "
            f"{reason}.",
            f"Correct {them}, or leave {them} out: {change.options}.",
            change,
        )


def mostly_missing(case: TableCase) -> Iterator[Finding]:
    """Finds columns that are missing in nearly all rows, or in many although they were complete in training."""
    few, gaps = [], []
    encoder, rows = case.model.encoder, case.new
    owners = owner_names(encoder.features_)
    known_gaps = {owners[k] for k in encoder.indicator_.of.tolist()}
    for name, column in rows.columns():
        share = float(column.missing.mean())
        if share > MISSING:
            few.append(name)
        elif share > NEW_GAPS and column.kind in ("numbers", "durations", "datetimes") and name not in known_gaps:
            gaps.append((name, share))
    if few:
        change = Change(drop=tuple(few))
        yield Finding(
            "columns that are mostly missing",
            f"{listed(few, 5)} {'has' if len(few) == 1 else 'have'} no value in more than {100 * MISSING:g} % of "
            f"{rows.t} {case.where}.",
            f"Fill them in, or leave them out: {change.options}.",
            change,
        )
    if gaps:
        worst, share = max(gaps, key=lambda gap: gap[1])
        yield Finding(
            "missing values that training did not have",
            f"{and_others([name for name, _ in gaps])}{worst!r} has no value in {100 * share:.3g} % of {rows.t} "
            f"{case.where}, and had one in every training row. The model takes the median there.",
            "Fill them in, or train again on rows like these.",
            Change(),
        )


def _values(column: Column) -> Array:
    """Returns numbers that order a column: its values, its categories by their codes, and missing ones first."""
    if column.kind == "categories":
        return column.values.astype(np.float64)
    if column.kind == "datetimes":
        x = np.where(column.missing, np.nan, column.values.astype(np.int64).astype(np.float64))
    else:
        x = column.as_floats()
    return np.where(np.isnan(x), np.fmin.reduce(x, initial=0.0) - 1.0, x)


def _separates(column: Column, classes: NDArray[Any]) -> bool:
    return separates_classes(_values(column), classes)


def _separates_a_label(column: Column, indicators: NDArray[Any]) -> bool:
    """Returns True if a column decides one of several labels (t, q), which some rows have and others have not."""
    return any(_separates(column, has) for has in indicators.T if has.min() < has.max())


def _follows(column: Column, Y: Array) -> bool:
    """Returns True if a column of Y (t, m) is a linear or monotone function of this one, or of a few categories."""
    x = _values(column)
    if column.kind == "categories":
        return any(_is_constant_in_each(x, y) for y in Y.T)
    return is_the_target(x, Y) or any(_is_monotone(x, y) for y in Y.T)


def _is_constant_in_each(codes: Array, y: Array) -> bool:
    """Returns True if y is the same in all rows of each category, and the categories are few."""
    names, at = np.unique(codes, return_inverse=True)
    if not 1 < len(names) <= len(codes) / ROWS_PER_LEVEL:
        return False
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, at, y)
    np.maximum.at(high, at, y)
    return bool((low == high).all())


def _is_monotone(x: Array, y: Array) -> bool:
    """Returns True if y never falls with x, or never rises, over many values of each."""
    values = np.unique(x)
    if len(values) < max(ENOUGH, len(x) / 2) or len(np.unique(y)) < ENOUGH:
        return False
    steps = np.diff(y[np.argsort(x, kind="stable")])
    return bool((steps >= 0).all() or (steps <= 0).all())
