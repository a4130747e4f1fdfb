"""The check of column names before a prediction."""

from __future__ import annotations

import os
from typing import Any

from sklearn.utils.validation import _check_feature_names

from chainrule._internal.naming import spellings
from chainrule.errors import InputError
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.table import Table


def require_feature_names(estimator: Any, X: Any, table: AnyTable) -> None:
    """Raises an error for names that are missing or in another order than in ``fit``; further columns are ignored.

    ``table`` is X as it was read. Names that look the same in Unicode agree (`spellings`). The words are
    scikit-learn's, and so are the warnings if one side has no names.
    """
    is_ours = isinstance(X, (str, os.PathLike, Table, NumericTable))  # scikit-learn sees no names in these
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None or not table.has_names:
        if not is_ours:
            _check_feature_names(estimator, X, reset=False)
        return
    names = fitted.tolist()
    found_as = spellings(names, set(table.names))
    missing = [name for name in names if name not in found_as]
    if not set(missing) <= set(estimator.encoder_.dropped_):
        if not is_ours:
            _check_feature_names(estimator, X, reset=False)
        return  # the encoder names the missing columns
    expected = [found_as[name] for name in names if name in found_as]
    known = set(expected)
    if [name for name in table.names if name in known] != expected:
        raise InputError(
            "The feature names should match those that were passed during fit.\n"
            "Feature names must be in the same order as they were in fit.\n"
        )
