"""Weights of rows: as given, multiplied by those of their classes, and the rows that they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from chainrule._internal.checks import Floats, RowNumbers, as_weights, shown
from chainrule.errors import InputError
from chainrule.estimators.label_counts import require_label_per_row
from chainrule.tables.columns import Column
from chainrule.tables.labels import label_array, labels_at
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.table import Table

ClassWeight = Mapping[Any, float] | Literal["balanced"] | None


def as_row_weights(weights: Any, t: int, symbol: str = "sample_weight") -> Floats | None:
    """Returns one weight ≥ 0 per row (t,), or None; a single number is the weight of every row. Raises InputError."""
    if weights is None:
        return None
    if isinstance(weights, Real):
        weights = np.full(t, weights)
    try:
        w = as_weights(_of_any_library(weights), t, np.float64)
    except InputError as error:
        raise InputError(f"{symbol}: {error}") from None
    return None if w is None else w.astype(np.float64)


def _of_any_library(weights: Any) -> Any:
    """Returns weights with integers of 128 bits and decimals as floats; anything else is checked as it is."""
    if isinstance(weights, np.ma.MaskedArray) or not (hasattr(weights, "__array__") or isinstance(weights, list)):
        return weights
    values = label_array(weights, "sample_weight")
    if values.dtype.kind != "O" or not isinstance(column := as_column(values.reshape(-1)), Column):
        return values
    return column.as_floats().reshape(values.shape) if column.kind in ("numbers", "booleans") else values


def without_weightless(X: Any, y: Any, weights: Any) -> tuple[Any, Any, Floats | None]:
    """Returns rows X (t, n), labels y and their weights without the rows of weight 0, whose values may be anything.

    X, y and weights are unchanged if there is no such row. Raises InputError for weights that are not one per row.

    >>> without_weightless([[1.0], [np.nan]], ["a", None], [2.0, 0.0])
    ([[1.0]], array(['a'], dtype=object), array([2.]))
    """
    if weights is None or y is None:
        return X, y, None
    require_label_per_row(X, y)
    w = as_row_weights(weights, _num_samples(X))
    if w is None or (w > 0.0).all():
        return X, y, w
    rows = np.flatnonzero(w > 0.0)
    return *rows_of(X, y, rows), w[rows]


def rows_of(X: Any, y: Any, rows: RowNumbers) -> tuple[Any, Any]:
    """Returns some rows of X (t, n) and their labels, by row number, unchecked."""
    if isinstance(X, (Table, NumericTable)):
        return X.rows(rows), labels_at(y, rows)
    return _safe_indexing(X.tocsr() if hasattr(X, "tocsr") else X, rows), labels_at(y, rows)


def counted_rows(weights: Floats | None, t: int, dtype: DTypeLike) -> RowNumbers:
    """Returns the numbers of the rows, of t, whose weight is positive in the networks' number type.

    A row of weight 0 does not count: estimators leave it out before anything is learned or drawn. Raises InputError
    if no row is left, or if the sum of the weights is infinite in that type.

    >>> counted_rows(np.array([1.0, 0.0, 1e-60]), 3, np.float32)
    array([0])
    """
    if weights is None:
        return np.arange(t, dtype=np.uint32)
    with np.errstate(over="ignore", under="ignore"):
        w = weights.astype(dtype)
        total = w.sum()
    rows = np.flatnonzero(w > 0.0)
    if not len(rows):
        raise InputError(
            f"no row has a positive weight in {np.dtype(dtype)}; the largest is {weights.max():g}. Scale the weights "
            "up, or change class_weight."
        )
    if not np.isfinite(total):
        raise InputError(f"the weights of the rows must have a finite sum in {np.dtype(dtype)}. Scale them down.")
    return rows


def balanced(y: NDArray[Any], weights: Floats | None) -> Floats:
    """Returns a factor per row (t,) that balances the classes: Σw / (number of classes · Σ of w in its class).

    A row of weight 2 counts as two rows.

    >>> balanced(np.array([0, 0, 0, 1]), None)
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    classes, index = np.unique(y, return_inverse=True)
    w = np.ones(len(y)) if weights is None else weights
    mass = np.bincount(index, weights=w, minlength=len(classes))
    present = mass > 0
    factor = np.zeros(len(classes))
    factor[present] = w.sum() / (present.sum() * mass[present])
    result: Floats = factor[index]
    return result


def by_class(
    class_weight: ClassWeight | Sequence[Mapping[Any, float]],
    y: NDArray[Any],
    weights: Floats | None,
    classes: NDArray[Any] | None = None,
    *,
    incremental: bool = False,
) -> Floats | None:
    """Multiplies ``weights`` (t,) by the weight of each row's class, for y (t, k) by those of all its columns.

    ``class_weight`` is None, "balanced", a dict from classes to weights (1 where a class is missing), or a list of such
    dicts, one per column. ``classes`` are the classes that y may have (None: those that occur), besides those of weight
    0, which earlier calls have left out.

    Raises InputError for a dict with another class, or with a weight that is not a number ≥ 0; and for "balanced" if
    the rows are only some of them (``incremental``).

    >>> by_class({"b": 3.0}, np.array(["a", "b"]), np.array([2.0, 2.0]))
    array([2., 6.])
    """
    if class_weight is None:
        return weights
    if incremental and isinstance(class_weight, str):
        raise InputError(
            f"class_weight={shown(class_weight)} needs all rows at once, which partial_fit does not have. Give a dict "
            "from classes to weights."
        )
    columns = y[:, None] if y.ndim == 1 else y
    per_column = (
        list(class_weight)
        if isinstance(class_weight, Sequence) and not isinstance(class_weight, str)
        else [class_weight] * columns.shape[1]
    )
    if len(per_column) != columns.shape[1]:
        raise InputError(f"class_weight must have a dict per column of y, {columns.shape[1]}; got {len(per_column)}.")
    product = np.ones(len(y)) if weights is None else weights
    for choice, column in zip(per_column, columns.T, strict=True):
        product = product * (balanced(column, weights) if choice == "balanced" else _chosen(choice, column, classes))
    return product


def _chosen(choice: Any, column: NDArray[Any], known: NDArray[Any] | None) -> Floats:
    """Returns the weight that a dict gives to each row's class."""
    if not isinstance(choice, Mapping):
        raise InputError(
            f"class_weight must be None, 'balanced' or a dict from classes to weights; got {shown(choice)}."
        )
    classes, index = np.unique(column, return_inverse=True)
    allowed = dict.fromkeys((classes if known is None else known).tolist())
    strange = [c for c in choice if c not in allowed and (known is None or choice[c] != 0.0)]
    if strange:
        raise InputError(f"class_weight must name classes of y, {shown(list(allowed))}; got {shown(strange)}.")
    for c, weight in choice.items():
        if not isinstance(weight, Real) or not 0.0 <= float(weight) < np.inf:
            raise InputError(
                f"class_weight must hold finite weights ≥ 0; got {shown(weight)} for the class {shown(c)}."
            )
    factor = np.array([float(choice.get(c, 1.0)) for c in classes.tolist()])
    result: Floats = factor[index]
    return result
