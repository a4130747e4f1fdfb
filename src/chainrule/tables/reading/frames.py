"""Reading data frames of any library: numbers alone as one matrix, anything else column by column."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.arrow_columns import as_column
from chainrule.tables.reading.arrow_tables import import_pyarrow, require_names, shortened
from chainrule.tables.reading.number_frames import number_matrix
from chainrule.tables.reading.pandas_columns import columns_of_pandas
from chainrule.tables.table import Table


def read_frame(X: Any, symbol: str) -> Table | NumericTable:
    """Reads a data frame of pandas, whose index is ignored, or of any library with the Arrow PyCapsule interface.

    Raises InputError if it is not a table, has no rows, no columns or a duplicate name, or if a column cannot be read.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        names = tuple(str(name) for name in X.columns.tolist())
        _require_shape((len(X), len(names)), names, symbol)
        matrix = number_matrix(X)
        if matrix is None:
            return Table(symbol, columns_of_pandas(X, names, symbol))
        return NumericTable(symbol, matrix, names)
    if (matrix := number_matrix(X)) is not None:
        names = tuple(getattr(X, "column_names", None) or X.columns)
        _require_shape(matrix.shape, names, symbol)
        return NumericTable(symbol, matrix, names)
    table = _arrow_table(X, symbol)
    _require_shape(table.shape, table.column_names, symbol)
    return Table(symbol, dict(zip(table.column_names, map(as_column, table.columns), strict=True)))


def _arrow_table(X: Any, symbol: str) -> Any:
    """Returns a frame as a table of pyarrow. Raises InputError if it is none."""
    pyarrow = import_pyarrow("a data frame")
    try:
        return pyarrow.table(X)
    except Exception as error:  # whatever the library of the frame raises
        raise InputError(
            f"{symbol} must be a table that Arrow can read; got a {type(X).__name__}: {shortened(str(error))}"
        ) from None


def _require_shape(shape: tuple[int, ...], names: Sequence[str], symbol: str) -> None:
    """Raises InputError unless a frame has rows, and columns with names that differ."""
    if not shape[1]:
        raise InputError(f"{symbol} has 0 feature(s) (shape={shape}) while a minimum of 1 is required.")
    require_names(symbol, names)
    if not shape[0]:
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s).")
