"""Arrow's reading of a CSV file: its options, the block that holds each row, and what its errors mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from chainrule.errors import FileFormatError, InputError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.arrow_tables import shortened
from chainrule.tables.reading.csv.dialect import CsvDialect
from chainrule.tables.reading.csv.faults import fault
from chainrule.tables.reading.csv.number_columns import GAPS
from chainrule.tables.reading.csv.text_streams import require_decodable

LARGEST_BLOCK = 1 << 30  # bytes; Arrow needs a whole row in a block
NOT_TEXT = "invalid UTF8"
ROW_TOO_LONG = ("straddling object", "block size", "Could not skip")  # Arrow's messages

Result = TypeVar("Result")


def csv_options(
    dialect: CsvDialect,
    block: int,
    *,
    use_threads: bool,
    columns: Sequence[str] | None = None,
    numbers: Sequence[str] = (),
    may_hold_lines: bool = True,
) -> dict[str, Any]:
    """Returns the options by which Arrow reads all columns of a file of this dialect, or some, as texts.

    Those among ``numbers`` are float64. If no value holds the end of a line, Arrow finds the rows in less time.
    """
    from pyarrow import csv, float64, string

    texts = dict.fromkeys(dialect.names, string())  # what they mean is recognised later
    return {
        "read_options": csv.ReadOptions(
            column_names=dialect.names, skip_rows=dialect.skipped, block_size=block, use_threads=use_threads
        ),
        "parse_options": csv.ParseOptions(delimiter=dialect.letter, newlines_in_values=may_hold_lines),
        "convert_options": csv.ConvertOptions(
            column_types=texts | dict.fromkeys(numbers, float64()), include_columns=columns, null_values=GAPS
        ),
    }


def with_block(path: Path, dialect: CsvDialect, block: int, read: Callable[[int], Result]) -> tuple[int, Result]:
    """Returns a number of bytes, ``block`` or more, that holds each row, and what ``read`` returns for it.

    Raises the errors of `named_errors`.
    """
    with named_errors(path, dialect):
        while True:
            try:
                return block, read(block)
            except import_pyarrow("a CSV file").ArrowInvalid as error:
                if block >= LARGEST_BLOCK or not any(words in str(error) for words in ROW_TOO_LONG):
                    raise
                block *= 4


@contextmanager
def named_errors(path: Path, dialect: CsvDialect) -> Iterator[None]:
    """Turns errors of Arrow into FileFormatError with the line of a syntax error, or InputError without rows."""
    try:
        yield
    except import_pyarrow("a CSV file").ArrowInvalid as error:
        message = str(error)
        if message.startswith("Empty CSV file"):
            raise InputError(f"{path} must hold at least one row; got none.") from None
        if NOT_TEXT in message:
            require_decodable(path, dialect.encoding)
        reason = fault(path, dialect) or shortened(message)
        raise FileFormatError(f"{path} is not a valid CSV file: {reason}") from None


def require_closed_quotes(path: Path, dialect: CsvDialect, last: Any) -> None:
    """Raises FileFormatError if the last quote is never closed: Arrow takes all lines below it as one value.

    ``last`` is the last value of the last column.
    """
    if isinstance(last, str) and "\n" in last and (reason := fault(path, dialect)):
        raise FileFormatError(f"{path} is not a valid CSV file: {reason}")
