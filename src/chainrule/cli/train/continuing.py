"""``chainrule train --from MODEL``: a saved model learns from new rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from chainrule._internal.naming import listed
from chainrule.cli import models
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.columns import require_targets
from chainrule.cli.outputs import Destination, as_png, save_picture, save_somewhere
from chainrule.cli.terminal import number, printable, results, show, warnings_as_notes
from chainrule.cli.train.display import opened_display
from chainrule.cli.train.passes import Passes
from chainrule.cli.train.summary import scores_record
from chainrule.cli.train.train_test_split import TrainTestSplit, train_test_split
from chainrule.errors import ChainruleError
from chainrule.tables.inspection.measures import Measure
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.target_columns import TargetColumns


class Trained(NamedTuple):
    """The best model, the number of passes over the rows, the one that is kept, and the estimator after the last."""

    model: TableModel
    passes: int
    kept: int | None  # None if no rows were held out: the last one
    estimator: Any


EPOCHS = 10  # passes over the new rows, unless --epochs gives another number


def continue_training(
    path: str, table: Table, target_columns: Sequence[str], epochs: int | None, test_fraction: float, seed: int,
    files: Destination, console: Console, verbose: bool = False,
) -> None:  # fmt: skip
    """Trains the networks of the model at ``path`` on the rows of a table, saves the result and its learning curves.

    Prints the scores before and after.

    Raises InputError for rows without the columns of the model, or with other classes.
    """
    model = models.load_model(path)
    X, y = _rows_and_targets(model, table, target_columns)
    split = _split(model, y, test_fraction, seed)
    _report(model, X, split, console)
    with warnings_as_notes(console):
        trained = _trained(path, model, X, y, split, EPOCHS if epochs is None else epochs, console, verbose)
    kept = f"kept pass {trained.kept}, the best on their held-out ones" if trained.kept else "kept the last"
    console.print(printable(f"Trained {trained.passes} passes over the new rows; {kept}."))
    before, after = (models.results(each, X.rows(split.test), y.at(split.test).columns).measures
                     for each in (model, trained.model))  # fmt: skip
    column = {"column": y.names[0]} if len(y.names) == 1 else {}
    about = {**model.about, **column, **_record(model.about, X.origin, split, trained.passes, after)}
    complete = replace(trained.model, about=about)
    saved, fault = save_somewhere(files, lambda at: complete.save(at.model, replace=at.replaces))
    faults = [f"{fault} The model was saved as {saved.model} instead."] if fault else []
    drawn, fault = save_picture(saved, _curves(trained, X, ", ".join(y.names)))
    faults += filter(None, [fault])
    more = "" if fault else f" and {drawn.picture} (the learning curves)"
    console.print(printable(f"Saved {saved.model} (the model){more}."))
    _print_scores(before, after, f"{len(split.test)} test rows of {X.origin}")
    if faults:
        raise ChainruleError(" ".join(faults))


def _rows_and_targets(model: TableModel, table: Table, given: Sequence[str]) -> tuple[Table, TargetColumns]:
    """Returns the inputs, and the target columns as in training. Raises InputError if there are none."""
    names = require_targets(table.names, table.origin, given, None) if given else ()
    if names and len(names) != (count := len(models.names_of(model))):
        raise WrongUsage(f"--target: the model predicts {count} columns; got {len(names)}.")
    names = names or models.targets_in(model, table, " to learn from. Name it by --target.")
    columns = models.known_columns(model, table, names)
    X = table.without(*names) if table.has_names else models.model_inputs(model, table)
    return X, TargetColumns(columns)


def _split(model: TableModel, y: TargetColumns, test_fraction: float, seed: int) -> TrainTestSplit:
    """Returns the split of the new rows into training rows and test rows, by class for classification."""
    groups = np.zeros(len(y), dtype=np.intp)
    if isinstance(model.target, ClassLabels):
        groups = models.encoded_targets(model, y.columns)
    return train_test_split(groups, test_fraction, seed)


def _report(model: TableModel, X: Table, split: TrainTestSplit, console: Console) -> None:
    """Describes the new rows: how many there are, and what of them the model does not know."""
    console.print(printable(f"{X.origin}: {len(split.training)} training rows and {len(split.test)} test rows."))
    known = set(model.encoder.names_)
    if X.has_names and (new := [column for column in X.columns if column not in known]):
        console.print(
            printable(f"Note: the model does not know {listed(new)}, which are ignored; its encoder is kept.")
        )
    models.report_unseen(model, X)


def _trained(
    path: str, model: TableModel, X: Table, y: TargetColumns, split: TrainTestSplit, epochs: int, console: Console,
    verbose: bool,
) -> Trained:  # fmt: skip
    """Trains pass by pass, and keeps the model after the one with the best score on held-out rows."""
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # loads scikit-learn

    kind = NetworkRegressor if model.target.task == "regression" else NetworkClassifier
    estimator = kind.load(path)
    rows = X.rows(split.training)
    labels = models.labels_of(model, y.at(split.training).columns)
    best, best_score, kept = model, -np.inf, None
    with (
        opened_display(console, verbose, len(model.networks)) as display,
        Passes(display, model.networks, epochs) as passes,
    ):
        while len(passes) < epochs and getattr(estimator, "stopped_", "") != "interrupted":
            estimator.partial_fit(rows, labels)
            passes.add(estimator.histories_)
            score = estimator.validation_score_
            if score is None or not score <= best_score:
                best = estimator.complete_model()
                best_score, kept = (-np.inf, None) if score is None else (score, len(passes))
    return Trained(best, len(passes), kept, estimator)


def _curves(trained: Trained, X: Table, name: str) -> bytes:
    """Draws the metric after each pass over the new rows, and returns the PNG file."""
    from chainrule.estimators.network.inspection.curves import learning_curves

    count = len(trained.model.networks)
    networks = f"{count} networks trained further" if count > 1 else "one network trained further"
    source = os.path.basename(X.origin) or X.origin
    return as_png(learning_curves(trained.estimator, f"{source}: {name}, {networks}", kept_pass=trained.kept))


def _record(
    about: Mapping[str, Any], source: str, split: TrainTestSplit, passes: int, scores: Sequence[Measure]
) -> dict[str, Any]:
    """Returns what the file records about all training: the rows of both sources, and the scores on the new ones."""
    found = about.get("training")
    earlier = found if isinstance(found, dict) else {}
    known = earlier.get("rows")
    before = known.get("training") if isinstance(known, dict) else about.get("rows")
    rows = len(split.training) + (before if isinstance(before, int) else 0)
    sources = [name for name in (earlier.get("source", about.get("source")), source) if name]
    training = {
        **earlier,
        "source": ", then ".join(sources),
        "rows": {"training": rows, "test": len(split.test)},
        "passes_over_new_rows": passes,
        "scores": scores_record(scores),
    }
    return {"training": training, "rows": rows}


def _print_scores(before: Sequence[Measure], after: Sequence[Measure], where: str) -> None:
    known = {measure.name: measure.network for measure in before}  # too few residuals for intervals are one less
    rows = [(m.name, number(known[m.name]), number(m.network)) for m in after if m.name in known]
    show(results(), f"Results on {where}", ("", "before", "after"), rows)
