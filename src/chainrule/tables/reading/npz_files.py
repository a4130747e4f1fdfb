"""Reading NumPy's .npz files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FileFormatError, InputError
from chainrule.tables.column_set import Columns, NumberBlock
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.file_kinds import require_format
from chainrule.tables.table import Table


def read_npz(path: Path) -> Table:
    """Reads arrays X (t, …), one row of numbers per example, and y (t,), which is optional for prediction."""
    require_format(path, b"PK", "a .npz file (numpy.savez writes one)")
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:  # NumPy leaves a bad file open
            arrays: dict[str, NDArray[Any]] = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise FileFormatError(f"{path} is not a valid .npz file of plain arrays: {error}") from None
    if others := [key for key, value in arrays.items() if not isinstance(value, np.ndarray)]:  # NumPy returns bytes
        raise FileFormatError(f"{path} is not a valid .npz file of plain arrays: {others[0]} is not an array.")
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
    names, labels = [f"x{k}" for k in range(1, X.shape[1] + 1)], {} if y is None else {"y": as_column(y)}
    columns = Columns.of([*names, *labels], labels, [(names, NumberBlock.of(X))])
    return Table(str(path), columns, target=None if y is None else "y", has_names=False)
