"""Rows with which an export is proved: typical and extreme values, gaps, every level, and levels that are unknown."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.exports.evaluate import Row
from chainrule.exports.plan import InputColumn, NumberFeature, Plan

LEAST, MOST = 64, 256
UNSEEN = "not seen in training"
EXTREME = 1e9
MICROSECONDS_A_DAY = 86_400_000_000


def examples_of(plan: Plan, seed: int = 0) -> list[Row]:
    """Returns from 64 to 256 rows: one without gaps, one of gaps alone, each value once beside usual ones, mixtures."""
    rng = np.random.default_rng(seed)
    values = {column.name: _values(column, plan) for column in plan.columns}
    usual = {name: found[0] for name, found in values.items()}
    rows: list[Row] = [usual]
    if all(None in found for found in values.values()):
        rows.append(dict.fromkeys(values))
    singles = [{**usual, name: value} for name, found in values.items() for value in found[1:]]
    rows += [singles[k] for k in sorted(rng.permutation(len(singles))[: MOST // 2].tolist())]
    mixtures = max(LEAST - len(rows), MOST // 4)
    rows += [{name: found[rng.integers(len(found))] for name, found in values.items()} for _ in range(mixtures)]
    return rows


def _values(column: InputColumn, plan: Plan) -> list[Any]:
    """Returns values of a column: first a usual one, then those at which an export may go wrong."""
    for category in plan.categories:
        if category.column == column.name:
            unknown = {"text": UNSEEN, "boolean": None, "number": _unknown_number(category.levels)}[column.kind]
            return [*category.levels, unknown, None, *([""] if column.kind == "text" else [])]
    features = [f for f in (*plan.numbers, *plan.gaps) if f.column == column.name]
    if column.kind == "datetime":
        return _times(features[0])
    feature = features[0]
    usual = feature.center if math.isnan(feature.fill) else feature.fill
    spread = 1.0 / feature.factor if feature.factor else 1.0
    far = EXTREME if plan.limit is not None else 4.0 * spread
    gap = [] if math.isnan(feature.fill) else [None]
    numbers = [usual, *(usual + share * spread for share in (-0.5, 0.5, -1.7, 1.7, 0.1)), -far, far]
    if column.kind == "duration":
        numbers = [round(seconds, 6) for seconds in numbers]  # a table has whole microseconds
    return [*numbers, *gap]


def _times(feature: NumberFeature) -> list[Any]:
    """Returns times around the middle of the training rows, and at the ends of years, weeks and days."""
    middle = int(0.0 if math.isnan(feature.fill) else feature.fill) * MICROSECONDS_A_DAY
    ends = np.array(
        ["1970-01-01", "1969-12-31T23:59:59.999999", "2000-02-29T12:00", "2023-12-31T23:59:59", "2024-12-30T06:30"],
        dtype="datetime64[us]",
    )
    return [middle, middle + 40 * MICROSECONDS_A_DAY + 3_723_000_001, *ends.astype(np.int64).tolist(), None]


def _unknown_number(levels: tuple[Any, ...]) -> float | None:
    numbers = [float(level) for level in levels if not isinstance(level, str)]
    return max(numbers) + max(1.0, math.ulp(max(numbers))) if numbers else None
