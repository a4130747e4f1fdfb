"""The arguments of ``fit`` as a table, its labels and the weights of its rows."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import as_weights, shown
from chainrule._internal.naming import listed, spellings
from chainrule.errors import InputError
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.table import Table

MOST_REPEATED = 20  # whole weights are repeated rows for the encoder, up to this many times as many rows


def as_table_and_labels(X: Any, y: Any, symbol: str = "X") -> tuple[AnyTable, Any]:
    """Returns the table and its labels; y may name a column of the table, which is then removed from X.

    Raises InputError if y is None or does not have one label per row.
    """
    if y is None:
        raise InputError("requires y to be passed, but the target y is None. Give one label per row, or a column.")
    table = read(X, symbol)
    if isinstance(y, str):
        has_names = table.has_names or isinstance(table, Table)
        name = spellings([y], table.names).get(y) if has_names else None
        if name is None:
            raise InputError(f"y = {shown(y)} must be the name of a column of {symbol}; it has: {listed(table.names)}.")
        table.require_complete(name)
        return table.without(name), table.column(name)
    shape = y.shape if hasattr(y, "shape") else (len(y),) if hasattr(y, "__len__") else ()
    if shape and (count := shape[0]) != len(table):
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: {symbol} has {len(table)} rows, y {count}."
        )
    return table, y


def fit_encoder(encoder: TableEncoder, table: AnyTable, weights: NDArray[Any] | None) -> TableEncoder:
    """Fits the encoder to the rows; a whole weight w counts as w rows, so rows of weight 0 do not count.

    Fractional weights do not affect medians and quartiles: each row of positive weight then counts once.
    """
    if weights is not None and (weights != 1.0).any():
        times = np.where(weights > 0.0, 1, 0)
        if (weights == np.floor(weights)).all() and weights.sum() <= MOST_REPEATED * len(weights):
            times = weights.astype(np.intp)
        table = table.rows(np.repeat(np.arange(len(table)), times))
    return encoder.fit(table)


def as_row_weights(weights: Any, t: int, symbol: str = "sample_weight") -> NDArray[np.float64] | None:
    """Returns one weight ≥ 0 per row (t,), or None; a single number is the weight of every row. Raises InputError."""
    if weights is None:
        return None
    if isinstance(weights, Real):
        weights = np.full(t, weights)
    try:
        w = as_weights(weights, t, np.float64)
    except InputError as error:
        raise InputError(f"{symbol}: {error}") from None
    return None if w is None else w.astype(np.float64)
