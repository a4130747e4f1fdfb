"""Reading Parquet and Feather files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.errors import FileFormatError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.arrow_tables import shortened, without_index
from chainrule.tables.reading.file_kinds import require_format


def read_parquet(path: Path) -> Any:
    """Reads a Parquet file, or a folder of them, as an Arrow table. Raises FileFormatError if it is not one."""
    pyarrow = import_pyarrow("a Parquet file")
    from pyarrow import parquet

    if not path.is_dir():
        require_format(path, b"PAR1", "a Parquet file")
    try:
        return _sound(parquet.read_table(str(path)))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} is not a valid Parquet file: {shortened(str(error))}") from None


def read_feather(path: Path) -> Any:
    """Reads a Feather file, which is Arrow's own, as an Arrow table. Raises FileFormatError if it is not one."""
    pyarrow = import_pyarrow("a Feather file")
    from pyarrow import feather

    require_format(path, b"ARROW1", "a Feather file")
    try:
        return _sound(feather.read_table(str(path)))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} is not a valid Feather file: {shortened(str(error))}") from None


def _sound(table: Any) -> Any:
    """Returns an Arrow table without row labels; raises ArrowInvalid if its texts or its layout are damaged."""
    table = without_index(table)
    table.validate(full=True)  # Arrow trusts a file, and would read beyond the end of a damaged column
    return table
