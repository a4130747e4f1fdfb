"""Reading tables: arrays, data frames and files become a `Table` of typed columns or a `NumericTable`."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import shown
from chainrule.errors import FileFormatError, InputError, UnknownName
from chainrule.tables.arrow import read_csv, read_frame, read_parquet
from chainrule.tables.columns import Column
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.table import Table

AnyTable = Table | NumericTable

CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".csv.bz2")
PARQUET = (".parquet", ".pq")


def read(X: Any, symbol: str = "X") -> AnyTable:
    """Returns the table X (t, n), one example per row and one feature per column, t, n ≥ 1.

    X may be

    - a NumPy array or nested lists: numbers stay one array; columns of texts or objects each get their own kind;
    - a SciPy sparse array or matrix, which stays sparse;
    - a data frame: pandas, polars, pyarrow, a DuckDB result, anything with ``__arrow_c_stream__`` (needs pyarrow);
    - the path of a .csv, .tsv, .parquet or .npz file (``read_path``);
    - a Table or a NumericTable, which is returned unchanged.

    Raises InputError for anything else, an empty table or a duplicate name; OSError or FileFormatError for a bad file.

    >>> read([[1.0, "red"], [2.0, None]]).column("x1").levels
    ('red',)
    """
    if isinstance(X, (Table, NumericTable)):
        return X
    if isinstance(X, (str, os.PathLike)):
        return read_path(Path(X))
    if hasattr(X, "__arrow_c_stream__"):
        return read_frame(X, symbol)
    if hasattr(X, "tocsc") and hasattr(X, "nnz"):
        return _sparse(X, symbol)
    return _array(X, symbol)


def read_path(path: Path) -> Table:
    """Reads a file, whose extension gives the format: CSV, Parquet, or NumPy's .npz with arrays X (t, …) and y (t,).

    Raises UnknownName for another extension, OSError if the file cannot be read, FileFormatError or InputError for bad
    contents.
    """
    name = path.name.lower()
    if not name.endswith((*CSV, *PARQUET, ".npz")):
        raise UnknownName(f"{str(path)!r} must end in .csv, .tsv, .parquet or .npz; the extension gives the format.")
    path.stat()  # raises the system's own error if there is no such file
    if name.endswith(".npz"):
        return _npz(path)
    return read_csv(path) if name.endswith(CSV) else read_parquet(path)


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


def _array(X: Any, symbol: str) -> AnyTable:
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
    columns = {f"x{k}": Column.of(column) for k, column in enumerate(array.T)}
    return Table(symbol, columns, has_names=False)


def _sparse(X: Any, symbol: str) -> NumericTable:
    if X.dtype.kind == "c":
        raise InputError(f"Complex data not supported: {symbol} must hold real numbers; got dtype {X.dtype}.")
    if X.dtype.kind not in "biuf":
        raise InputError(f"{symbol} must hold real numbers; got a sparse array of dtype {X.dtype}.")
    require_shape(X.shape, symbol)
    columns = X.tocsc(copy=False)
    if not columns.has_canonical_format:
        columns = columns.copy()
        columns.sum_duplicates()
    return NumericTable(symbol, columns)


def _npz(path: Path) -> Table:
    """Reads arrays X (t, …), one row of numbers per example, and y (t,), which is optional for prediction."""
    if not zipfile.is_zipfile(path):
        raise FileFormatError(f"{path} is not a .npz file (numpy.savez writes one).")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, NDArray[Any]] = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise FileFormatError(f"{path} is not a valid .npz file of plain arrays: {error}") from None
    X = arrays.get("X")
    y = arrays.get("y", arrays.get("Y"))
    if X is None or X.ndim < 2 or X.size == 0 or X.dtype.kind not in "biuf":
        got = ", ".join(f"{key} {value.dtype} {value.shape}" for key, value in arrays.items()) or "nothing"
        raise InputError(f"{path} must hold an array X of numbers (t, n), and for training y (t,); got {got}.")
    X = X.reshape(len(X), -1)
    if y is not None and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y is not None and y.shape != (len(X),):
        raise InputError(f"y of {path} must have shape ({len(X)},), one label per row of X; got {y.shape}.")
    columns = {f"x{k}": Column.of(column) for k, column in enumerate(X.T, 1)}
    if y is not None:
        columns["y"] = Column.of(y)
    return Table(str(path), columns, target=None if y is None else "y", has_names=False)
