"""Reading Parquet, Feather and JSON Lines files, whose values have types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule.errors import FileFormatError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.reading.arrow_tables import shortened, without_index
from chainrule.tables.reading.file_kinds import first_bytes, foreign_kind, require_format, require_regular

SMALLEST_BLOCK, LARGEST_BLOCK = 1 << 20, 1 << 30  # bytes of JSON that are read at once


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


def read_json_lines(path: Path) -> Any:
    """Reads a file of JSON objects, one a line, as an Arrow table. Raises FileFormatError if it is not one.

    A key that a line lacks is a missing value.
    """
    pyarrow = import_pyarrow("a JSON Lines file")
    from pyarrow import json

    require_regular(path)
    if not (start := first_bytes(path)).lstrip().startswith(b"{"):
        kind, _ = foreign_kind(start) or ("plain text", "")
        raise FileFormatError(f"{path} is {kind}; expected JSON Lines: one object a line.")
    block = min(max(path.stat().st_size, SMALLEST_BLOCK), LARGEST_BLOCK)  # a column has one type in each block
    try:
        return _sound(json.read_json(str(path), json.ReadOptions(block_size=block)))
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} does not hold one JSON object a line: {shortened(str(error))}") from None


def _sound(table: Any) -> Any:
    """Returns an Arrow table without row labels; raises ArrowInvalid if its texts or its layout are damaged."""
    table = without_index(table)
    table.validate(full=True)  # Arrow trusts a file, and would read beyond the end of a damaged column
    return table
