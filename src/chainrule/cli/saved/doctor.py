"""``chainrule doctor``: common faults of a model and a table, what shows them, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.cli import options
from chainrule.cli.errors import require_packages
from chainrule.cli.inputs.files import require_file
from chainrule.cli.inputs.sources import read_source, text_options
from chainrule.cli.terminal import printable, remarks, results

if TYPE_CHECKING:
    from chainrule.diagnosis.finding import Diagnosis
    from chainrule.tables.model import TableModel


def doctor(
    model: options.Model,
    rows: options.NewRows,
    held_out: options.HeldOut = None,
    try_remedies: options.TryRemedies = False,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Look for common faults of a model and a table with its target.

    ROWS may be the rows that the model was trained on, or others. Each finding has the numbers that show it, and a
    remedy, with the options of `chainrule train` that apply it.

    \b
    chainrule doctor iris.safetensors iris.csv
    chainrule doctor iris.safetensors iris.csv --held-out new.csv --try
    """
    if try_remedies:
        require_packages("sklearn")
    text = text_options(sep, header, encoding)
    require_file(model)
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once
    from chainrule.tables.diagnosis.diagnose import diagnose

    loaded = models.load_model(model)
    table, y = models.with_target(loaded, read_source(rows, text))
    new, y_new = (None, None) if held_out is None else models.with_target(loaded, read_source(held_out, text))
    diagnosis = diagnose(loaded, table, y, new, y_new)
    if try_remedies:
        remarks().print("Trying the remedies, each on five splits of the rows …")
        diagnosis = _tried(diagnosis, loaded, table, y, new, y_new)
    _show(diagnosis, f"{model} on {len(table)} rows of {table.origin}")


def _tried(diagnosis: Diagnosis, model: TableModel, *tables: Any) -> Diagnosis:
    """Returns the diagnosis with trials; loads scikit-learn."""
    from chainrule.estimators import NetworkClassifier, NetworkRegressor
    from chainrule.estimators.diagnosis.trials import tried

    kind = NetworkRegressor if model.target.task == "regression" else NetworkClassifier
    return tried(diagnosis, model, kind, *tables)


def _show(diagnosis: Diagnosis, title: str) -> None:
    """Prints the findings to stdout."""
    console, count = results(), len(diagnosis.findings)
    console.print(printable(f"{title}: {count or 'no'} finding{'' if count == 1 else 's'}."))
    for k, finding in enumerate(diagnosis.findings, 1):
        console.print()
        console.print(printable(f"{k}. {finding.kind}"))
        for line in (finding.evidence, finding.remedy, f"Tried: {finding.trial}." if finding.trial else ""):
            if line:
                console.print(printable(f"   {line[0].upper()}{line[1:]}"))
