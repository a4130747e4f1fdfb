"""``chainrule evaluate``: scores of a model on rows with a known target."""

from __future__ import annotations

from chainrule.cli import options
from chainrule.cli.inputs.files import require_file
from chainrule.cli.inputs.sources import read_source, text_options


def evaluate(
    model: options.Model,
    rows: options.NewRows,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
    threshold: options.Threshold = None,
) -> None:
    """Score a model on rows with a known target.

    \b
    chainrule evaluate iris.safetensors new.csv
    chainrule evaluate churn.safetensors new.csv --threshold 0.3
    """
    text = text_options(sep, header, encoding)
    require_file(model)
    from chainrule.cli import models, report  # only now, so that a wrong command line is answered at once

    loaded = models.load_model(model)
    models.require_threshold(loaded, threshold)
    table = read_source(rows, text)
    names = models.targets_in(loaded, table, " to compare with; use `chainrule predict` instead.")
    X = models.model_inputs(loaded, table)
    found = models.results(loaded, X, models.known_columns(loaded, table, names), threshold)
    report.print_results(loaded, found, f"Results on {table.t} rows of {table.origin}")
    models.report_unseen(loaded, X)
