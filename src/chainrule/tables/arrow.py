"""Reading through Arrow: data frames of any library, CSV and Parquet files."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule._internal.naming import listed
from chainrule.errors import FileFormatError, InputError, MissingExtra
from chainrule.tables.columns import DATETIME, DURATION, MISSING, Column, categories
from chainrule.tables.table import Table

DELIMITERS = ",;\t|"
PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # row labels that pandas writes as columns


def read_frame(X: Any, symbol: str) -> Table:
    """Reads a data frame through the Arrow PyCapsule interface.

    Raises InputError if it is not a table, or has no rows, no columns or a duplicate name.
    """
    pyarrow = _pyarrow("a data frame")
    frame, loose = _without_objects(X)
    try:
        table = pyarrow.table(frame)
    except (pyarrow.ArrowException, TypeError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{symbol} must be a table that Arrow can read; got a {type(X).__name__}: {shortened(str(error))}"
        ) from None
    columns = dict(zip(table.column_names, table.columns, strict=False))
    names = table.column_names if loose is None else [str(name) for name in X.columns]
    if not names:
        raise InputError(f"{symbol} has 0 feature(s) (shape=({len(X)}, 0)) while a minimum of 1 is required.")
    require_names(symbol, names)
    if not (table.num_rows if loose is None else len(X)):
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s).")
    typed = {name: loose[name] if loose and name in loose else _column(columns[name]) for name in names}
    return Table(symbol, typed)


def _without_objects(X: Any) -> tuple[Any, dict[str, Column] | None]:
    """Splits a pandas frame into the columns that Arrow can read, and its columns of Python objects by name.

    Arrow refuses columns of objects of several types. For any other frame, returns it and None. The index is ignored.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(X, pandas.DataFrame):
        return X, None
    import pyarrow

    names = [str(name) for name in X.columns]
    if len(set(names)) < len(names):  # `require_names` reports them
        return pyarrow.table({}), {}
    objects = [k for k, dtype in enumerate(X.dtypes) if isinstance(dtype, np.dtype) and dtype.kind == "O"]
    loose = {names[k]: Column.of(X.iloc[:, k].to_numpy()) for k in objects}
    rest = X.iloc[:, [k for k, name in enumerate(names) if name not in loose]]
    rest = rest.set_axis([name for name in names if name not in loose], axis=1)
    return pyarrow.Table.from_pandas(rest, preserve_index=False), loose


def read_csv(path: Path) -> Table:
    """Reads a file of values separated by commas, semicolons, tabs or bars, whose first line names the columns.

    The file may be compressed. Raises FileFormatError with the line of a syntax error, InputError if the file has no
    rows or no column names.
    """
    pyarrow = _pyarrow("a CSV file")
    from pyarrow import csv

    try:
        with pyarrow.input_stream(str(path), compression="detect") as stream:
            header = stream.read(1 << 20).partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip("\r")
        delimiter = max(DELIMITERS, key=header.count)
        # Quoted texts may hold newlines. With several threads, errors would not name the line.
        table = csv.read_csv(
            str(path),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        )
    except pyarrow.ArrowInvalid as error:
        reason = shortened(str(error).removeprefix("CSV parse error: "))
        raise FileFormatError(f"{path} is not a valid CSV file: {reason.replace('Row #', 'line ')}") from None
    except pyarrow.ArrowException as error:
        raise FileFormatError(f"{path} cannot be read: {error}") from None
    if all(_is_number(name) for name in table.column_names):
        raise InputError(
            f"{path} has no column names: "
            f"its first line is {listed(table.column_names, 4)}. Add a line of names above it."
        )
    return _table(path, table)


def read_parquet(path: Path) -> Table:
    """Reads a Parquet file. Raises FileFormatError if it is not one, InputError if it has no rows or no names."""
    pyarrow = _pyarrow("a Parquet file")
    from pyarrow import parquet

    try:
        table = parquet.read_table(str(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} is not a valid Parquet file: {shortened(str(error))}") from None
    return _table(path, table.drop_columns([name for name in table.column_names if PANDAS_INDEX.fullmatch(name)]))


def require_names(origin: str, names: Iterable[str]) -> None:
    """Raises InputError for a column without a name, or a duplicate name."""
    for k, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(
                f"column {k} of {origin} has no name. Name it, or leave it out (pandas: to_csv(…, index=False))."
            )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{origin} must name each column once; got {listed(twice)} more than once.")


def shortened(text: str, most: int = 120) -> str:
    """Returns a text on one line, cut to ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _pyarrow(what: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtra(f"{what} needs pyarrow; pip install pyarrow") from None
    return pyarrow


def _table(path: Path, table: Any) -> Table:
    names = table.column_names
    if not names or not table.num_rows:
        raise InputError(f"{path} must hold at least one row; got none.")
    require_names(str(path), names)
    columns = {name: _column(table.column(name)) for name in names}
    return Table(str(path), columns, target="target" if "target" in columns else None)


def _column(column: Any) -> Column:
    """Converts a chunked Arrow column to NumPy values; numbers keep their width."""
    import pyarrow
    from pyarrow import types

    kind, name = column.type, str(column.type)
    missing = column.is_null().to_numpy()
    if types.is_null(kind):
        return Column("empty", np.full(len(missing), np.nan), missing, type=name)
    if types.is_dictionary(kind) or _is_text(kind):
        return _categories(column)
    if types.is_boolean(kind):
        return Column("booleans", column.fill_null(False).to_numpy().astype(bool), missing, type=name)
    if types.is_integer(kind):
        return Column("numbers", column.fill_null(0).to_numpy(), missing, type=name)
    if types.is_floating(kind) or types.is_decimal(kind):
        if not types.is_float32(kind):
            column = column.cast("float64")
        values = column.to_numpy()
        return Column("numbers", values, missing | np.isnan(values), type=name)
    if types.is_timestamp(kind) or types.is_date(kind):
        utc = column.cast(pyarrow.timestamp("us", getattr(kind, "tz", None)), safe=False)
        return Column("datetimes", utc.cast("int64").fill_null(0).to_numpy().view(DATETIME), missing, type=name)
    if types.is_duration(kind) or types.is_time(kind):  # a time of day is the time since midnight
        if types.is_time(kind):
            column = column.cast(pyarrow.time64("us"), safe=False)
        else:
            column = column.cast(pyarrow.duration("us"), safe=False)
        return Column("durations", column.cast("int64").fill_null(0).to_numpy().view(DURATION), missing, type=name)
    if types.is_interval(kind) and (spans := _spans(column)) is not None:
        return Column("durations", spans, missing, type=name)
    first = next((value for value in column.to_pylist() if value is not None), None)
    what = "text that is not UTF-8" if types.is_binary(kind) else name
    values = np.empty(len(missing), dtype=object)
    values[:] = column.to_pylist()
    return Column("unreadable", values, missing, type=f"{what}, such as {shown(first)}")


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
    """Converts a column of texts, or one that Arrow stores as dictionary codes."""
    import pyarrow
    from pyarrow import types

    name = "text" if _is_text(column.type) else str(column.type)
    if types.is_string_view(column.type):
        column = column.cast(pyarrow.large_string())
    if not types.is_dictionary(column.type):
        column = column.dictionary_encode()
    array = column.unify_dictionaries().combine_chunks()
    if isinstance(array, pyarrow.ChunkedArray):
        array = array.chunk(0)
    codes = array.indices.cast("int64").fill_null(MISSING).to_numpy(zero_copy_only=False)
    levels = array.dictionary.to_pylist()
    gone = [k for k, level in enumerate(levels) if level is None or level != level]
    codes = np.where(np.isin(codes, gone), MISSING, codes) if gone else codes
    return categories(codes, levels, type=name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
