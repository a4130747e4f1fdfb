"""Columns of a text file that Arrow reads as numbers at once, where the same numbers would be found in their texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chainrule.tables.arrow_values import numbers_of
from chainrule.tables.columns import LARGEST_WHOLE
from chainrule.tables.text.conversion import GAP_FORMS
from chainrule.tables.text.notation import is_missing_in_pandas
from chainrule.tables.work import each

NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?(?:[eE][-+]?\d+)?", re.ASCII)
GAPS = [form for form in GAP_FORMS if is_missing_in_pandas(form)]  # no remark is made about them


def columns_of_fractions(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Returns the columns whose texts are plain numbers or gaps in these rows, one of them a fraction.

    Behind the point of that one are not three digits alone, which could be thousands, and it is no code.

    >>> columns_of_fractions(["a", "b", "c", "d"], [["1.5", "1.234", "2", "1.5"], ["", "2.345", "3", "2,5"]])
    ['a']
    """
    rows = [row for row in rows if len(row) == len(names)]
    return [name for k, name in enumerate(names) if _are_fractions([row[k] for row in rows])]


def _are_fractions(texts: Sequence[str]) -> bool:
    has_fraction = False
    for text in texts:
        if (found := NUMBER.fullmatch(text)) is not None:
            whole, digits = found[1], found[2] or ""
            has_fraction |= (len(digits) != 3 or len(whole) > 3) and not float(text).is_integer()
        elif text not in GAPS:
            return False
    return has_fraction


def as_recognised(table: Any, numbers: Sequence[str]) -> Any | None:
    """Returns an Arrow table with these columns in one piece each.

    Returns None if one of them holds NaN besides gaps, or an integer that float64 may have rounded.
    """
    import pyarrow

    def in_one_piece(name: str) -> Any | None:
        column = table.column(name)
        if name not in chosen:
            return column
        joined = column.combine_chunks()
        values = numbers_of(joined.drop_null())
        return joined if values.min() > -LARGEST_WHOLE and values.max() < LARGEST_WHOLE else None

    chosen, names = set(numbers), table.column_names
    columns = each("checking the numbers", len(table) * len(numbers), in_one_piece, names)
    return None if any(column is None for column in columns) else pyarrow.table(columns, names)
