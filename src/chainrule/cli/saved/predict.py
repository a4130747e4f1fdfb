"""``chainrule predict``: predictions of a model for the rows of a table."""

from __future__ import annotations

from chainrule.cli import inputs, options, outputs
from chainrule.cli.errors import WrongUsage
from chainrule.cli.terminal import printable, remarks


def predict(
    model: options.Model,
    rows: options.NewRows,
    out: options.PredictionsOut = None,
    force: options.Force = False,
    safe_csv: options.SafeCsv = False,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Predict the target of each row.

    Writes one line per row, in order: the predicted number, or the predicted class and the probability of each class.

    \b
    chainrule predict iris.safetensors new.csv
    chainrule predict iris.safetensors new.parquet --out answers.parquet
    """
    path = None if out is None else outputs.of_file(out, (".csv", ".parquet"), force=force)
    if safe_csv and path is not None and path.suffix != ".csv":
        raise WrongUsage(f"--safe-csv is for CSV; {path} holds typed values, which are never formulas.")
    text = inputs.text_options(sep, header, encoding)
    inputs.require_file(model)
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once
    from chainrule.cli.saved import predictions

    loaded, table = models.load_model(model), inputs.read_source(rows, text)
    X = models.model_inputs(loaded, table)
    found = models.predictions(loaded, X)
    predictions.write_predictions(predictions.safe(found) if safe_csv else found, path, replace=force)
    models.report_unseen(loaded, X)
    if path:
        remarks().print(printable(f"Wrote {table.t} predictions to {path}."))
