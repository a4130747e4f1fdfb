"""Columns of pandas frames: NumPy's types as arrays, pandas' own types by their meaning, all others through Arrow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.column_set import Columns, NumberBlock
from chainrule.tables.columns import categories, interval_text
from chainrule.tables.reading import array_columns, arrow_columns
from chainrule.tables.reading.arrow_tables import shortened
from chainrule.tables.text.text_column import AnyColumn


def columns_of_pandas(X: Any, names: Sequence[str], symbol: str) -> Columns:
    """Returns the columns of a pandas frame under these names. Raises InputError for a column that cannot be read."""
    columns: dict[str, AnyColumn] = {}
    of_type: dict[Any, list[int]] = {}
    for k, dtype in enumerate(X.dtypes.tolist()):
        if not isinstance(dtype, np.dtype):
            columns[names[k]] = _extension_column(X.iloc[:, k], names[k], symbol)
        elif dtype.kind in "biuf":
            of_type.setdefault(dtype, []).append(k)
        else:
            columns[names[k]] = array_columns.as_column(X.iloc[:, k].to_numpy())
    blocks = [([names[k] for k in p], NumberBlock.of(X.iloc[:, p].to_numpy())) for p in of_type.values()]
    return Columns.of(names, columns, blocks)


def _extension_column(series: Any, name: str, symbol: str) -> AnyColumn:
    """Returns the column of a Series whose type is pandas' own, or Arrow's.

    An interval is a category by its text, and a period is the time of its start.
    """
    pandas, dtype = sys.modules["pandas"], series.dtype
    if isinstance(dtype, pandas.SparseDtype):
        return array_columns.as_column(series.sparse.to_dense().to_numpy())
    if isinstance(dtype, pandas.PeriodDtype):
        return array_columns.as_column(series.dt.to_timestamp().to_numpy())
    if isinstance(dtype, pandas.IntervalDtype):
        series = series.astype("category")
    if isinstance(series.dtype, pandas.CategoricalDtype):
        levels = [_level(level) for level in series.cat.categories.tolist()]
        return categories(series.cat.codes.to_numpy(), levels, type=str(dtype))
    pyarrow = import_pyarrow(f"a column of the type {dtype}")
    try:
        return arrow_columns.as_column(pyarrow.chunked_array([pyarrow.array(series, from_pandas=True)]))
    except Exception as error:  # any package may define types for pandas; whatever its conversion raises
        raise InputError(
            f"column {name!r} of {symbol} has the type {dtype}, which cannot be read: {shortened(str(error))} "
            "Leave it out, or convert it."
        ) from None


def _level(level: Any) -> Any:
    """Returns the level of a category; of an interval its text, with whole bounds as integers: "(0, 1.5]"."""
    if not hasattr(level, "closed_left"):
        return level
    return interval_text(level.left, level.right, level.closed_left, level.closed_right)
