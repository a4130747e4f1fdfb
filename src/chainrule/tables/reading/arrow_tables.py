"""Arrow's tables, which frames and files share, and rules about the names of columns."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.tables.arrow_values import as_times, booleans_of, numbers_of
from chainrule.tables.column_set import Columns
from chainrule.tables.columns import DATETIME, Column, interval_text
from chainrule.tables.reading.arrow_columns import as_column
from chainrule.tables.table import Table
from chainrule.tables.text.conversion import numbers_in
from chainrule.tables.text.notation import PLAIN
from chainrule.tables.text.text_block import TextBlock
from chainrule.tables.work import each

PERIOD, INTERVAL = "pandas.period", "pandas.interval"
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
YEAR = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {"Y": 12, "A": 12, "Q": 3}
UNITS = {
    "M": "M", "D": "D", "h": "h", "H": "h", "min": "m", "T": "m", "s": "s", "S": "s",
    "ms": "ms", "L": "ms", "us": "us", "U": "us", "ns": "ns", "N": "ns",
}  # fmt: skip
PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # row labels without a name


def table_of_file(path: Path, table: Any, *, is_typed: bool = True) -> Table:
    """Returns the columns of a file. Raises InputError if it has no rows, or a name is missing or duplicate.

    ``is_typed`` is False if the format of the file has no types: its columns are texts, or were read as plain numbers.
    """
    names = table.column_names
    table = without_pandas_types(table, str(path)) if is_typed else table
    if not names or not table.num_rows:
        raise InputError(f"{path} must hold at least one row; got none.")
    require_names(str(path), names)
    size = table.num_rows * table.num_columns
    texts = [] if is_typed else [field.name for field in table.schema if field.type == "string"]
    others = table.drop_columns(texts)
    read = each("reading", size, as_column if is_typed else _plain_numbers, others.columns)
    blocks = [(texts, TextBlock(table.select(texts), is_declared=False))] if texts else []
    columns = Columns.of(names, dict(zip(others.column_names, read, strict=True)), blocks)
    return Table(str(path), columns, target="target" if "target" in columns else None)


def _plain_numbers(column: Any) -> Column:
    """Returns numbers that were texts in a file."""
    return numbers_in(PLAIN, numbers_of(column, np.nan))


def without_index(table: Any) -> Any:
    """Returns an Arrow table without the columns that are the row labels of the pandas frame it was written from."""
    described = table.schema.pandas_metadata or {}
    labels = {name for name in described.get("index_columns", ()) if isinstance(name, str)}
    return table.drop_columns([name for name in table.column_names if name in labels or PANDAS_INDEX.fullmatch(name)])


def without_pandas_types(table: Any, origin: str) -> Any:
    """Returns an Arrow table in which the periods of pandas are times, and its intervals categories.

    The type of such a column is known only if pandas is loaded; its field always knows it. Raises InputError for a
    period of a frequency such as business days.
    """
    about_frame = (table.schema.metadata or {}).get(b"pandas", b"")
    if not any(name in about_frame for name in (b"period[", b"interval[", b'"categorical"')):
        return table
    for k, field in enumerate(table.schema):
        about = field.metadata or {}
        kind = getattr(field.type, "value_type", field.type)  # of a dictionary, that of its values
        type_name = getattr(kind, "extension_name", about.get(b"ARROW:extension:name", b"").decode())
        if type_name not in (PERIOD, INTERVAL):
            continue
        described = json.loads(about.get(b"ARROW:extension:metadata") or kind.__arrow_ext_serialize__())
        if type_name == PERIOD:
            column = _as_times(table.column(k), described["freq"], f"column {field.name!r} of {origin}")
        else:
            column = _as_categories(table.column(k), described["closed"])
        table = table.set_column(k, field.name, column)
    return table


def _as_times(periods: Any, frequency: str, symbol: str) -> Any:
    """Returns the starts of periods, of which Arrow has the numbers alone."""
    stored = periods.cast("int64")
    starts = _starts(numbers_of(stored), frequency)
    if starts is None:
        raise InputError(
            f"{symbol} holds periods of the frequency {frequency!r}, which cannot be read. Convert it: "
            ".dt.to_timestamp()."
        )
    return as_times(starts, booleans_of(stored.is_valid()))


def _as_categories(intervals: Any, closed: str) -> Any:
    """Returns the texts of intervals that are closed on this side, of which Arrow has the bounds alone."""
    import pyarrow

    is_left, is_right = closed in ("left", "both"), closed in ("right", "both")
    if pyarrow.types.is_dictionary(intervals.type):
        intervals = pyarrow.chunked_array([some.dictionary.storage.take(some.indices) for some in intervals.chunks])
    bounds = [each if each is None else (each["left"], each["right"]) for each in intervals.to_pylist()]
    text_of = {pair: pair and interval_text(*pair, is_left, is_right) for pair in set(bounds)}
    return pyarrow.array([text_of[pair] for pair in bounds], pyarrow.string()).dictionary_encode()


def _starts(numbers: NDArray[np.int64], frequency: str) -> NDArray[np.datetime64] | None:
    """Returns the start of each period of pandas (t,), which counts from 1970; None for an unknown frequency.

    >>> _starts(np.array([0, 1]), "Q-DEC").astype("datetime64[D]").tolist()
    [datetime.date(1970, 1, 1), datetime.date(1970, 4, 1)]
    """
    unit, _, end = frequency.lstrip("0123456789").partition("-")
    if unit == "W" and end in WEEKDAYS:
        return (7 * (numbers - 1) - 3 + WEEKDAYS.index(end)).astype("datetime64[D]").astype(DATETIME)
    if unit in MONTHS and end in YEAR:  # quarters and years that end with a month
        return (MONTHS[unit] * numbers + YEAR.index(end) - 11).astype("datetime64[M]").astype(DATETIME)
    return None if unit not in UNITS else numbers.astype(f"datetime64[{UNITS[unit]}]").astype(DATETIME)


def require_names(origin: str, names: Sequence[str]) -> None:
    """Raises InputError for a column without a name, or a duplicate name."""
    for k, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(
                f"column {k} of {origin} has no name. Name it, or leave it out (pandas: to_csv(…, index=False))."
            )
    if len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        raise InputError(f"{origin} must name each column once; got {listed(twice)} more than once.")


def shortened(text: str, most: int = 120) -> str:
    """Returns a text on one line, cut to ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
