"""The check of column names before a prediction."""

from __future__ import annotations

import os
from typing import Any

from sklearn.utils.validation import _check_feature_names

from chainrule._internal.naming import spellings
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.table import Table


def require_feature_names(estimator: Any, X: Any, table: AnyTable) -> None:
    """Raises scikit-learn's error for names that are missing; their order and further columns do not matter.

    ``table`` is X as it was read. Names that look the same in Unicode agree (`spellings`). If one side has no names,
    the warning is scikit-learn's too. Of paths, tables and dicts it sees no names; the encoder names what they lack.
    """
    if isinstance(X, (str, os.PathLike, Table, NumericTable)) or (table.has_names and not hasattr(X, "columns")):
        return
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None or not table.has_names:
        _check_feature_names(estimator, X, reset=False)
        return
    names = fitted.tolist()
    found_as = spellings(names, set(table.names))
    missing = {name for name in names if name not in found_as}
    if not missing <= set(estimator.encoder_.dropped_):
        _check_feature_names(estimator, X, reset=False)
