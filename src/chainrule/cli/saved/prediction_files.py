"""Writing predictions as CSV, JSON Lines or Parquet, to a file or to standard output."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli import outputs
from chainrule.cli.errors import WrongUsage, require_packages
from chainrule.errors import InputError
from chainrule.files import write_bytes

Columns = Mapping[str, Any]  # of each name a list of values, or a column of Arrow

FORMATS = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # beginnings of a formula to a spreadsheet that opens a CSV file


@dataclass(frozen=True)
class Destination:
    """A format, and the file that is written, or None for standard output."""

    format: str
    path: Path | None
    is_safe: bool  # texts that a spreadsheet would take for formulas get an apostrophe
    replaces: bool  # a file that exists

    @property
    def has_types(self) -> bool:
        """True if numbers and texts differ in this format, which they do not in CSV."""
        return self.format != "csv"

    def write(self, columns: Columns) -> None:
        """Writes columns, to a file atomically; numbers keep every bit.

        Raises InputError for a text that UTF-8 cannot hold, or for values that the format does not have,
        FileExistsError if there is a file by now that must not be replaced.
        """
        try:
            contents = _parquet(columns) if self.format == "parquet" else self._text(columns).encode()
        except UnicodeEncodeError as error:  # half a pair of UTF-16, which JSON permits
            raise InputError(
                f"the text {error.object[error.start : error.end]!r} cannot be written as UTF-8."
            ) from None
        if self.path is not None:
            write_bytes(self.path, contents, replace=self.replaces)
        elif self.format == "parquet":
            sys.stdout.buffer.write(contents)
        else:
            sys.stdout.writelines(contents.decode().splitlines(keepends=True))  # a reader that leaves is noticed

    def _text(self, columns: Columns) -> str:
        lists = {name: _as_list(name, column) for name, column in columns.items()}
        if self.format == "jsonl":
            return _json_lines(lists)
        return _csv({name: [_literal(v) for v in column] for name, column in lists.items()} if self.is_safe else lists)


def destination(out: str | None, form: str | None, *, is_safe_csv: bool, force: bool) -> Destination:
    """Returns where predictions go: the file ``out``, or stdout for None and "-".

    The format is ``form``, by default that of the name of the file. Raises WrongUsage for wrong options or a file that
    exists, InputError if it cannot be written.
    """
    if form is not None and form not in FORMATS:
        raise WrongUsage(f"--format: give {', '.join(FORMATS)}; got {form!r}.")
    path = None if out in (None, "-") else outputs.of_file(str(out), tuple(FORMATS.values()), force=force)
    named = next((name for name, end in FORMATS.items() if path is not None and end == path.suffix), None)
    if form is not None and named not in (None, form):
        raise WrongUsage(f"--format: {path} is named as {named}, not as {form}. Rename it, or leave out --format.")
    chosen = form or named or "csv"
    if is_safe_csv and chosen != "csv":
        raise WrongUsage(f"--safe-csv is for CSV; {chosen} holds typed values, which are never formulas.")
    if chosen == "parquet":
        if path is None and sys.stdout.isatty():
            raise WrongUsage("--format: a terminal cannot show parquet. Name a file, --out predictions.parquet.")
        require_packages("pyarrow")
    if path is None and sys.__stdout__ is None:
        raise WrongUsage("standard output is closed. Name a file, --out predictions.csv.")
    return Destination(chosen, path, is_safe_csv, force)


def _literal(value: Any) -> Any:
    """Returns a text with an apostrophe if a spreadsheet would take it for a formula.

    >>> _literal("=1+1"), _literal("yes"), _literal(-1.5)
    ("'=1+1", 'yes', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _as_list(name: str, column: Any) -> list[Any]:
    """Returns texts, numbers, booleans and None; times and decimals of Arrow as texts. Raises InputError for others."""
    if isinstance(column, list):
        return column
    import pyarrow
    from pyarrow import types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if not any(is_plain(kind) for is_plain in (types.is_integer, types.is_floating, types.is_boolean)):
        try:
            column = column.cast(pyarrow.string())
        except pyarrow.ArrowException:
            raise InputError(
                f"column {name!r} holds values of the type {kind}, which only a Parquet file can keep. Give "
                "--out FILE.parquet, or keep other columns."
            ) from None
    values: list[Any] = column.to_pylist()
    return values


def _csv(columns: Mapping[str, list[Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(_Lines(text), lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _json_lines(columns: Mapping[str, list[Any]]) -> str:
    """Returns one object a line; a number that JSON does not have, such as NaN, becomes null."""
    rows = zip(*([_json_value(value) for value in column] for column in columns.values()), strict=True)
    return "".join(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)


def _json_value(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _parquet(columns: Columns) -> bytes:
    import pyarrow
    from pyarrow import parquet

    data = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(columns)), data)
    return data.getvalue()


class _Lines:
    """A file of lines that end in a newline; the writer quotes a carriage return only if its own lines end in one."""

    def __init__(self, file: io.StringIO) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line.removesuffix("\r\n") + "\n")
