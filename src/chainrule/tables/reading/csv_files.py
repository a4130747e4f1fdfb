"""Reading CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.errors import FileFormatError, InputError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.arrow_tables import require_names, shortened
from chainrule.tables.reading.csv.dialect import CsvDialect, CsvOptions, detect
from chainrule.tables.reading.csv.faults import fault
from chainrule.tables.reading.csv.text_streams import BLANKS, arrow_stream, require_decodable

FIRST_BLOCK, LARGEST_BLOCK = 1 << 20, 1 << 30  # bytes; Arrow needs a whole row in a block
MANY_BLOCKS = 8  # from which threads pay
WIDE_BLOCK = 1 << 25  # up to which a block holds many rows: each block costs a microsecond a column
NOT_TEXT = "invalid UTF8"
ROW_TOO_LONG = ("straddling object", "block size", "Could not skip")  # Arrow's messages


def read_csv(path: Path, options: CsvOptions) -> Any:
    """Reads a file of values separated by commas, semicolons, tabs, bars or blanks as an Arrow table of texts.

    The file may be compressed. Raises FileFormatError with the line of a syntax error, InputError if the file has no
    rows or no column names.
    """
    pyarrow = import_pyarrow("a CSV file")
    dialect = detect(path, options)
    require_names(str(path), dialect.names)
    block = max(FIRST_BLOCK, 4 * dialect.longest, min(64 * dialect.longest, WIDE_BLOCK))
    while True:
        try:
            table = _read(path, dialect, block)
            break
        except pyarrow.ArrowInvalid as error:
            message = str(error)
            if any(words in message for words in ROW_TOO_LONG) and block < LARGEST_BLOCK:
                block *= 4
                continue
            if message.startswith("Empty CSV file"):
                raise InputError(f"{path} must hold at least one row; got none.") from None
            if NOT_TEXT in message:
                require_decodable(path, dialect.encoding)
            reason = fault(path, dialect) or shortened(message)
            raise FileFormatError(f"{path} is not a valid CSV file: {reason}") from None
    _require_closed_quotes(path, dialect, table)
    return table


def _read(path: Path, dialect: CsvDialect, block: int) -> Any:
    import pyarrow
    from pyarrow import csv

    texts = dict.fromkeys(dialect.names, pyarrow.string())  # what they mean is recognised later
    delimiter = "\t" if dialect.delimiter == BLANKS else dialect.delimiter
    with arrow_stream(path, dialect.encoding, dialect.delimiter) as stream:
        return csv.read_csv(
            stream,
            read_options=csv.ReadOptions(
                column_names=dialect.names,
                skip_rows=dialect.skipped,
                block_size=block,
                use_threads=path.stat().st_size >= MANY_BLOCKS * block,
            ),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(column_types=texts),
        )


def _require_closed_quotes(path: Path, dialect: CsvDialect, table: Any) -> None:
    """Raises FileFormatError if the last quote is never closed: Arrow takes all lines below it as one value."""
    last = table.column(table.num_columns - 1)
    value = last[len(last) - 1].as_py() if len(last) else None
    if isinstance(value, str) and "\n" in value and (reason := fault(path, dialect)):
        raise FileFormatError(f"{path} is not a valid CSV file: {reason}")
