"""Reading Parquet, Feather and JSON Lines files, whose values have types."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import FileFormatError
from chainrule.tables.arrow_values import import_pyarrow, numbers_of
from chainrule.tables.columns import LARGEST_WHOLE
from chainrule.tables.reading.arrow_tables import shortened, without_index
from chainrule.tables.reading.file_kinds import first_bytes, foreign_kind, require_format, require_regular

OTHER_TYPE = re.compile(r"Column\(/(.*)\) changed from (\w+) to (\w+) in row (\d+)", re.DOTALL)
ROW = re.compile(r" in row (\d+)$")
DIGITS = (76, 38)  # of decimals, and those behind the point
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

    A key that a line lacks is a missing value. JSON has no dates, so that texts stay texts; integers that are too large
    for the type of a column are decimals.
    """
    pyarrow = import_pyarrow("a JSON Lines file")
    from pyarrow import json

    require_regular(path)
    if not (start := first_bytes(path)).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        kind, _ = foreign_kind(start) or ("plain text", "")
        raise FileFormatError(f"{path} is {kind}; expected JSON Lines in UTF-8: one object a line.")
    block = min(max(path.stat().st_size, SMALLEST_BLOCK), LARGEST_BLOCK)  # a column has one type in each block

    def table(types: Mapping[str, Any]) -> Any:
        known = json.ParseOptions(explicit_schema=pyarrow.schema(types.items()))
        return json.read_json(str(path), json.ReadOptions(block_size=block), known)

    try:
        found = table({})
        times = {f.name: pyarrow.string() for f in found.schema if pyarrow.types.is_timestamp(f.type)}
        large = [f.name for f in found.schema if f.type == "double" and _are_large(found[f.name])]
        if large:
            with suppress(pyarrow.ArrowInvalid):  # numbers such as 1e300 are no integers
                return _sound(table(times | dict.fromkeys(large, pyarrow.decimal256(*DIGITS))))
        return _sound(table(times) if times else found)
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFormatError(f"{path} {_fault(str(error))}") from None


def _are_large(column: Any) -> bool:
    """True if some of Arrow's floats may be integers that they do not hold."""
    return bool((np.abs(numbers_of(column)) >= LARGEST_WHOLE).any())


def _fault(message: str) -> str:
    """Returns the reason in a message of Arrow, whose rows count from 0, why a file is no JSON Lines."""
    if found := OTHER_TYPE.search(message):
        column, first, second, row = found.groups()
        return (
            f"must have one type for all values of a column; {column!r} changes from {first} to {second} in row "
            f"{int(row) + 1}. Write all of them alike, such as in quotes."
        )
    reason = ROW.sub(lambda row: f" in row {int(row[1]) + 1}", message)
    return f"does not hold one JSON object a line: {shortened(reason)}"


def _sound(table: Any) -> Any:
    """Returns an Arrow table without row labels; raises ArrowInvalid if its texts or its layout are damaged."""
    table = without_index(table)
    table.validate(full=True)  # Arrow trusts a file, and would read beyond the end of a damaged column
    return table
