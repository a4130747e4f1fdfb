"""Writing predictions as CSV or Parquet."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from chainrule.cli.errors import require_packages
from chainrule.errors import InputError
from chainrule.files import write_bytes

Columns = Mapping[str, list[Any]]

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # beginnings of a formula to a spreadsheet that opens a CSV file


def write_predictions(columns: Columns, path: Path | None, *, replace: bool = False) -> None:
    """Writes columns to a .csv or .parquet file, atomically, or as CSV to stdout; numbers keep every bit.

    Raises InputError for a text that UTF-8 cannot hold, FileExistsError if there is a file and ``replace`` is False.
    """
    try:
        if path is None:
            _write_csv(columns, sys.stdout)
        else:
            write_bytes(path, _csv(columns) if path.suffix == ".csv" else _parquet(columns), replace=replace)
    except UnicodeEncodeError as error:  # half a pair of UTF-16, which JSON permits
        raise InputError(
            f"the text {error.object[error.start : error.end]!r} of a class cannot be written as UTF-8."
        ) from None


def safe(columns: Columns) -> Columns:
    """Returns the columns with an apostrophe before each text that a spreadsheet would take for a formula.

    >>> safe({"prediction": ["=1+1", "yes", -1.5]})
    {'prediction': ["'=1+1", 'yes', -1.5]}
    """

    def literal(value: Any) -> Any:
        return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

    return {name: [literal(value) for value in values] for name, values in columns.items()}


def _csv(columns: Columns) -> bytes:
    text = io.StringIO(newline="")
    _write_csv(columns, text)
    return text.getvalue().encode()


def _parquet(columns: Columns) -> bytes:
    require_packages("pyarrow")
    import pyarrow
    from pyarrow import parquet

    data = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(columns)), data)
    return data.getvalue()


def _write_csv(columns: Columns, file: TextIO) -> None:
    writer = csv.writer(_Lines(file), lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


class _Lines:
    """A file of lines that end in a newline; the writer quotes a carriage return only if its own lines end in one."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line.removesuffix("\r\n") + "\n")
