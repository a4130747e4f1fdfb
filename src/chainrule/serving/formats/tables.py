"""Tables of the rows of a request: of the columns that a model uses, and of no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.serving.limits import MOST_OTHER_COLUMNS
from chainrule.tables.column_set import Columns
from chainrule.tables.encoding.matching import given_spellings
from chainrule.tables.model import TableModel
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.table import Table
from chainrule.tables.text.text_column import AnyColumn

ORIGIN = "the request"


def require_few_columns(model: TableModel, count: int) -> None:
    """Raises InputError for many more columns than the model has: the work for each would be in vain."""
    most = model.encoder.n_features_in_ + MOST_OTHER_COLUMNS
    if count > most:
        raise InputError(f"{ORIGIN} may have {most} columns; got {count}. Leave out what the model does not use.")


def table_of_columns(model: TableModel, columns: Mapping[str, Sequence[Any]]) -> Table:
    """Returns a table of equally long columns by their names. Raises InputError if one is missing or longer."""
    require_few_columns(model, len(columns))
    found_as = given_spellings(model.encoder, list(columns), ORIGIN)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        (one, t), (other, s) = min(lengths.items(), key=_length), max(lengths.items(), key=_length)
        raise InputError(f"the columns of {ORIGIN} must be equally long; {one!r} has {t} rows, {other!r} has {s}.")
    return _table(model, {name: columns[theirs] for name, theirs in found_as.items()})


def table_of_rows(model: TableModel, rows: Sequence[Any]) -> Table:
    """Returns a table of rows, which are all dicts, or all lists in the order of the columns. Raises InputError."""
    if not isinstance(rows[0], dict):
        n = model.encoder.n_features_in_
        for k, row in enumerate(rows, 1):
            if len(row) != n:
                raise InputError(f"row {k} of {ORIGIN} has {len(row)} values; expected {n}, one for each column.")
        return _table(model, dict(zip(model.encoder.names_, zip(*rows, strict=True), strict=True)))
    names = list(dict.fromkeys(name for row in rows for name in row))
    require_few_columns(model, len(names))
    found_as = given_spellings(model.encoder, names, ORIGIN)
    return _table(model, {name: [row.get(theirs) for row in rows] for name, theirs in found_as.items()})


def _table(model: TableModel, columns: Mapping[str, Sequence[Any]]) -> Table:
    """Returns a table with all columns of the training rows; those without use may be missing."""
    gaps = [None] * len(next(iter(columns.values())))
    every = {name: _column(columns.get(name, gaps)) for name in model.encoder.names_}
    return Table(ORIGIN, Columns(every), has_names=hasattr(model.encoder, "feature_names_in_"))


def _column(values: Sequence[Any]) -> AnyColumn:
    """Returns a column of values of JSON; numbers and gaps at once."""
    if set(map(type, values)) in ({float}, {int}, {float, int}, {float, type(None)}, {float, int, type(None)}):
        try:
            return as_column(np.array(values, dtype=np.float64))
        except OverflowError:  # an integer beyond every float is infinite, which is refused by the column's name
            pass
    return as_column(as_objects(values))


def _length(item: tuple[str, int]) -> int:
    return item[1]
