"""``chainrule predict``: predictions of a model for the rows of a table."""

from __future__ import annotations

from chainrule.cli import options
from chainrule.cli.inputs.files import require_file
from chainrule.cli.inputs.sources import read_with_arrow, text_options
from chainrule.cli.saved import prediction_files
from chainrule.cli.terminal import printable, remarks


def predict(
    model: options.Model,
    rows: options.NewRows,
    keep: options.Keep = None,
    with_rows: options.WithRows = False,
    proba: options.Proba = False,
    threshold: options.Threshold = None,
    interval: options.Interval = None,
    out: options.PredictionsOut = None,
    form: options.PredictionsFormat = None,
    force: options.Force = False,
    safe_csv: options.SafeCsv = False,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Predict the target of each row.

    Writes one line per row, in order: the columns to keep, and the predicted number or class under the name of the
    target.

    \b
    chainrule predict iris.safetensors new.csv
    chainrule predict iris.safetensors new.csv --keep id --proba --out answers.parquet
    chainrule predict churn.safetensors new.csv --threshold 0.3
    chainrule predict prices.safetensors new.csv --with-rows --interval 0.9
    cat new.jsonl | chainrule predict iris.safetensors - --format jsonl
    """
    destination = prediction_files.destination(out, form, is_safe_csv=safe_csv, force=force)
    text = text_options(sep, header, encoding)
    require_file(model)
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once
    from chainrule.cli.saved import kept_columns, predicted_columns

    loaded = models.load_model(model)
    predicted_columns.require_possible(loaded, has_proba=proba, coverage=interval)
    models.require_threshold(loaded, threshold)
    table, arrow = read_with_arrow(rows, text)
    names = table.names if with_rows else keep or ()
    kept = kept_columns.chosen(table, arrow, names, has_types=destination.has_types)
    X = models.model_inputs(loaded, table)
    predicted = predicted_columns.predicted(loaded, X, kept, has_proba=proba, threshold=threshold, coverage=interval)
    destination.write({**kept, **predicted})
    models.report_unseen(loaded, X)
    if destination.path:
        remarks().print(printable(f"Wrote {table.t} predictions to {destination.path}."))
