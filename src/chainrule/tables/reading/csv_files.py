"""Reading CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.arrow_tables import require_names
from chainrule.tables.reading.csv.arrow_reader import csv_options, require_closed_quotes, with_block
from chainrule.tables.reading.csv.byte_streams import may_have_quotes
from chainrule.tables.reading.csv.dialect import CsvDialect, CsvOptions, detect
from chainrule.tables.reading.csv.text_streams import arrow_stream

FIRST_BLOCK = 1 << 20  # bytes
MANY_BLOCKS = 8  # from which threads pay
WIDE_BLOCK = 1 << 25  # up to which a block holds many rows: each block costs a microsecond a column


def read_csv(path: Path, options: CsvOptions) -> Any:
    """Reads a file of values separated by commas, semicolons, tabs, bars or blanks as an Arrow table of texts.

    The file may be compressed. Raises FileFormatError with the line of a syntax error, InputError if the file has no
    rows or no column names.
    """
    import_pyarrow("a CSV file")
    dialect = detect(path, options)
    require_names(str(path), dialect.names)
    first = max(FIRST_BLOCK, 4 * dialect.longest, min(64 * dialect.longest, WIDE_BLOCK))
    has_quotes = may_have_quotes(path)
    _, table = with_block(path, dialect, first, lambda block: _read(path, dialect, block, has_quotes))
    last = table.column(table.num_columns - 1)
    require_closed_quotes(path, dialect, last[len(last) - 1].as_py() if len(last) else None)
    return table


def _read(path: Path, dialect: CsvDialect, block: int, has_quotes: bool) -> Any:
    from pyarrow import csv

    use_threads = path.stat().st_size >= MANY_BLOCKS * block
    options = csv_options(dialect, block, use_threads=use_threads, may_have_quotes=has_quotes)
    with arrow_stream(path, dialect.encoding, dialect.delimiter) as stream:
        return csv.read_csv(stream, **options)
