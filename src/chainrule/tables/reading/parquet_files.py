"""Reading Parquet files."""

from __future__ import annotations

import re
from pathlib import Path

from chainrule.errors import FileFormatError
from chainrule.tables.reading.arrow_tables import import_pyarrow, shortened, table_of_file
from chainrule.tables.table import Table

PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # row labels that pandas writes as columns


def read_parquet(path: Path) -> Table:
    """Reads a Parquet file. Raises FileFormatError if it is not one, InputError if it has no rows or no names."""
    pyarrow = import_pyarrow("a Parquet file")
    from pyarrow import parquet

    try:
        table = parquet.read_table(str(path))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} is not a valid Parquet file: {shortened(str(error))}") from None
    return table_of_file(
        path, table.drop_columns([name for name in table.column_names if PANDAS_INDEX.fullmatch(name)])
    )
