"""Raw numbers of a table, before any step: one per number or duration, seven per datetime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.tables.columns import Column, Feature, Kind
from chainrule.tables.encoding.gathered import Gathered
from chainrule.tables.encoding.number_features import NumberFeatures
from chainrule.tables.encoding.steps import Calendar
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable

NUMERIC: tuple[Kind, ...] = ("numbers", "durations", "datetimes")


def numeric_values(table: AnyTable, features: Sequence[Feature]) -> Any:
    """Returns the raw numbers (t, raw) of these columns, NaN where missing: an array, `Gathered` or a sparse array."""
    if isinstance(table, NumericTable) and isinstance(features, NumberFeatures):
        return table.values
    numeric = {feature.name: feature.kind for feature in features if feature.kind in NUMERIC}
    if isinstance(table, NumericTable) or "datetimes" not in numeric.values():
        return table.floats(numeric)
    calendar, first = Calendar(), 0
    arrays: list[tuple[list[int], Array, list[int]]] = []
    single: dict[int, Column] = {}
    for name, kind in numeric.items():
        column, width = table.typed(name), len(calendar.suffixes) if kind == "datetimes" else 1
        if kind != "datetimes":
            single[first] = column
        elif column.kind == "empty":
            arrays.append((list(range(first, first + width)), np.full((table.t, width), np.nan), list(range(width))))
        else:
            times = calendar(np.where(column.missing, np.datetime64("NaT"), column.values))
            arrays.append((list(range(first, first + width)), times, list(range(width))))
        first += width
    return Gathered(table.t, arrays, single)


def owners(features: Sequence[Feature]) -> NDArray[np.intp]:
    """Returns for each raw number (raw,) the number of the column it comes from, in ascending order."""
    if isinstance(features, NumberFeatures):
        return np.arange(len(features))
    widths = {"numbers": 1, "durations": 1, "datetimes": len(Calendar.suffixes)}
    return np.repeat(np.arange(len(features)), [widths.get(feature.kind, 0) for feature in features])


def numeric_names(features: Sequence[Feature]) -> Sequence[str]:
    """Returns the name of each raw number."""
    if isinstance(features, NumberFeatures):
        return features.names
    names: list[str] = []
    for feature in features:
        if feature.kind in NUMERIC:
            names += [feature.name + suffix for suffix in (Calendar.suffixes if feature.kind == "datetimes" else ("",))]
    return names


def owner_names(features: Sequence[Feature]) -> Sequence[str]:
    """Returns for each raw number the name of the column it comes from."""
    if isinstance(features, NumberFeatures):
        return features.names
    return [features[k].name for k in owners(features).tolist()]
