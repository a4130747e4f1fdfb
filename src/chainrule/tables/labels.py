"""Labels of rows, from NumPy, lists, pandas, polars, pyarrow, PyTorch or a column of a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import as_array, shown
from chainrule.errors import InputError
from chainrule.tables.columns import Column, Level, whole
from chainrule.tables.reading.array_columns import as_column, plain
from chainrule.tables.reading.array_likes import as_numpy, as_objects
from chainrule.tables.rounding import nearest_float, warn_about_rounding
from chainrule.tables.targets.target_columns import TargetColumns, stacked
from chainrule.tables.text.text_column import AnyColumn, TextColumn


def as_targets(y: Any, symbol: str = "y") -> NDArray[Any]:
    """Returns labels as an array (t,) or (t, m) of numbers, booleans or texts.

    Python objects that are all booleans or all numbers become an array of them; texts may stay objects. Issues a
    DataWarning if integers of more than 64 bits, or beside fractions, are rounded. Raises
    InputError for another shape, no rows, a missing label, a mixture of texts and numbers, or anything else, such as
    dates.

    >>> import numpy as np
    >>> as_targets(np.array([1, 0, True], dtype=object))
    array([1, 0, 1])
    """
    return _as_labels(y, symbol, lambda unrounded: warn_about_rounding([(symbol, unrounded)]))


def as_classes(y: Any, symbol: str = "y") -> NDArray[Any]:
    """Returns classes as `as_targets` returns labels. Raises InputError for integers that would be rounded, too."""

    def refuse_large(unrounded: NDArray[Any]) -> None:
        large = next((value for value in unrounded.tolist() if nearest_float(value) != value), None)
        if large is not None:
            raise InputError(
                f"{symbol} must hold integers of at most 64 bits, or texts, as classes; got {large}. Make all of them "
                "texts: str(label)."
            )

    return _as_labels(y, symbol, refuse_large)


def _as_labels(y: Any, symbol: str, see: Callable[[NDArray[Any]], None]) -> NDArray[Any]:
    """Returns labels in plain types, after ``see`` has seen those that become floats though they may be integers."""
    values, column = _checked(y, symbol)
    labels = _plain(values.reshape(-1), column)
    if isinstance(labels, Column):
        see(labels.unrounded)
        labels = labels.values
    return labels.reshape(values.shape)


def _checked(y: Any, symbol: str) -> tuple[NDArray[Any], AnyColumn]:
    """Returns labels as an array, and as a column of numbers, booleans or texts without gaps. Raises InputError."""
    if y is None:
        raise InputError(f"{symbol} must hold one label per row; got None.")
    values = label_array(y, symbol)
    if values.ndim not in (1, 2) or values.shape[-1] == 0 or len(values) == 0:
        raise InputError(f"{symbol} must have shape (t,) or (t, m), one label per row; got {values.shape}.")
    if values.dtype.kind == "c":
        raise InputError(f"Complex data not supported: {symbol} must hold real numbers; got dtype {values.dtype}.")
    flat = values.reshape(-1)
    column = as_column(flat)
    missing = np.flatnonzero(column.missing & ~_are_texts(flat))
    if len(missing):
        raise _no_value(symbol, int(missing[0]) // (values.size // len(values)))
    if column.kind in ("datetimes", "durations", "unreadable"):
        got = column.type if column.kind == "unreadable" else f"{column.kind}, such as {shown(str(flat[0]))}"
        raise InputError(f"{symbol} must hold numbers, booleans or texts; got {got}. Convert each label, as by str.")
    if column.type == "mixed":
        raise InputError(
            f"{symbol} mixes texts and numbers, which cannot be sorted. Make all of them texts: str(label)."
        )
    return values, column


def as_numbers(y: Any, symbol: str = "y") -> NDArray[Any]:
    """Returns labels as an array of finite numbers or booleans, in their own type. Raises InputError for others."""
    labels = as_targets(y, symbol)
    as_array(labels, symbol, np.float64)
    return labels


def as_class_column(y: Any, symbol: str = "y") -> NDArray[Any]:
    """Returns the classes of rows as an array (t,). Raises InputError as `as_classes` does, and for several columns."""
    labels = as_classes(y, symbol)
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise InputError(
            f"{symbol} must have shape (t,), one class per row; got {labels.shape}. "
            f"If each row has a 1 for its class, pass {symbol}.argmax(axis=1)."
        )
    return labels.reshape(-1)


def label_array(y: Any, symbol: str = "y") -> NDArray[Any]:
    """Returns labels as an array of any type and shape. Raises InputError for a masked label."""
    if isinstance(y, TextColumn):
        return y.objects()
    if isinstance(y, Column):
        return y.objects() if y.kind == "categories" or y.missing.any() else y.unrounded
    if isinstance(y, TargetColumns):
        return stacked([label_array(column) for column in y.columns.values()])
    if isinstance(y, np.ma.MaskedArray):
        masked = np.argwhere(np.ma.getmaskarray(y))
        if len(masked):
            raise _no_value(symbol, int(masked[0, 0]))
        y = y.data
    if hasattr(y, "toarray"):
        raise InputError(f"{symbol} must be a dense array; got a {type(y).__name__}. Pass {symbol}.toarray().")
    is_series = hasattr(y, "__arrow_c_stream__") and hasattr(y, "to_numpy")
    return as_numpy(_of_series(y) if is_series else y, symbol, "an array of labels")


def labels_of(levels: Sequence[Level]) -> NDArray[Any]:
    """Returns the levels of a column as an array of labels, integers as they are.

    >>> labels_of((1, 2**62 + 1)).tolist(), labels_of((0.5, 2)).tolist()
    ([1, 4611686018427387905], [0.5, 2.0])
    """
    return as_classes(list(levels))


def labels_at(y: Any, rows: NDArray[np.integer[Any]], symbol: str = "y") -> Any:
    """Returns the labels of some rows, by row number, unchecked; columns, a masked and a sparse array stay such."""
    if isinstance(y, (Column, TextColumn, TargetColumns)):
        return y.at(rows)
    if hasattr(y, "tocsr"):
        return y.tocsr()[rows]
    return y[rows] if isinstance(y, np.ma.MaskedArray) else label_array(y, symbol)[rows]


def _of_series(y: Any) -> Any:
    """Returns a Series or a frame as an array; integers of 128 bits of polars, which NumPy lacks, as objects."""
    if (polars := sys.modules.get("polars")) is not None:
        wide = {polars.Int128, polars.UInt128}
        if isinstance(y, polars.Series) and y.dtype in wide:
            return as_objects(y.to_list())
        if isinstance(y, polars.DataFrame) and not wide.isdisjoint(y.dtypes):
            return np.array(y.rows(), dtype=object)
    return y.to_numpy()


def _no_value(symbol: str, row: int) -> InputError:
    return InputError(f"{symbol} has no value in row {row + 1}. Fill it in, or remove the row.")


def _are_texts(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Returns a mask of labels that are texts: an empty text is a label, not a missing value."""
    if values.dtype.kind == "O":
        return np.array([isinstance(value, str) for value in values])
    return np.full(len(values), values.dtype.kind in "US")


def _plain(values: NDArray[Any], column: AnyColumn) -> NDArray[Any] | Column:
    """Returns labels (t,) that are readable as this column in plain types: numbers, booleans, or texts of Python.

    Returns the column for integers that no such type holds: of more than 64 bits, or large ones beside fractions.
    """
    if isinstance(column, Column):
        if values.dtype.kind != "O":
            return column.values
        if column.exact is not None:
            integers = _integers([*map(whole, column.exact)])
            return column if integers is None else integers
        array = np.array(values.tolist())
        return array if array.dtype.kind in "biuf" else column.values  # Decimal and Fraction become floats
    if values.dtype.kind == "O":
        return as_objects([plain(value) for value in values])
    return values if values.dtype.kind == "U" else np.char.decode(values, "utf-8")


def _integers(values: list[int | float]) -> NDArray[Any] | None:
    """Returns integers in a type of 64 bits; None if one is a fraction, or too large."""
    if not all(isinstance(value, int) for value in values):
        return None
    types = (np.iinfo(np.int64), np.iinfo(np.uint64))
    held = next((kind for kind in types if kind.min <= min(values) and max(values) <= kind.max), None)
    return None if held is None else np.array(values, held.dtype)
