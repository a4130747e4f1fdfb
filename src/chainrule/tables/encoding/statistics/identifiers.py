"""Numbers that identify a row and say nothing about it: a warning names such columns."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.tables.columns import Column
from chainrule.tables.reading.read import AnyTable

WORDS = "id|uid|guid|uuid|rowid|index|row|rownames|no|nr|key|pk|serial|observation|unnamed: 0"
NAME = re.compile(rf"(?i:(?<![a-z])(?:{WORDS})$)|[a-z](?:I[dD]|No|Nr|Key)$")
LEAST_ROWS = 10  # in fewer, integers differ by chance


def warn_about_identifiers(table: AnyTable, categories: Collection[str]) -> None:
    """Issues a DataWarning for columns with an identifier's name and a different integer in every training row.

    Those given as ``categories`` are no numbers: they have levels, or are left out with a warning of their own.
    """
    if not table.has_names or len(table) < LEAST_ROWS:
        return
    named = [name for name in table.names if name not in categories and has_name_of_identifier(name)]
    if found := [name for name in named if _is_different_everywhere(table.typed(name))]:
        it, number = ("it", "a number") if len(found) == 1 else ("them", "numbers")
        warn(
            f"{listed(found)}: named like an identifier, with a different integer in every training row, but used as "
            f"{number}. Drop {it} (--drop), unless the order of the rows matters.",
            DataWarning,
        )


def has_name_of_identifier(name: str) -> bool:
    """Returns True for the name of a column that identifies rows.

    >>> [has_name_of_identifier(name) for name in ("id", "customer_id", "PassengerId", "Unnamed: 0", "index")]
    [True, True, True, True, True]
    >>> [has_name_of_identifier(name) for name in ("account_no", "Kunden-Nr", "InvoiceNo", "primary key", "uid", "No")]
    [True, True, True, True, True, True]
    >>> [has_name_of_identifier(name) for name in ("paid", "acid", "Valid", "narrow", "id_type", "casino", "monkey")]
    [False, False, False, False, False, False, False]
    """
    return NAME.search(name) is not None


def _is_different_everywhere(column: Column) -> bool:
    x = column.unrounded
    if column.kind != "numbers" or column.missing.any() or not (x == np.floor(x)).all():
        return False
    return len(np.unique(x)) == len(x)
