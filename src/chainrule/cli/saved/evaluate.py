"""``chainrule evaluate``: scores of a model on rows with a known target."""

from __future__ import annotations

from chainrule._internal.naming import spellings
from chainrule.cli import inputs, models, options, report
from chainrule.errors import InputError


def evaluate(
    model: options.Model,
    rows: options.NewRows,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Score a model on rows with a known target.

    \b
    chainrule evaluate iris.safetensors new.csv
    """
    text = inputs.text_options(sep, header, encoding)
    loaded, table = models.load_model(model), inputs.read_source(rows, text)
    name = models.column_of(loaded)
    if name not in table.columns and not table.has_names and table.target is not None:
        name = table.target  # the columns have no names of their own
    spelling = spellings([name], table.columns).get(name)
    if spelling is None:
        raise InputError(
            f"{table.origin} has no target column {name!r} to compare with; use `chainrule predict` instead."
        )
    X = models.model_inputs(loaded, table)
    table = models.with_known_target(loaded, table, spelling)
    table.require_complete(spelling)
    measured = models.scores(loaded, X, name, table.columns[spelling])
    report.print_scores(loaded, measured, f"Results on {table.t} rows of {table.origin}")
    models.report_unseen(loaded, X)
