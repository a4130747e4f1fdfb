"""Arrow's tables, which frames and files share, and rules about the names of columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chainrule._internal.naming import listed
from chainrule.errors import InputError, MissingExtra
from chainrule.tables.column_set import Columns
from chainrule.tables.reading.arrow_columns import as_column
from chainrule.tables.table import Table
from chainrule.tables.text.text_column import TextColumn

PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # row labels without a name


def import_pyarrow(what: str) -> Any:
    """Returns the package; raises MissingExtra if it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise MissingExtra(f"{what} needs pyarrow; pip install pyarrow") from None
    return pyarrow


def table_of_file(path: Path, table: Any, *, is_typed: bool = True) -> Table:
    """Returns the columns of a file. Raises InputError if it has no rows, or a name is missing or duplicate.

    ``is_typed`` is False if all columns are texts because the format of the file has no types.
    """
    names = table.column_names
    if not names or not table.num_rows:
        raise InputError(f"{path} must hold at least one row; got none.")
    require_names(str(path), names)
    columns = {
        name: as_column(table.column(name)) if is_typed else TextColumn(table.column(name), is_declared=False)
        for name in names
    }
    return Table(str(path), Columns(columns), target="target" if "target" in columns else None)


def without_index(table: Any) -> Any:
    """Returns an Arrow table without the columns that are the row labels of the pandas frame it was written from."""
    described = table.schema.pandas_metadata or {}
    labels = {name for name in described.get("index_columns", ()) if isinstance(name, str)}
    return table.drop_columns([name for name in table.column_names if name in labels or PANDAS_INDEX.fullmatch(name)])


def require_names(origin: str, names: Sequence[str]) -> None:
    """Raises InputError for a column without a name, or a duplicate name."""
    for k, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(
                f"column {k} of {origin} has no name. Name it, or leave it out (pandas: to_csv(…, index=False))."
            )
    if len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        raise InputError(f"{origin} must name each column once; got {listed(twice)} more than once.")


def shortened(text: str, most: int = 120) -> str:
    """Returns a text on one line, cut to ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
