"""Columns of Arrow as NumPy values."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule.tables.arrow_values import booleans_of, numbers_of
from chainrule.tables.columns import DATETIME, DURATION, LARGEST_WHOLE, MISSING, Column, categories, gaps_of, no_gaps
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.rounding import integer_or_float
from chainrule.tables.text.text_column import TextColumn


def as_column(column: Any) -> Column | TextColumn:
    """Converts a chunked Arrow column to NumPy values; numbers keep their width, and texts stay where they are."""
    import pyarrow
    from pyarrow import types

    name = str(column.type)
    column = _decoded(column)
    kind = column.type
    if types.is_floating(kind) or types.is_decimal(kind):
        return _numbers(column, name)
    missing = booleans_of(column.is_null()) if column.null_count else no_gaps(len(column))
    if types.is_null(kind):
        return Column("empty", np.full(len(missing), np.nan), missing, type=name)
    if _is_text(kind):
        return TextColumn(column.cast(pyarrow.large_string()) if types.is_string_view(kind) else column)
    if types.is_dictionary(kind):
        return _categories(column)
    if types.is_boolean(kind):
        return Column("booleans", booleans_of(column), missing, type=name)
    if types.is_integer(kind):
        return Column("numbers", numbers_of(column), missing, type=name)
    if types.is_timestamp(kind) or types.is_date(kind):
        utc = column.cast(pyarrow.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return Column("datetimes", numbers_of(utc.cast("int64")).view(DATETIME), missing, type=name)
    if types.is_duration(kind) or types.is_time(kind):  # a time of day is the time since midnight
        if types.is_time(kind):
            column = column.cast(pyarrow.time64("us"), safe=False)
        else:
            column = column.cast(pyarrow.duration("us"), safe=False)
        return Column("durations", numbers_of(column.cast("int64")).view(DURATION), missing, type=name)
    if types.is_interval(kind) and (spans := _spans(column)) is not None:
        return Column("durations", spans, missing, type=name)
    first = next((value for value in column.to_pylist() if value is not None), None)
    what = "text that is not UTF-8" if types.is_binary(kind) else name
    values = np.empty(len(missing), dtype=object)
    values[:] = column.to_pylist()
    return Column("unreadable", values, missing, type=f"{what}, such as {shown(first)}")


def _numbers(column: Any, name: str) -> Column:
    """Converts a column of floats or decimals; NaN is missing, as null is. Large integers of decimals stay exact."""
    from pyarrow import types

    if types.is_decimal(column.type):
        texts = column.cast("string")  # whose cast to float64 is exact to half an ulp; Arrow's own is not
        values = numbers_of(texts.cast("float64"), np.nan)
        exact = None
        if (np.abs(values) >= LARGEST_WHOLE).any():
            exact = as_objects([0 if value is None else integer_or_float(value) for value in column.to_pylist()])
        return Column("numbers", values, gaps_of(values), type=name, exact=exact)
    values = numbers_of(column if types.is_float32(column.type) else column.cast("float64"), np.nan)
    return Column("numbers", values, gaps_of(values), type=name)


def _decoded(column: Any) -> Any:
    """Returns a column of runs, or of an extension type that is another name for numbers or texts, as those."""
    import pyarrow
    from pyarrow import compute, types

    if types.is_run_end_encoded(column.type):
        column = pyarrow.chunked_array(
            [compute.run_end_decode(chunk) for chunk in column.chunks], column.type.value_type
        )
    extension = getattr(column.type, "extension_name", "")
    if extension == "arrow.bool8":
        return column.cast(column.type.storage_type).cast("bool")
    if extension == "arrow.json":
        return column.cast(column.type.storage_type)
    if extension == "arrow.uuid":
        return pyarrow.chunked_array(
            [[None if value is None else str(value) for value in column.to_pylist()]], "string"
        )
    return column


def _spans(column: Any) -> Any:
    """Returns intervals (DuckDB's) as durations; None if one counts months, whose length varies."""
    intervals = column.to_pylist()
    if any(interval is not None and interval.months for interval in intervals):
        return None
    day = 86_400 * 10**9
    return np.array([0 if i is None else (i.days * day + i.nanoseconds) // 1000 for i in intervals]).view(DURATION)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _categories(column: Any) -> Column:
    """Converts a column that Arrow stores as dictionary codes."""
    import pyarrow

    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pyarrow.ChunkedArray):
        array = array.chunk(0)
    codes = numbers_of(array.indices.cast("int64"), MISSING)
    levels = array.dictionary.to_pylist()
    gone = [k for k, level in enumerate(levels) if level is None or level != level]
    codes = np.where(np.isin(codes, gone), MISSING, codes) if gone else codes
    return categories(codes, levels, type=str(column.type))
