"""Raw numbers of a table, before any step: one per number or duration, seven per datetime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule.tables.columns import Kind
from chainrule.tables.encoding.steps import Calendar
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable

NUMERIC: tuple[Kind, ...] = ("numbers", "durations", "datetimes")


def numeric_values(table: AnyTable, kinds: Mapping[str, Kind]) -> Any:
    """Returns the raw numbers (t, raw), NaN where missing; sparse if the table is. ``kinds`` are those of training."""
    numeric = {name: kind for name, kind in kinds.items() if kind in NUMERIC}
    if isinstance(table, NumericTable) or "datetimes" not in numeric.values():
        return table.floats(numeric)
    calendar = Calendar()
    parts: list[Array] = []
    for name, kind in numeric.items():
        column = table.columns[name]
        if kind != "datetimes":
            parts.append(table.floats([name]))
        elif column.kind == "empty":
            parts.append(np.full((table.t, len(calendar.suffixes)), np.nan))
        else:
            parts.append(calendar(np.where(column.missing, np.datetime64("NaT"), column.values)))
    return np.hstack(parts)


def numeric_names(kinds: Mapping[str, Kind]) -> tuple[list[str], list[str]]:
    """Returns the name of each raw number, and the name of the column it comes from."""
    names: list[str] = []
    owners: list[str] = []
    for name, kind in kinds.items():
        if kind in NUMERIC:
            suffixes = Calendar.suffixes if kind == "datetimes" else ("",)
            names += [name + suffix for suffix in suffixes]
            owners += [name] * len(suffixes)
    return names, owners
