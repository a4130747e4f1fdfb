"""The arguments of ``fit`` as a table, its labels and the groups of its rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule._internal.checks import Floats, shown
from chainrule._internal.naming import listed, spellings
from chainrule.errors import InputError
from chainrule.estimators.weights import as_row_weights, counted_rows
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.labels import as_targets, labels_at
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.table import Table, require_complete
from chainrule.tables.text.text_column import AnyColumn

MOST_DENSE_FEATURES = 256  # a sparse table with as many columns, or fewer, becomes an array
MOST_STORED = 0.1  # fraction of the numbers above which it does, too
MOST_REPEATED = 20  # whole weights are repeated rows for the encoder, up to this many times as many rows


class TrainingRows(NamedTuple):
    """The rows of a table that count, those of positive weight; all others are left out before anything is learned."""

    at: NDArray[np.intp]  # (t,), their numbers in the table as given
    table: AnyTable
    labels: NDArray[Any]  # (t,) or (t, m)
    row_weights: Floats | None  # (t,)
    weights: Floats | None  # (t,), multiplied by those of the classes

    @classmethod
    def of(
        cls, table: AnyTable, labels: NDArray[Any], row_weights: Floats | None, weights: Floats | None, dtype: DTypeLike
    ) -> TrainingRows:
        """Selects the rows that count for networks of this number type. Raises InputError if there is none."""
        at = counted_rows(weights, len(table), dtype)
        if len(at) == len(table):
            return cls(at, table, labels, row_weights, weights)
        left = (None if w is None else w[at] for w in (row_weights, weights))
        return cls(at, table.rows(at), labels[at], *left)


def as_table_and_labels(
    X: Any,
    y: Any,
    symbol: str = "X",
    *,
    read_target: Callable[[str, AnyColumn], Any] | None = None,
    weights: Any = None,
    weights_symbol: str = "sample_weight",
) -> tuple[AnyTable, Any]:
    """Returns the table and its labels; y may name a column of the table, which is then removed from X.

    ``read_target`` gives the labels of that column, of which the name is its first argument. A row of weight 0, which
    does not count, may lack its label, or have a wrong one: it gets that of a row that counts.

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
        column = _counted_labels(table.column(name), weights, len(table), weights_symbol)
        require_complete(column, name, table.origin)
        return table.without(name), column if read_target is None else read_target(name, column)
    if (count := _length(y)) not in (None, len(table)):
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: {symbol} has {len(table)} rows, y {count}."
        )
    return table, _counted_labels(y, weights, len(table), weights_symbol)


def names_of(X: Any, y: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the name of the file that X is the path of, as "source", and that of the target, as "column".

    A name that is not given is that of ``before``, if there is one.
    """
    source = {"source": os.path.basename(os.fspath(X))} if isinstance(X, (str, os.PathLike)) else {}
    known = {name: before[name] for name in ("source", "column") if name in before}
    return known | source | ({"column": y} if isinstance(y, str) else {})


def _counted_labels(y: Any, weights: Any, t: int, symbol: str) -> Any:
    """Returns the labels of t rows; each of weight 0 has the label of the first row that counts."""
    w = as_row_weights(weights, t, symbol)
    return y if w is None else _instead_of_others(y, np.flatnonzero(w > 0.0), t)


def _instead_of_others(y: Any, rows: NDArray[np.intp], t: int) -> Any:
    """Returns the labels of t rows, where those of other rows than ``rows`` are replaced by the label of the first."""
    if len(rows) == t:
        return y
    source = np.full(t, rows[0])
    source[rows] = rows
    return labels_at(y, source)


def _length(y: Any) -> int | None:
    """Returns the number of labels, or None if y is no collection."""
    shape = y.shape if hasattr(y, "shape") else (len(y),) if hasattr(y, "__len__") else ()
    return shape[0] if shape else None


def as_groups(groups: Any, t: int, rows: NDArray[np.intp]) -> NDArray[Any]:
    """Returns the groups of those of t rows that count: numbers, booleans, texts, or the texts of dates.

    Raises InputError if one of them has no group.
    """
    if _length(groups) == t:
        groups = _instead_of_others(groups, rows, t)
    if getattr(getattr(groups, "dtype", None), "kind", "") == "M":
        times = np.asarray(groups, dtype="datetime64[us]")
        groups = times.astype(str).astype(object)
        groups[np.isnat(times)] = None
    values = as_targets(groups, "groups")
    if values.shape != (t,):
        raise InputError(f"groups must have shape ({t},), one group per row; got {values.shape}.")
    return values[rows]


def sparse_features(table: AnyTable) -> int:
    """Returns the number of columns with entries, if the table is sparse and wide; otherwise 0.

    Wide means that more than 256 columns have entries, and at most a tenth of the numbers in them are stored. Fewer
    columns take little memory as an array, and denser ones are faster in that form.
    """
    if not isinstance(table, NumericTable) or not table.is_sparse:
        return 0
    n = int(np.count_nonzero(np.bincount(table.values.indices)))
    return n if n > MOST_DENSE_FEATURES and table.values.nnz <= MOST_STORED * n * table.t else 0


def fit_encoder(encoder: TableEncoder, table: AnyTable, weights: Floats | None) -> TableEncoder:
    """Fits the encoder to the rows; a whole weight w > 0 counts as w rows.

    Fractional weights do not affect medians and quartiles: each row then counts once.
    """
    if weights is not None and (weights == np.floor(weights)).all() and weights.sum() <= MOST_REPEATED * len(weights):
        table = table.rows(np.repeat(np.arange(len(table)), weights.astype(np.intp)))
    return encoder.fit(table)
