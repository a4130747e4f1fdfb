"""From what is handed to ``fit`` to encoded rows: the table, its labels, the weights of the rows."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import as_weights, shown
from chainrule.errors import InputError
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.reading import AnyTable, read
from chainrule.tables.table import Table

MOST_REPEATED = 20  # times as many rows, at most, does the encoder look at for whole weights


def as_table_and_labels(X: Any, y: Any, symbol: str = "X") -> tuple[AnyTable, Any]:
    """The table and its labels; y may be the name of one of the table's columns, which then is none of X.

    Raises InputError where y is None or does not hold one label a row.
    """
    if y is None:
        raise InputError("requires y to be passed, but the target y is None. Give one label per row, or a column.")
    table = read(X, symbol)
    if isinstance(y, str):
        if not isinstance(table, Table) or y not in table.names:
            raise InputError(f"y = {y!r} must be the name of a column of {symbol}; it has: {shown(table.names)}.")
        table.require_complete(y)
        return table.without(y), table.column(y)
    count = y.shape[0] if getattr(y, "shape", None) else len(y) if hasattr(y, "__len__") else None
    if count is not None and count != len(table):
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: {symbol} has {len(table)} rows, y {count}."
        )
    return table, y


def fit_encoder(encoder: TableEncoder, table: AnyTable, weights: NDArray[Any] | None) -> TableEncoder:
    """The encoder learned from the rows; a whole weight w counts as w rows, and a row of weight 0 as none.

    Other weights do not move medians and quartiles: each of their rows counts once.
    """
    if weights is not None and (weights != 1.0).any():
        times = np.where(weights > 0.0, 1, 0)
        if (weights == np.floor(weights)).all() and weights.sum() <= MOST_REPEATED * len(weights):
            times = weights.astype(np.intp)
        table = table.rows(np.repeat(np.arange(len(table)), times))
    return encoder.fit(table)


def as_row_weights(weights: Any, t: int, symbol: str = "sample_weight") -> NDArray[np.float64] | None:
    """One weight ≥ 0 a row (t,), or None; one number is the weight of each. Raises InputError."""
    if weights is None:
        return None
    if isinstance(weights, Real):
        weights = np.full(t, weights)
    try:
        w = as_weights(weights, t, np.float64)
    except InputError as error:
        raise InputError(f"{symbol}: {error}") from None
    return None if w is None else w.astype(np.float64)
