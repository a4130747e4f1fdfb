"""Columns of the rows that are written beside their predictions, with the values that the file has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.columns import known_names
from chainrule.tables.table import Table
from chainrule.tables.text.text_column import TextColumn

CODE = r"^\s*[+-]?0[0-9]"  # of 007: a code, of which a number would lose the zeros


def chosen(table: Table, arrow: Any, names: Sequence[str], *, has_types: bool) -> dict[str, Any]:
    """Returns these columns in order, each as Arrow has read it, or as a list.

    ``has_types`` is True if they are written to a format that has types: texts of a text file that are all numbers
    become numbers then. Raises WrongUsage for an unknown column.
    """
    if names and not table.has_names:
        raise WrongUsage(f"{table.origin} has columns without names; --keep needs names.")
    kept: dict[str, Any] = {}
    for name in known_names(table.names, table.origin, "--keep", names):
        column = table.columns[name]
        if arrow is None:
            kept[name] = column.objects().tolist()
        elif has_types and isinstance(column, TextColumn) and not column.is_declared:
            kept[name] = _typed(arrow.column(name))
        else:
            kept[name] = arrow.column(name)
    return kept


def _typed(texts: Any) -> Any:
    """Returns a column of texts as integers or else as numbers, if all its texts are such and none is a code."""
    import pyarrow
    from pyarrow import compute

    values = compute.if_else(compute.equal(texts, ""), pyarrow.scalar(None, texts.type), texts)
    if not compute.any(compute.match_substring_regex(values, CODE)).as_py():
        for kind in (pyarrow.int64(), pyarrow.float64()):
            try:
                return values.cast(kind)
            except pyarrow.ArrowInvalid:
                continue
    return values
