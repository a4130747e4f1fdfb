"""Pandas frames with text and gaps in the forms in which the users of each model give them.

A model that takes text and gaps as they are needs none of these. An array of numbers stays as it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from benchmarks.tables.sets import Table

GAP = "missing"


def text_columns(X: Table) -> list[str] | None:
    """Returns the names of a frame's columns without numbers, or None for an array."""
    return list(X.select_dtypes(exclude="number").columns) if hasattr(X, "select_dtypes") else None


def unchanged(X: Table) -> Table:
    """Returns X."""
    return X


def as_categories(X: Table) -> Table:
    """Returns X with text as pandas' categories."""
    text = text_columns(X)
    return X.astype(dict.fromkeys(text, "category")) if text else X


def as_strings(X: Table) -> Table:
    """Returns X with text as Python's strings, of which one says that the value is missing."""
    text = text_columns(X)
    return X.assign(**{name: X[name].astype(object).fillna(GAP) for name in text}) if text else X


def one_hot(text: Sequence[str]) -> Any:
    """Makes indicators of text, whose gaps are a level too; numbers are imputed by their means and standardised."""
    compose, pipeline = importlib.import_module("sklearn.compose"), importlib.import_module("sklearn.pipeline")
    impute, preprocessing = (importlib.import_module(f"sklearn.{part}") for part in ("impute", "preprocessing"))
    levels = preprocessing.OneHotEncoder(handle_unknown="ignore")
    numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    return compose.ColumnTransformer([("levels", levels, list(text))], remainder=numbers)


def imputed(text: Sequence[str]) -> Any:
    """Makes a frame whose numbers are imputed by their means; categories stay as they are."""
    compose, impute = importlib.import_module("sklearn.compose"), importlib.import_module("sklearn.impute")
    columns = compose.ColumnTransformer(
        [("levels", "passthrough", list(text))], remainder=impute.SimpleImputer(), verbose_feature_names_out=False
    )
    return columns.set_output(transform="pandas")
