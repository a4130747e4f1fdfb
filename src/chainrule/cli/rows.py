"""``chainrule predict`` and ``chainrule evaluate``: a model over the rows of a table."""

from __future__ import annotations

from pathlib import Path

from chainrule.cli import destination, options, predictions, report, sources, table_model
from chainrule.cli.refusals import WrongUsage
from chainrule.cli.terminal import printable, remarks
from chainrule.errors import InputError


def predict(model: options.Model, rows: options.Rows, out: options.PredictionsOut = None) -> None:
    """Predict the target of each row.

    One line a row, in the same order. For classes, a column prediction and the probability of every class.

    \b
    chainrule predict iris.safetensors new.csv
    chainrule predict iris.safetensors new.parquet --out answers.parquet
    """
    path = None if out is None else destination.of_predictions(out)
    loaded, table = load(model), sources.read(rows)
    columns = loaded.target.predictions(loaded.net(loaded.inputs(table)))
    predictions.write(columns, path)
    if path:
        remarks().print(printable(f"Wrote {table.t} predictions to {path}."))


def evaluate(model: options.Model, rows: options.Rows) -> None:
    """Measure a model on rows with the target.

    \b
    chainrule evaluate iris.safetensors new.csv
    """
    loaded, table = load(model), sources.read(rows)
    name = loaded.target.column
    if name not in table.columns and table.positions and table.target is not None:
        name = table.target  # a source without column names
    if name not in table.columns:
        raise InputError(
            f"{table.source} has no column {name!r}, the target, to compare with; `chainrule predict` needs none."
        )
    X = loaded.inputs(table)
    table.require_complete(name)
    measured = report.scores(loaded.net, loaded.target, X, table.columns[name])
    report.print_scores(loaded.target, measured, f"Results on {table.t} rows of {table.source}")


def load(model: str) -> table_model.TableModel:
    """The model in this file. Raises WrongUsage if there is none of that name."""
    path = Path(model)
    if not path.is_file():
        raise WrongUsage(f"there is no file {model!r}{sources.near_files(path) or '.'}")
    return table_model.load(path)
