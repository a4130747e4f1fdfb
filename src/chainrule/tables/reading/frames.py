"""Reading data frames of any library: numbers alone as one matrix, anything else column by column."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.tables.arrow_values import import_pyarrow
from chainrule.tables.column_set import Columns, NumberBlock
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading import array_columns
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.reading.arrow_columns import as_column
from chainrule.tables.reading.arrow_tables import require_names, shortened, without_pandas_types
from chainrule.tables.reading.number_frames import matrix_of_arrow, matrix_of_pandas, matrix_of_polars
from chainrule.tables.reading.pandas_columns import columns_of_pandas
from chainrule.tables.table import Table
from chainrule.tables.text.text_column import AnyColumn


def read_frame(X: Any, symbol: str) -> Table | NumericTable:
    """Reads a data frame of pandas, whose index is ignored, or of any library with the Arrow PyCapsule interface.

    Raises InputError if it is not a table, has no rows, no columns or a duplicate name, or if a column cannot be read.
    """
    frame: Any = X
    read_columns: Callable[[Any, Sequence[str], str], Any] = _of_arrow
    if _is_frame_of("pandas", X):
        names, read_columns = [str(name) for name in X.columns.tolist()], _of_pandas
    elif _is_frame_of("polars", X):
        names, read_columns = X.columns, _of_polars
    else:
        frame = without_pandas_types(_as_arrow(X, symbol), symbol)
        names = frame.schema.names  # faster than column_names
    if not names:
        raise InputError(f"{symbol} has 0 feature(s) (shape=({len(X)}, 0)) while a minimum of 1 is required.")
    require_names(symbol, names)
    if not frame.shape[0]:
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s).")
    found = read_columns(frame, names, symbol)
    return Table(symbol, found) if isinstance(found, Columns) else NumericTable(symbol, found, tuple(names))


def _is_frame_of(library: str, X: Any) -> bool:
    """Returns True for a data frame of a library, which need not be installed."""
    module = sys.modules.get(library)
    return module is not None and isinstance(X, module.DataFrame)


def _of_pandas(X: Any, names: Sequence[str], symbol: str) -> Any:
    """Returns the numbers of a pandas frame as one matrix, or its columns if it holds anything else."""
    matrix = matrix_of_pandas(X)
    return columns_of_pandas(X, names, symbol) if matrix is None else matrix


def _of_polars(X: Any, names: Sequence[str], symbol: str) -> Any:
    """Returns the same for a frame of polars; Arrow has no type for integers of 128 bits and for Python objects."""
    of_type = _by_type(names, [dtype.base_type() for dtype in X.dtypes])
    if (matrix := matrix_of_polars(X, of_type)) is not None:
        return matrix
    polars = sys.modules["polars"]
    blocks, rest = _blocks(of_type, lambda chosen, kind: matrix_of_polars(X[chosen], (kind,)))
    others = X.select(rest)
    objects = [name for name in rest if others[name].dtype in (polars.Object, polars.Int128, polars.UInt128)]
    columns: dict[str, AnyColumn] = {
        name: array_columns.as_column(as_objects(others[name].to_list())) for name in objects
    }
    table = _as_arrow(others.drop(objects), symbol)
    columns |= zip(table.column_names, map(as_column, table.columns), strict=True)
    return Columns.of(names, columns, blocks)


def _of_arrow(table: Any, names: Sequence[str], symbol: str) -> Any:
    """Returns the same for a table of pyarrow."""
    of_type = _by_type(names, table.schema.types)
    if (matrix := matrix_of_arrow(table, of_type)) is not None:
        return matrix
    blocks, rest = _blocks(of_type, lambda chosen, kind: matrix_of_arrow(table.select(chosen), (kind,)))
    return Columns.of(names, {name: as_column(table.column(name)) for name in rest}, blocks)


def _by_type(names: Sequence[str], types: Sequence[Any]) -> dict[Any, list[str]]:
    """Returns for each type the names of its columns."""
    of_type: dict[Any, list[str]] = {}
    for name, kind in zip(names, types, strict=True):
        of_type.setdefault(kind, []).append(name)
    return of_type


def _blocks(
    of_type: Mapping[Any, list[str]], matrix_of: Callable[[list[str], Any], Any]
) -> tuple[list[tuple[list[str], NumberBlock]], list[str]]:
    """Returns one block of numbers per type with the names of its columns, and the names of all other columns."""
    blocks, rest = [], []
    for kind, chosen in of_type.items():
        matrix = matrix_of(chosen, kind) if len(chosen) > 1 else None
        if matrix is None:
            rest += chosen
        else:
            blocks.append((chosen, NumberBlock.of(matrix)))
    return blocks, rest


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
