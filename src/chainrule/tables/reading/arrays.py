"""Reading NumPy arrays, nested lists, rows as dicts, and SciPy's sparse arrays."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.tables.column_set import Columns
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.array_likes import as_numpy, as_objects, without_mask
from chainrule.tables.reading.arrow_tables import require_names
from chainrule.tables.table import Table


def read_array(X: Any, symbol: str) -> Table | NumericTable:
    """Reads an array or nested lists: numbers stay one array, other columns each get their own kind.

    A structured array, or a list of dicts, is a table with named columns.
    """
    array = without_mask(X) if isinstance(X, np.ma.MaskedArray) else as_numpy(X, symbol, "a table")
    if array.dtype.names is not None and array.ndim == 1:
        return _read_structured(X if isinstance(X, np.ndarray) else array, symbol)
    if array.dtype == object and array.ndim == 1 and len(array) and all(isinstance(row, Mapping) for row in array):
        return _read_dicts(array.tolist(), symbol)
    if array.ndim == 0:
        raise InputError(
            f"{symbol} must be an array, a sparse array, a data frame or a path; got {shown(X)}.{_remedy(X, symbol)}"
        )
    if array.dtype.kind == "c":
        raise InputError(f"Complex data not supported: {symbol} must hold real numbers; got dtype {array.dtype}.")
    require_shape(array.shape, symbol)
    if array.dtype.kind in "iu" or array.dtype in (np.float16, np.float32, np.float64):
        return NumericTable(symbol, array)
    if array.dtype.kind == "f":
        return NumericTable(symbol, array.astype(np.float64))
    columns = {f"x{k}": as_column(column) for k, column in enumerate(array.T)}
    return Table(symbol, Columns(columns), has_names=False)


def _read_structured(X: NDArray[Any], symbol: str) -> Table:
    """Reads a structured array (t,), such as ``numpy.genfromtxt(…, names=True)`` returns: a column per field."""
    names = X.dtype.names or ()
    require_shape((len(X), len(names)), symbol)
    columns = {}
    for name in names:
        field = without_mask(X[name]) if isinstance(X, np.ma.MaskedArray) else np.asarray(X[name])
        columns[name] = as_column(field if field.ndim == 1 else as_objects(list(field)))
    return Table(symbol, Columns(columns))


def _read_dicts(rows: Sequence[Mapping[Any, Any]], symbol: str) -> Table:
    """Reads a list of dicts, one per row, from the name of a column to its value; a name may be absent in a row."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_shape((len(rows), len(names)), symbol)
    require_names(symbol, list(map(str, names)))
    columns = {str(name): as_column(as_objects([row.get(name) for row in rows])) for name in names}
    return Table(symbol, Columns(columns))


def read_row(row: Mapping[Any, Any], symbol: str) -> Table:
    """Reads a dict from the name of each column to its value. Raises InputError if it holds columns."""
    for name, value in row.items():
        if hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
            raise InputError(
                f"{symbol} is a dict, which is one row; got {shown(value)} as the value of {shown(name)}. Pass a list "
                f"of dicts for several rows, or pandas.DataFrame({symbol}) for columns."
            )
    if not row:
        raise InputError(f"{symbol} must be a row with a value for each column; got an empty dict.")
    return _read_dicts([row], symbol)


def is_series(X: Any) -> bool:
    """True for a Series of pandas, which need not be installed."""
    module = sys.modules.get("pandas")
    return module is not None and isinstance(X, module.Series)


def read_series(row: Any, symbol: str) -> Table:
    """Reads a Series whose index holds the names of the columns, such as a row of a frame. Raises InputError."""
    if not all(isinstance(name, str) for name in row.index):
        raise InputError(
            f"{symbol} is a Series, which is one row if its index holds the names of the columns; got "
            f"{shown(row.index[0]) if len(row) else 'nothing'} in its index. Pass {symbol}.to_frame() for a column."
        )
    return read_row(row.to_dict(), symbol)


def _remedy(X: Any, symbol: str) -> str:
    """Returns what to call on an object that holds a table but is none."""
    makes = next((name for name in ("collect", "to_arrow_table", "fetch_arrow_table") if hasattr(X, name)), "")
    return f" Call its {makes}() first." if makes else ""


def read_sparse(X: Any, symbol: str) -> NumericTable:
    """Reads a SciPy sparse array or matrix, which stays sparse."""
    if X.dtype.kind == "c":
        raise InputError(f"Complex data not supported: {symbol} must hold real numbers; got dtype {X.dtype}.")
    if X.dtype.kind not in "biuf":
        raise InputError(f"{symbol} must hold real numbers; got a sparse array of dtype {X.dtype}.")
    require_shape(X.shape, symbol)
    return NumericTable(symbol, canonical_rows(X))


def canonical_rows(X: Any) -> Any:
    """Returns a SciPy sparse array or matrix in compressed rows (CSR), in canonical form; X itself is unchanged."""
    rows = X.tocsr(copy=False)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


def require_shape(shape: tuple[int, ...], symbol: str) -> None:
    """Raises InputError unless the shape is (t, n) with t, n ≥ 1."""
    if shape[0] == 0:
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s) (shape={shape}).")
    if len(shape) != 2:
        hint = f" Make each example a row: {symbol}.reshape(len({symbol}), -1)."
        if len(shape) == 1:
            hint = f" Reshape your data: {symbol}.reshape(-1, 1) is one feature, {symbol}.reshape(1, -1) one example."
        raise InputError(f"{symbol} must have shape (t, n), one example per row; got {shape}.{hint}")
    if shape[1] == 0:
        raise InputError(f"{symbol} has 0 feature(s) (shape={shape}) while a minimum of 1 is required.")
