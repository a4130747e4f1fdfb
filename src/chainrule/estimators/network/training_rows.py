"""The arguments of ``fit`` as a table, its labels and the groups of its rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule._internal.checks import Floats, RowNumbers, shown
from chainrule._internal.naming import listed, nearest, spellings
from chainrule.errors import InputError
from chainrule.estimators.examples import Examples
from chainrule.estimators.label_counts import length, no_labels, require_label_per_row
from chainrule.estimators.weights import as_row_weights, counted_rows
from chainrule.tables.labels import as_targets, labels_at
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.table import Table, require_complete
from chainrule.tables.targets.given_targets import frame_of_targets, named_columns
from chainrule.tables.text.text_column import AnyColumn
from chainrule.tables.work import at_work

P = ParamSpec("P")
Result = TypeVar("Result")

MOST_DENSE_FEATURES = 256  # a sparse table with as many columns, or fewer, becomes an array
MOST_STORED = 0.1  # fraction of the numbers above which it does, too


@dataclass(frozen=True, eq=False)
class Data:
    """A table with labels, as given, and the t rows of positive weight as encoded for the networks."""

    X: Any  # the table, as given
    y: NDArray[Any]  # the labels of all its rows
    rows: RowNumbers  # (t,), the numbers of the rows that count
    table: AnyTable | None  # of these rows; None for those of a packed file, which are encoded
    examples: Examples  # of these rows, as everything below
    labels: NDArray[Any]  # (t,) or (t, m)
    class_numbers: NDArray[np.intp] | None  # (t,), None for regression and for several labels


def prepared(method: Callable[Concatenate[Any, P], Result]) -> Callable[Concatenate[Any, P], Result]:
    """Returns a method of an estimator that uses at most ``threads``, and with ``verbose=1`` shows work that lasts."""

    @wraps(method)
    def wrapper(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        with at_work(self.threads, is_shown=self.verbose in (1, True)):
            return method(self, *args, **kwargs)

    return wrapper


class TrainingRows(NamedTuple):
    """The rows of a table that count, those of positive weight; all others are left out before anything is learned."""

    at: RowNumbers  # (t,), their numbers in the table as given
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
    read_targets: Callable[[Mapping[str, AnyColumn]], Any],
    weights: Any = None,
    weights_symbol: str = "sample_weight",
    numbers_at_once: bool = False,
) -> tuple[AnyTable, Any]:
    """Returns the table and its labels; y may name a column of the table, or several, which are removed from X.

    ``read_targets`` gives the labels of such columns, and of a data frame of several columns. A row of weight 0, which
    does not count, may lack its label, or have a wrong one: it gets that of a row that counts.

    Raises InputError if y is None or does not have one label per row.
    """
    if y is None:
        raise no_labels("; or, where X is a table with names, the name of its target column")
    table = read(X, symbol, numbers_at_once=numbers_at_once)
    has_names = table.has_names or isinstance(table, Table)
    if (names := named_columns(y, table.names if has_names else (), len(table))) is not None:
        found = spellings(names, table.names) if has_names else {}
        if lacking := [name for name in names if name not in found]:
            many = "be the name" if isinstance(y, str) else "hold names"
            hint = nearest(lacking[0], table.names) or "."
            raise InputError(
                f"y = {shown(lacking[0])} must {many} of a column of {symbol}{hint} It has: {listed(table.names)}."
            )
        if len(set(names)) < len(names):
            raise InputError(f"y must name each column once; got {listed(names)}.")
        chosen = {found[name]: table.column(found[name]) for name in names}
        return table.without(*chosen), read_targets(_counted(chosen, weights, len(table), weights_symbol, table.origin))
    require_label_per_row(table, y, symbol)
    if (frame := frame_of_targets(y)) is not None:
        chosen = {name: frame.column(name) for name in frame.names}
        return table, read_targets(_counted(chosen, weights, len(table), weights_symbol, "y"))
    return table, _counted_labels(y, weights, len(table), weights_symbol)


def names_of(X: Any, y: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the name of the file that X is the path of, as "source", and that of a single target, as "column".

    A name that is not given is that of ``before``, if there is one.
    """
    source = {"source": os.path.basename(os.fspath(X))} if isinstance(X, (str, os.PathLike)) else {}
    known = {name: before[name] for name in ("source", "column") if name in before}
    return known | source | ({"column": y} if isinstance(y, str) else {})


def _counted(columns: Mapping[str, AnyColumn], weights: Any, t: int, symbol: str, origin: str) -> dict[str, AnyColumn]:
    """Returns target columns, complete, with the labels of rows that count. Raises InputError for a gap in one."""
    counted = {name: _counted_labels(column, weights, t, symbol) for name, column in columns.items()}
    for name, column in counted.items():
        require_complete(column, name, origin)
    return counted


def _counted_labels(y: Any, weights: Any, t: int, symbol: str) -> Any:
    """Returns the labels of t rows; each of weight 0 has the label of the first row that counts."""
    w = as_row_weights(weights, t, symbol)
    return y if w is None else _instead_of_others(y, np.flatnonzero(w > 0.0), t)


def _instead_of_others(y: Any, rows: RowNumbers, t: int) -> Any:
    """Returns the labels of t rows, where those of other rows than ``rows`` are replaced by the label of the first."""
    if len(rows) == t:
        return y
    source = np.full(t, rows[0])
    source[rows] = rows
    return labels_at(y, source)


def as_groups(groups: Any, t: int, rows: RowNumbers) -> NDArray[Any]:
    """Returns the groups of those of t rows that count: numbers, booleans, texts, or the texts of dates.

    Raises InputError if one of them has no group.
    """
    if length(groups) == t:
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
