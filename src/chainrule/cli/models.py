"""Saved models: loading, targets and results."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule import files
from chainrule._internal.naming import listed, spellings
from chainrule.cli import target
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs import require_file
from chainrule.cli.terminal import printable, remarks
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.tables.inspection.measures import ClassResults, NumberResults
from chainrule.tables.inspection.results import number_results
from chainrule.tables.model import KIND, TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.text.text_column import AnyColumn, TextColumn

NUMBERED = re.compile(r"x[1-9]\d*")  # a column of a file without names


def load_model(model: str) -> TableModel:
    """Loads a model. Raises WrongUsage if there is no such file, FileFormatError if it holds no model."""
    return TableModel.load(require_file(model))


def load_any(model: str) -> TableModel | Network:
    """Loads a model, or the network of a network file. Raises as ``load_model`` does."""
    path = str(require_file(model))
    header, tensors = files.read_any(path)
    if header.get("kind") == "network":
        return files.network_from_parts(path, header.get("network"), tensors)
    if header.get("kind") != KIND:
        raise files.of_other_kind(path, header, KIND)
    return TableModel.from_parts(path, header, tensors)


def column_of(model: TableModel) -> str:
    """Returns the name of the target column; "target" for files that do not record it, as those of estimators."""
    column = model.about.get("column")
    return column if isinstance(column, str) else "target"


def target_in(model: TableModel, table: Table) -> str | None:
    """Returns the table's spelling of the target column, or None if there is none."""
    name = column_of(model)
    if name not in table.columns and not table.has_names and table.target is not None:
        name = table.target  # the columns have no names of their own
    return spellings([name], table.columns).get(name)


def with_target(model: TableModel, table: Table) -> tuple[Table, Any]:
    """Returns the table with the name of its target, or, if its columns have no names, its inputs and its target.

    Raises InputError if it has no target.
    """
    if (name := target_in(model, table)) is None:
        raise InputError(f"{table.origin} has no target column {column_of(model)!r}, which a diagnosis needs.")
    X = model_inputs(model, table)
    return (table, name) if table.has_names else (X, table.columns[name])


def with_known_target(model: TableModel, table: Table, name: str) -> Table:
    """Returns the table with its target as in training: texts of numbers are read as the training rows were."""
    column = table.column(name)
    if isinstance(column, TextColumn):
        column = column.without(model.encoder.missing)
        if not isinstance(model.target, ClassLabels):
            column = model.target.numbers(column, f"target {name!r}")
    return replace(table, columns=table.columns.replaced({name: column}))


def labels_of(model: TableModel, column: AnyColumn, name: str) -> Any:
    """Returns the labels in a target column, as an estimator takes them. Raises InputError for those it cannot have."""
    if isinstance(model.target, ClassLabels):
        return model.target.labels(target.as_class_numbers(name, column, model.target))
    return target.as_finite_numbers(name, column)


def results(
    model: TableModel, X: Table, name: str, column: AnyColumn, threshold: float | None = None
) -> ClassResults | NumberResults:
    """Returns the results of a model on rows X and their target column; ``threshold`` is for two classes."""
    if isinstance(model.target, ClassLabels):
        numbers = target.as_class_numbers(name, column, model.target)
        return ClassResults(model.target, numbers, model.predict_proba(X), threshold)
    y = target.as_finite_numbers(name, column)
    predicted = np.asarray(model.predict(X), dtype=np.float64)
    return number_results(model, model.target, y[:, None], predicted.reshape(len(y), -1))


def require_two_classes(model: TableModel, option: str) -> None:
    """Raises WrongUsage unless the model predicts one of two classes."""
    if not isinstance(model.target, ClassLabels):
        raise WrongUsage(f"{option} is for classification; this is a regression model.")
    if len(model.target) > 2:
        raise WrongUsage(f"{option} is for two classes; this model has {len(model.target)}.")


def model_inputs(model: TableModel, table: Table) -> Table:
    """Returns the table, without its target if the columns have no names and are matched by position."""
    if table.has_names:
        _require_numbered(model, table)
        return table
    X = table if table.target is None else table.without(table.target)
    names = model.encoder.names_
    if len(X.columns) != len(names):
        raise InputError(
            f"{table.origin} has {len(X.columns)} inputs without names; expected {len(names)}: {listed(names)}."
        )
    return X


def _require_numbered(model: TableModel, table: Table) -> None:
    """Raises WrongUsage for a file with names if the model was trained on one without, whose columns are x1, x2, …."""
    names = getattr(model.encoder, "feature_names_in_", ())
    if len(names) and not set(names) & set(table.names) and all(NUMBERED.fullmatch(name) for name in names):
        raise WrongUsage(
            f"the model was trained with --no-header, on columns {listed(names, 4)}; {table.origin} has "
            f"{listed(table.names, 4)}. Give --no-header here too."
        )


def report_unseen(model: TableModel, X: Table) -> None:
    """Reports on stderr the columns with categories not seen in training."""
    if unseen := model.encoder.unseen(X):
        counts = ", ".join(f"{name!r} ({count})" for name, count in unseen.items())
        remarks().print(printable(f"Note: categories not seen in training count as missing: {counts}."))
