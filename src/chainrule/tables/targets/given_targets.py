"""The forms in which several targets may be given: names of columns of the table, or a data frame of their own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from chainrule._internal.naming import spellings
from chainrule.tables.reading.read import AnyTable, read


def named_columns(y: Any, names: Collection[str], t: int) -> tuple[str, ...] | None:
    """Returns the names of columns that y is, of a table with t rows and these ``names``, or None if y is labels.

    A text is a name. A list of texts is one of names if it has several different names of columns and nothing else, or
    if it has one at least, and not the length t of labels.

    >>> named_columns(["a", "b"], {"a", "b", "c"}, t=2), named_columns(["a", "z"], {"a", "b", "c"}, t=2)
    (('a', 'b'), None)
    """
    if isinstance(y, str):
        return (y,)
    if not isinstance(y, (list, tuple)) or not y or not all(isinstance(name, str) for name in y):
        return None
    if len(y) == t and (t == 1 or t > len(names)):
        return None
    found = spellings(y, names)
    return tuple(y) if (found if len(y) != t else len(found) == len(y)) else None


def frame_of_targets(y: Any) -> AnyTable | None:
    """Returns a data frame of several columns with names as a table; None for all other labels."""
    columns = getattr(y, "column_names", getattr(y, "columns", None))  # pyarrow's columns are arrays
    if columns is None or len(getattr(y, "shape", ())) != 2 or y.shape[1] < 2:
        return None
    return read(y, "y") if all(isinstance(name, str) for name in columns) else None
