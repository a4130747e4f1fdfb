"""CSV and Parquet files as tables, through Arrow."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.refusals import need
from chainrule.cli.table import Column, Table, listed, shortened
from chainrule.errors import FileFormatError, InputError

DELIMITERS = ",;\t|"
PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # the row labels that pandas writes beside the columns


def read_csv(path: Path) -> Table:
    """A file of comma-, semicolon-, tab- or bar-separated values whose first line names the columns; may be compressed.

    Raises FileFormatError with the line where the file is not one, InputError if it has no rows or no names.
    """
    need("pyarrow")
    import pyarrow
    from pyarrow import csv

    try:
        with pyarrow.input_stream(str(path), compression="detect") as stream:
            header = stream.read(1 << 20).partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip("\r")
        delimiter = max(DELIMITERS, key=header.count)
        # newlines_in_values: a quoted text may hold one; one thread: errors then name the line
        table = csv.read_csv(
            str(path),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        )
    except pyarrow.ArrowInvalid as error:
        reason = shortened(str(error).removeprefix("CSV parse error: "))
        raise FileFormatError(f"{path} is not a whole CSV file: {reason.replace('Row #', 'line ')}") from None
    except pyarrow.ArrowException as error:
        raise FileFormatError(f"{path} cannot be read: {error}") from None
    if all(_is_number(name) for name in table.column_names):
        raise InputError(
            f"{path} has no column names: "
            f"its first line is {listed(table.column_names, 4)}. Add a line of names above it."
        )
    return _table(path, table)


def read_parquet(path: Path) -> Table:
    """A Parquet file. Raises FileFormatError where it is not one, InputError if it has no rows or no names."""
    need("pyarrow")
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(str(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} is not a whole Parquet file: {shortened(str(error))}") from None
    return _table(path, table.drop_columns([name for name in table.column_names if PANDAS_INDEX.fullmatch(name)]))


def _table(path: Path, table: Any) -> Table:
    names = table.column_names
    if not names or not table.num_rows:
        raise InputError(f"{path} must hold at least one row; got none.")
    for k, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(
                f"column {k} of {path} has no name. Name it, or leave it out (pandas: to_csv(…, index=False))."
            )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{path} must name each column once; got {listed(twice)} more than once.")
    columns = {name: _column(table.column(name)) for name in names}
    return Table(str(path), columns, target="target" if "target" in columns else None)


def _column(column: Any) -> Column:
    """An Arrow column as NumPy values; numbers keep their kind."""
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    missing = column.is_null().to_numpy()
    if types.is_null(kind):
        return Column(np.full(len(missing), np.nan), missing)
    if types.is_boolean(kind) or types.is_integer(kind):
        return Column(column.fill_null(False if types.is_boolean(kind) else 0).to_numpy(), missing)
    if types.is_floating(kind) or types.is_decimal(kind):
        values = column.cast("float64").to_numpy()
        return Column(values, missing | np.isnan(values))
    values = np.array(column.to_pylist(), dtype=object)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return Column(values, missing | (values == ""), kind="text")
    return Column(values, missing, kind="text that is not UTF-8" if types.is_binary(kind) else str(kind))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
