"""Reading CSV files."""

from __future__ import annotations

from pathlib import Path

from chainrule._internal.naming import listed
from chainrule.errors import FileFormatError, InputError
from chainrule.tables.reading.arrow_tables import import_pyarrow, shortened, table_of_file
from chainrule.tables.table import Table

DELIMITERS = ",;\t|"


def read_csv(path: Path) -> Table:
    """Reads a file of values separated by commas, semicolons, tabs or bars, whose first line names the columns.

    The file may be compressed. Raises FileFormatError with the line of a syntax error, InputError if the file has no
    rows or no column names.
    """
    pyarrow = import_pyarrow("a CSV file")
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
    return table_of_file(path, table)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
