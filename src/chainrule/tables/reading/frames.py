"""Reading data frames of any library: numbers alone as one matrix, anything else column by column."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading import array_columns
from chainrule.tables.reading.array_columns import number_columns
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.reading.arrow_columns import as_column
from chainrule.tables.reading.arrow_tables import import_pyarrow, require_names, shortened
from chainrule.tables.reading.number_frames import number_matrix
from chainrule.tables.reading.pandas_columns import columns_of_pandas
from chainrule.tables.table import Table
from chainrule.tables.text.text_column import AnyColumn


def read_frame(X: Any, symbol: str) -> Table | NumericTable:
    """Reads a data frame of pandas, whose index is ignored, or of any library with the Arrow PyCapsule interface.

    Raises InputError if it is not a table, has no rows, no columns or a duplicate name, or if a column cannot be read.
    """
    frame: Any = X
    read_columns: Callable[[Any, Sequence[str], str], dict[str, AnyColumn]] = _columns_of_arrow
    if _is_frame_of("pandas", X):
        names, read_columns = [str(name) for name in X.columns.tolist()], columns_of_pandas
    elif _is_frame_of("polars", X):
        names, read_columns = X.columns, _columns_of_polars
    else:
        frame = _as_arrow(X, symbol)
        names = frame.column_names
    if not names:
        raise InputError(f"{symbol} has 0 feature(s) (shape=({len(X)}, 0)) while a minimum of 1 is required.")
    require_names(symbol, names)
    if not frame.shape[0]:
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s).")
    matrix = number_matrix(frame)
    if matrix is None:
        return Table(symbol, read_columns(frame, names, symbol))
    return NumericTable(symbol, matrix, tuple(names))


def _is_frame_of(library: str, X: Any) -> bool:
    """Returns True for a data frame of a library, which need not be installed."""
    module = sys.modules.get(library)
    return module is not None and isinstance(X, module.DataFrame)


def _columns_of_polars(X: Any, names: Sequence[str], symbol: str) -> dict[str, AnyColumn]:
    """Returns the columns of a polars frame; Arrow has no type for integers of 128 bits and for Python objects."""
    polars = sys.modules["polars"]
    columns = _number_columns(X.__getitem__, names, [dtype.base_type() for dtype in X.dtypes])
    others = X.select([name for name in names if name not in columns])
    objects = [name for name in others.columns if others[name].dtype in (polars.Object, polars.Int128, polars.UInt128)]
    columns |= {name: array_columns.as_column(as_objects(others[name].to_list())) for name in objects}
    table = _as_arrow(others.drop(objects), symbol)
    columns |= zip(table.column_names, map(as_column, table.columns), strict=True)
    return {name: columns[name] for name in names}


def _columns_of_arrow(table: Any, names: Sequence[str], symbol: str) -> dict[str, AnyColumn]:
    columns = _number_columns(table.select, names, table.schema.types)
    return {name: columns[name] if name in columns else as_column(table.column(name)) for name in names}


def _number_columns(
    select: Callable[[list[str]], Any], names: Sequence[str], types: Sequence[Any]
) -> dict[str, AnyColumn]:
    """Returns columns of numbers of a frame of polars or pyarrow; all columns of one type are read as one matrix.

    ``select`` returns the frame of these columns.
    """
    blocks: dict[Any, list[str]] = {}
    for name, kind in zip(names, types, strict=True):
        blocks.setdefault(kind, []).append(name)
    columns: dict[str, AnyColumn] = {}
    for chosen in blocks.values():
        if len(chosen) > 1 and (matrix := number_matrix(select(chosen))) is not None:
            columns |= zip(chosen, number_columns(matrix), strict=True)
    return columns


def _as_arrow(X: Any, symbol: str) -> Any:
    """Returns a frame as a table of pyarrow. Raises InputError if it is none."""
    pyarrow = import_pyarrow("a data frame")
    try:
        return X if isinstance(X, pyarrow.Table) else pyarrow.table(X)
    except Exception as error:  # whatever the library of the frame raises
        hint = f" Pass {symbol}.to_frame() for a single column." if hasattr(X, "to_frame") else ""
        raise InputError(
            f"{symbol} must be a table that Arrow can read; got a {type(X).__name__}: {shortened(str(error))}.{hint}"
        ) from None
