"""Reading CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.arrow_tables import require_names
from chainrule.tables.reading.csv.arrow_reader import csv_options, require_closed_quotes, with_block
from chainrule.tables.reading.csv.dialect import CsvDialect, CsvOptions, detect
from chainrule.tables.reading.csv.number_columns import as_recognised, columns_of_fractions
from chainrule.tables.reading.csv.row_blocks import RowBlocks, StrayQuote
from chainrule.tables.reading.csv.text_streams import arrow_stream

FIRST_BLOCK = 1 << 20  # bytes
MANY_BLOCKS = 8  # from which threads pay
WIDE_BLOCK = 1 << 25  # up to which a block holds many rows: each block costs a microsecond a column
NO_NUMBER = "conversion error"  # Arrow's words


def read_csv(path: Path, options: CsvOptions, *, numbers_at_once: bool = False) -> Any:
    """Reads a file of values separated by commas, semicolons, tabs, bars or blanks as an Arrow table of texts.

    With ``numbers_at_once``, columns of a large file may be numbers already: those in whose texts `recognised` finds
    the same numbers, without any remark and without settings of the user.

    The file may be compressed. Raises FileFormatError with the line of a syntax error, InputError if the file has no
    rows or no column names.
    """
    import_pyarrow("a CSV file")
    dialect = detect(path, options)
    require_names(str(path), dialect.names)
    first = max(FIRST_BLOCK, 4 * dialect.longest, min(64 * dialect.longest, WIDE_BLOCK))
    is_large = path.stat().st_size >= MANY_BLOCKS * first
    numbers = columns_of_fractions(dialect.names, dialect.first_rows) if numbers_at_once and is_large else []
    _, table = with_block(path, dialect, first, lambda block: _read(path, dialect, block, numbers))
    last = table.column(table.num_columns - 1)
    require_closed_quotes(path, dialect, last[len(last) - 1].as_py() if len(last) else None)
    return table


def _read(path: Path, dialect: CsvDialect, block: int, numbers: Sequence[str]) -> Any:
    """Reads the columns ``numbers`` as such if they hold nothing else, and all others as texts."""
    from pyarrow import ArrowInvalid

    try:
        found = as_recognised(_parsed(path, dialect, block, numbers), numbers)
    except ArrowInvalid as error:
        if not numbers or NO_NUMBER not in str(error):
            raise
        found = None
    return _parsed(path, dialect, block, ()) if found is None else found


def _parsed(path: Path, dialect: CsvDialect, block: int, numbers: Sequence[str]) -> Any:
    """Reads the columns ``numbers`` as such, and all others as texts."""
    from pyarrow import csv

    def parsed(stream: Any, may_hold_lines: bool) -> Any:
        use_threads = path.stat().st_size >= MANY_BLOCKS * block
        return csv.read_csv(
            stream,
            **csv_options(dialect, block, use_threads=use_threads, numbers=numbers, may_hold_lines=may_hold_lines),
        )

    try:
        with RowBlocks(arrow_stream(path, dialect.encoding, dialect.delimiter), dialect.letter) as blocks:
            return parsed(blocks, False)
    except StrayQuote:
        with arrow_stream(path, dialect.encoding, dialect.delimiter) as stream:
            return parsed(stream, True)
