"""``chainrule predict``: predictions of a model for the rows of a table."""

from __future__ import annotations

from chainrule.cli import inputs, models, options, outputs, predictions
from chainrule.cli.terminal import printable, remarks


def predict(
    model: options.Model,
    rows: options.NewRows,
    out: options.PredictionsOut = None,
    force: options.Force = False,
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
    path = None if out is None else outputs.of_predictions(out, force=force)
    text = inputs.text_options(sep, header, encoding)
    loaded, table = models.load_model(model), inputs.read_source(rows, text)
    X = models.model_inputs(loaded, table)
    predictions.write_predictions(models.predictions(loaded, X), path, replace=force)
    models.report_unseen(loaded, X)
    if path:
        remarks().print(printable(f"Wrote {table.t} predictions to {path}."))
