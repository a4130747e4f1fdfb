"""``chainrule predict`` and ``chainrule evaluate``: a model over the rows of a table."""

from __future__ import annotations

from chainrule.cli import destination, models, options, predictions, report, sources
from chainrule.cli.terminal import printable, remarks
from chainrule.errors import InputError
from chainrule.estimators.table import Table
from chainrule.estimators.table_model import TableModel
from chainrule.naming import listed


def predict(model: options.Model, rows: options.Rows, out: options.PredictionsOut = None) -> None:
    """Predict the target of each row.

    One line a row, in the same order. For classes, a column prediction and the probability of every class.

    \b
    chainrule predict iris.safetensors new.csv
    chainrule predict iris.safetensors new.parquet --out answers.parquet
    """
    path = None if out is None else destination.of_predictions(out)
    loaded, table = models.load(model), sources.read(rows)
    X = inputs(loaded, table)
    predictions.write(models.predictions(loaded, X), path)
    tell_unseen(loaded, X)
    if path:
        remarks().print(printable(f"Wrote {table.t} predictions to {path}."))


def evaluate(model: options.Model, rows: options.Rows) -> None:
    """Measure a model on rows with the target.

    \b
    chainrule evaluate iris.safetensors new.csv
    """
    loaded, table = models.load(model), sources.read(rows)
    name = models.column_of(loaded)
    if name not in table.columns and not table.named and table.target is not None:
        name = table.target  # a source without column names
    if name not in table.columns:
        raise InputError(
            f"{table.source} has no column {name!r}, the target, to compare with; `chainrule predict` needs none."
        )
    X = inputs(loaded, table)
    table.require_complete(name)
    measured = models.scores(loaded, X, name, table.columns[name])
    report.print_scores(loaded, measured, f"Results on {table.t} rows of {table.source}")
    tell_unseen(loaded, X)


def inputs(model: TableModel, table: Table) -> Table:
    """The table; without its target where the columns have no names, and are told by their order."""
    if table.named:
        return table
    X = table if table.target is None else table.without(table.target)
    names = model.encoder.names_
    if len(X.columns) != len(names):
        raise InputError(
            f"{table.source} has {len(X.columns)} inputs without names; expected {len(names)}: {listed(names)}."
        )
    return X


def tell_unseen(model: TableModel, X: Table) -> None:
    """Say on stderr which columns hold categories that training did not see: they tell the network nothing."""
    if unseen := model.encoder.unseen(X):
        counts = ", ".join(f"{name!r} {count} times" for name, count in unseen.items())
        remarks().print(printable(f"Categories that training did not see, taken as none: {counts}."))
