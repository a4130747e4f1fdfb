"""``chainrule shrink``: one small network that predicts as a model does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chainrule.cli import options, outputs
from chainrule.cli.errors import WrongUsage, require_packages
from chainrule.cli.inputs.files import require_file
from chainrule.cli.inputs.sources import read_source, text_options
from chainrule.cli.terminal import printable, remarks, results, warnings_as_notes
from chainrule.cli.train.hidden_sizes import parse_hidden_sizes
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.tables.model import TableModel
    from chainrule.tables.table import Table


def shrink(
    model: options.Model,
    rows: options.NewRows,
    out: options.ShrunkOut,
    hidden: options.Hidden = "32,16",
    held_out: options.TestRows = None,
    epochs: options.StudentEpochs = None,
    force: options.Force = False,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Train one small network, the student, to predict as a model does.

    ROWS should be the rows that the model was trained on; they need no target. With --held-out, the student is
    compared with the model, and with a network of its size that is trained on the target itself.

    \b
    chainrule shrink prices.safetensors prices.csv --out small.safetensors
    chainrule shrink prices.safetensors prices.csv --hidden 16 --held-out new.csv --out small.safetensors
    """
    path = outputs.of_file(out, (outputs.MODEL,), force=force)
    sizes = parse_hidden_sizes(hidden, "--hidden")
    text = text_options(sep, header, encoding)
    require_file(model)
    require_packages("sklearn")
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once
    from chainrule.estimators import NetworkClassifier, NetworkRegressor

    loaded = models.load_model(model)
    X, y = _rows_and_labels(loaded, read_source(rows, text))
    tested = (None, None) if held_out is None else _rows_and_labels(loaded, read_source(held_out, text))
    for source, labels in ((rows, y), (held_out, tested[1])):
        if held_out is not None and labels is None:
            raise WrongUsage(f"--held-out needs the target in both tables; {source} has none.")
    teacher = (NetworkRegressor if loaded.target.task == "regression" else NetworkClassifier).load(model)
    with warnings_as_notes(remarks()):
        student = teacher.shrink(X, y, sizes, epochs=epochs, X_test=tested[0], y_test=tested[1])
    column = {"column": loaded.about["column"]} if "column" in loaded.about else {}
    small = student.complete_model()
    replace(small, about={**small.about, **column}).save(path, replace=force)
    counts = [sum(net.d for net in one.networks) for one in (small, loaded)]
    if student.shrinkage_ is not None:
        results().print(printable(str(student.shrinkage_)))
    remarks().print(printable(f"Saved {path}: {counts[0]:,} parameters instead of {counts[1]:,}."))


def _rows_and_labels(model: TableModel, table: Table) -> tuple[Table, Any]:
    """Returns the inputs, and the labels; None for a table without the target."""
    from chainrule.cli import models

    try:
        names = models.targets_in(model, table, ".")
    except InputError:
        return models.model_inputs(model, table), None
    X = table.without(*names) if table.has_names else models.model_inputs(model, table)
    return X, models.labels_of(model, models.known_columns(model, table, names))
