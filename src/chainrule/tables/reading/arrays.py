"""Reading NumPy arrays, nested lists and SciPy's sparse arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.table import Table


def read_array(X: Any, symbol: str) -> Table | NumericTable:
    """Reads an array or nested lists: numbers stay one array, other columns each get their own kind."""
    masked = isinstance(X, np.ma.MaskedArray) and bool(np.ma.getmaskarray(X).any())
    try:
        array = np.ma.filled(X.astype(np.float64), np.nan) if masked else np.asarray(X)
        if array.dtype.kind in "US" and not isinstance(X, np.ndarray):
            array = np.array(X, dtype=object)  # NumPy would turn mixed numbers into texts
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{symbol} must be a table; got a {type(X).__name__} that NumPy cannot convert: {error}"
        ) from None
    if array.ndim == 0:
        makes = next((name for name in ("collect", "to_arrow_table", "fetch_arrow_table") if hasattr(X, name)), "")
        hint = f" Call its {makes}() first." if makes else ""
        raise InputError(f"{symbol} must be an array, a sparse array, a data frame or a path; got {shown(X)}.{hint}")
    if array.dtype.kind == "c":
        raise InputError(f"Complex data not supported: {symbol} must hold real numbers; got dtype {array.dtype}.")
    require_shape(array.shape, symbol)
    if array.dtype.kind in "iu" or array.dtype in (np.float16, np.float32, np.float64):
        return NumericTable(symbol, array)
    if array.dtype.kind == "f":
        return NumericTable(symbol, array.astype(np.float64))
    columns = {f"x{k}": as_column(column) for k, column in enumerate(array.T)}
    return Table(symbol, columns, has_names=False)


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
    if len(shape) != 2:
        hint = ""
        if len(shape) == 1:
            hint = f" Reshape your data: {symbol}.reshape(-1, 1) is one feature, {symbol}.reshape(1, -1) one example."
        raise InputError(f"{symbol} must have shape (t, n), one example per row; got {shape}.{hint}")
    if shape[0] == 0:
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s) (shape={shape}).")
    if shape[1] == 0:
        raise InputError(f"{symbol} has 0 feature(s) (shape={shape}) while a minimum of 1 is required.")
