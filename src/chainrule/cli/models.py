"""Saved models: loading, targets and results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import files
from chainrule._internal.checks import as_real
from chainrule._internal.naming import listed, spellings
from chainrule.cli import target
from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.cli.inputs.files import require_file
from chainrule.cli.terminal import printable, remarks
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults
from chainrule.tables.inspection.results import Results, number_results
from chainrule.tables.model import KIND, TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.targets.target_columns import TargetColumns
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


def names_of(model: TableModel) -> tuple[str, ...]:
    """Returns the names of the target columns; "target" for files that do not record it, as those of estimators."""
    return model.target_names or ("target",)


def targets_in(model: TableModel, table: Table, why: str) -> tuple[str, ...]:
    """Returns the table's spellings of the targets. Raises InputError, ending with ``why``, if one is missing."""
    names = names_of(model)
    if len(names) == 1 and names[0] not in table.columns and not table.has_names and table.target is not None:
        return (table.target,)  # the columns have no names of their own
    found = spellings(names, table.columns)
    if lacking := [name for name in names if name not in found]:
        raise InputError(f"{table.origin} has no target column {listed(lacking)}{why}")
    return tuple(found[name] for name in names)


def with_target(model: TableModel, table: Table) -> tuple[Table, Any]:
    """Returns the table with the names of its targets, or, if its columns have no names, its inputs and its targets.

    Raises InputError if it has no target.
    """
    names = targets_in(model, table, ", which a diagnosis needs.")
    if table.has_names:
        return table, list(names)
    return model_inputs(model, table), TargetColumns({name: table.columns[name] for name in names})


def known_columns(model: TableModel, table: Table, names: Sequence[str]) -> dict[str, AnyColumn]:
    """Returns target columns as in training: texts of numbers are read as the training rows were.

    Raises InputError for a gap in one of them.
    """
    columns = {}
    for k, name in enumerate(names):
        table.require_complete(name)
        column = table.column(name)
        if isinstance(column, TextColumn):
            column = column.without(model.encoder.missing)
            if isinstance(model.target, NumericLabels):
                column = model.target.part(k).numbers(column, f"target {name!r}")
        columns[name] = column
    return columns


def encoded_targets(model: TableModel, columns: Mapping[str, AnyColumn]) -> NDArray[Any]:
    """Returns class numbers (t,), indicators (t, q), or numbers in their own units (t, m), of target columns.

    Raises InputError for those that the model cannot have.
    """
    if isinstance(model.target, NumericLabels):
        return np.column_stack([target.as_finite_numbers(name, column) for name, column in columns.items()])
    if isinstance(model.target, ClassLabels):
        ((name, column),) = columns.items()
        return target.as_class_numbers(name, column, model.target)
    parts = zip(columns.items(), model.target.columns, strict=True)
    return np.column_stack([target.as_class_numbers(name, column, two) for (name, column), two in parts])


def labels_of(model: TableModel, columns: Mapping[str, AnyColumn]) -> NDArray[Any]:
    """Returns the labels in target columns, as an estimator takes them. Raises InputError for those it cannot have."""
    known = encoded_targets(model, columns)
    if isinstance(model.target, NumericLabels):
        return known[:, 0] if model.target.is_flat else known
    return model.target.labels(known)


def results(model: TableModel, X: Table, columns: Mapping[str, AnyColumn], threshold: float | None = None) -> Results:
    """Returns the results of a model on rows X and their target columns; ``threshold`` is for two classes."""
    known = encoded_targets(model, columns)
    if isinstance(model.target, ClassLabels):
        return ClassResults(model.target, known, model.predict_proba(X), threshold)
    if isinstance(model.target, IndicatorLabels):
        return LabelResults(model.target, known, model.predict_proba(X))
    Z = model.encoder.encode(X)
    return number_results(model, Z, model.outputs_of(Z), known)


def require_threshold(model: TableModel, threshold: float | None) -> None:
    """Raises WrongUsage if there is a threshold, unless it is a probability and the model has two classes."""
    if threshold is None:
        return
    with option_errors("--threshold"):
        as_real(threshold, "the probability", 0.0, 1.0)
    if not isinstance(model.target, ClassLabels):
        what = "a regression model" if isinstance(model.target, NumericLabels) else "a model of several labels"
        raise WrongUsage(f"--threshold is for classification; this is {what}.")
    if len(model.target) > 2:
        raise WrongUsage(f"--threshold is for two classes; this model has {len(model.target)}.")


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
