"""A saved model on the command line: read, over the rows of a table, and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainrule import files
from chainrule.checks import shown
from chainrule.cli import earlier, target
from chainrule.cli.refusals import WrongUsage
from chainrule.cli.sources import near_files
from chainrule.errors import FileFormatError
from chainrule.estimators.columns import Column
from chainrule.estimators.decoder import Classes
from chainrule.estimators.table import Table
from chainrule.estimators.table_model import KIND, TableModel


def load(model: str) -> TableModel:
    """The model in this file. Raises WrongUsage if there is none of that name, FileFormatError for another file."""
    path = Path(model)
    if not path.is_file():
        raise WrongUsage(f"there is no file {model!r}{near_files(path) or '.'}")
    header, tensors = files.read_any(path)
    kinds = {KIND: TableModel.from_parts, earlier.KIND: earlier.from_parts}
    if header.get("kind") not in kinds:
        raise FileFormatError(f"{model} holds a {shown(header.get('kind'))}; expected a {KIND!r}.")
    return kinds[header["kind"]](model, header, tensors)


def column_of(model: TableModel) -> str:
    """The name of the target's column; "target" where the file does not tell, as an estimator's own."""
    column = model.about.get("column")
    return column if isinstance(column, str) else "target"


def scores(model: TableModel, X: Table, name: str, column: Column) -> list[target.Score]:
    """The measures of a model over rows and the target's column."""
    if isinstance(model.target, Classes):
        numbers = target.class_numbers(name, column, model.target)
        return target.scores_of_classes(model.predict_proba(X), numbers, model.target)
    return target.scores_of_numbers(model.predict(X), target.finite(name, column), model.target)


def predictions(model: TableModel, X: Table) -> dict[str, list[Any]]:
    """The likeliest class of each row and the probability of every class, or the number, as columns."""
    if not isinstance(model.target, Classes):
        return {"prediction": model.predict(X).tolist()}
    P = model.predict_proba(X)
    columns = {"prediction": model.target.labels(P.argmax(axis=1)).tolist()}
    return columns | {f"probability_{value}": P[:, k].tolist() for k, value in enumerate(model.target.values.tolist())}
