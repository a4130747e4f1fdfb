"""The forms in which several targets may be given: names of columns of the table, or a data frame of their own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from chainrule._internal.naming import spellings
from chainrule.tables.reading.read import AnyTable, read


def named_columns(y: Any, names: Collection[str], t: int) -> tuple[str, ...] | None:
    """Returns the names of columns that y is, of a table with t rows and these ``names``, or None if y is labels.

    A text is a name. A list of texts is one of names if its length is not t, which that of labels is, and if it has the
    name of a column.

    >>> named_columns(["a", "b"], {"a", "b", "c"}, t=5), named_columns(["a", "b"], {"a", "b", "c"}, t=2)
    (('a', 'b'), None)
    """
    if isinstance(y, str):
        return (y,)
    if not isinstance(y, (list, tuple)) or len(y) in (0, t) or not all(isinstance(name, str) for name in y):
        return None
    return tuple(y) if spellings(y, names) else None


def frame_of_targets(y: Any) -> AnyTable | None:
    """Returns a data frame of several columns with names as a table; None for all other labels."""
    columns = getattr(y, "column_names", getattr(y, "columns", None))  # pyarrow's columns are arrays
    if columns is None or len(getattr(y, "shape", ())) != 2 or y.shape[1] < 2:
        return None
    return read(y, "y") if all(isinstance(name, str) for name in columns) else None
