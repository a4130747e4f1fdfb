"""Reading data frames of any library through Arrow."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.tables.columns import Column
from chainrule.tables.reading import array_columns
from chainrule.tables.reading.arrow_columns import as_column
from chainrule.tables.reading.arrow_tables import import_pyarrow, require_names, shortened
from chainrule.tables.table import Table


def read_frame(X: Any, symbol: str) -> Table:
    """Reads a data frame through the Arrow PyCapsule interface.

    Raises InputError if it is not a table, or has no rows, no columns or a duplicate name.
    """
    pyarrow = import_pyarrow("a data frame")
    frame, loose = _without_objects(X)
    try:
        table = pyarrow.table(frame)
    except (pyarrow.ArrowException, TypeError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{symbol} must be a table that Arrow can read; got a {type(X).__name__}: {shortened(str(error))}"
        ) from None
    columns = dict(zip(table.column_names, table.columns, strict=False))
    names = table.column_names if loose is None else [str(name) for name in X.columns]
    if not names:
        raise InputError(f"{symbol} has 0 feature(s) (shape=({len(X)}, 0)) while a minimum of 1 is required.")
    require_names(symbol, names)
    if not (table.num_rows if loose is None else len(X)):
        raise InputError(f"{symbol} must hold at least one row; got 0 sample(s).")
    typed = {name: loose[name] if loose and name in loose else as_column(columns[name]) for name in names}
    return Table(symbol, typed)


def _without_objects(X: Any) -> tuple[Any, dict[str, Column] | None]:
    """Splits a pandas frame into the columns that Arrow can read, and its columns of Python objects by name.

    Arrow refuses columns of objects of several types. For any other frame, returns it and None. The index is ignored.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(X, pandas.DataFrame):
        return X, None
    import pyarrow

    names = [str(name) for name in X.columns]
    if len(set(names)) < len(names):  # `require_names` reports them
        return pyarrow.table({}), {}
    objects = [k for k, dtype in enumerate(X.dtypes) if isinstance(dtype, np.dtype) and dtype.kind == "O"]
    loose = {names[k]: array_columns.as_column(X.iloc[:, k].to_numpy()) for k in objects}
    rest = X.iloc[:, [k for k, name in enumerate(names) if name not in loose]]
    rest = rest.set_axis([name for name in names if name not in loose], axis=1)
    return pyarrow.Table.from_pandas(rest, preserve_index=False), loose
