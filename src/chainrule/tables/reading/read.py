"""Reading whatever holds a table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.arrays import is_series, read_array, read_row, read_series, read_sparse
from chainrule.tables.reading.frames import read_frame
from chainrule.tables.reading.paths import read_path
from chainrule.tables.table import Table

AnyTable = Table | NumericTable


def read(X: Any, symbol: str = "X", *, numbers_at_once: bool = False) -> AnyTable:
    """Returns the table X (t, n), one example per row and one feature per column, t, n ≥ 1.

    X may be

    - a NumPy array or nested lists: numbers stay one array; columns of texts or objects each get their own kind;
    - a SciPy sparse array or matrix, which stays sparse;
    - a dict, which is one row, by the names of its columns; a list of such dicts, or a Series whose index holds them;
    - a data frame: pandas, polars, pyarrow, a DuckDB result, anything with ``__arrow_c_stream__`` (needs pyarrow);
    - the path of a .csv, .tsv, .txt, .data, .parquet, .feather, .jsonl or .npz file (``read_path``);
    - a Table or a NumericTable, which is returned unchanged.

    For ``numbers_at_once``, which is for training rows, see `read_csv`.

    Raises InputError for anything else, an empty table or a duplicate name; OSError or FileFormatError for a bad file.

    >>> [column.kind for column in read([[1.0, "red"], [2.0, None]]).columns.values()]
    ['numbers', 'texts']
    """
    if isinstance(X, (Table, NumericTable)):
        return X
    if isinstance(X, (str, os.PathLike)):
        return read_path(Path(X), numbers_at_once=numbers_at_once)
    if isinstance(X, Mapping) and not hasattr(X, "tocsc"):  # SciPy's dictionaries of keys are sparse arrays
        return read_row(X, symbol)
    if is_series(X):
        return read_series(X, symbol)
    if hasattr(X, "__arrow_c_stream__"):
        return read_frame(X, symbol)
    if hasattr(X, "tocsc") and hasattr(X, "nnz"):
        return read_sparse(X, symbol)
    return read_array(X, symbol)
