"""``chainrule train --from MODEL``: a saved model learns from new rows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from chainrule._internal.naming import listed
from chainrule.cli import models
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.columns import require_targets
from chainrule.cli.outputs import Destination, as_png, save_picture, save_somewhere
from chainrule.cli.signals import REQUEST
from chainrule.cli.terminal import number, printable, remarks, results, show, warnings_as_notes
from chainrule.cli.train.best_pass import BestPass
from chainrule.cli.train.display import opened_display
from chainrule.cli.train.passes import Passes
from chainrule.cli.train.phases import Report, complete
from chainrule.cli.train.train_test_split import TrainTestSplit, train_test_split
from chainrule.errors import ChainruleError, TrainingWarning
from chainrule.tables.inspection.measures import Measure
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.training.errors import DivergenceError

EPOCHS = 10  # passes over the new rows, unless --epochs gives another number


def continue_training(
    path: str, table: Table, target_columns: Sequence[str], epochs: int | None, test_fraction: float, seed: int,
    files: Destination, page: Path | None, console: Console, verbose: bool = False,
) -> None:  # fmt: skip
    """Trains the networks of the model at ``path`` on the rows of a table, saves the result and its learning curves.

    Prints the scores before and after, and writes a report to ``page``. The trained model is saved first, and then
    completed by what is measured, so that a request to end does not cost it.

    Raises InputError for rows without the columns of the model, or with other classes; KeyboardInterrupt if training is
    interrupted in the first pass, DivergenceError if that one diverges.
    """
    from chainrule.estimators.network.incremental.training import held_out_costs  # loads scikit-learn

    model = models.load_model(path)
    X, y = _rows_and_targets(model, table, target_columns)
    split = _split(model, y, test_fraction, seed)
    _report(model, X, split, console)
    with warnings_as_notes(console):
        estimator = _loaded(path, model)
        before = max(estimator.history_.get("pass", [0]), default=0)
        rows, labels = X.rows(split.training), models.labels_of(model, y.at(split.training).columns)
        best = BestPass(model, held_out_costs(estimator, rows, labels))
    with REQUEST.postponed(lambda: best.is_final):
        with warnings_as_notes(console):
            passes = _train(estimator, best, rows, labels, EPOCHS if epochs is None else epochs, console, verbose)
        console.print(printable(f"Trained {passes} pass{'es' * (passes > 1)} over the new rows; {best.in_words()}."))
        names = {"column": y.names[0]} if len(y.names) == 1 else {}
        about = {**best.model.about, **names, "training": _record(model.about, X.origin, split, best, passes)}
        trained = replace(best.model, about=about)
        saved, fault = save_somewhere(files, lambda at: trained.save(at.model, replace=at.replaces))
        faults = [f"{fault} The model was saved as {saved.model} instead."] if fault else []
        kept_pass = int(before) + best.number if best.number else None
        drawn, fault = save_picture(saved, _curves(estimator, kept_pass, X, ", ".join(y.names)))
        faults += filter(None, [fault])
        more = "" if fault else f" and {drawn.picture} (the learning curves)"
        console.print(printable(f"Saved {saved.model} (the model){more}."))
        faults += _measure(saved, model, trained, X.rows(split.test), y.at(split.test), page, console)
    if REQUEST.number is not None:
        remarks().print(printable(f"Interrupted by {REQUEST.name}."))
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


def _loaded(path: str, model: TableModel) -> Any:
    """Returns the estimator in the file of a model."""
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # loads scikit-learn

    return (NetworkRegressor if model.target.task == "regression" else NetworkClassifier).load(path)


def _train(
    estimator: Any, best: BestPass, rows: Table, labels: Any, epochs: int, console: Console, verbose: bool
) -> int:
    """Trains pass by pass, shows the best one to ``best``, and returns the number of finished passes."""
    networks = estimator.networks_
    with (
        opened_display(console, verbose, len(networks)) as display,
        Passes(display, networks, epochs) as passes,
    ):
        try:
            is_interrupted = False
            while len(passes) < epochs and not is_interrupted:
                estimator.partial_fit(rows, labels)
                is_interrupted = estimator.stopped_ == "interrupted"
                if not all(state.epoch for state in estimator.states_):
                    break
                passes.add(estimator.histories_)
                costs = np.array([history.validation_J[-1] for history in estimator.histories_])
                if best.is_beaten_by(costs):
                    best.take(estimator.complete_model(), len(passes), costs)
        except KeyboardInterrupt:  # between two passes
            pass
        except DivergenceError:
            if not len(passes):
                raise
            console.print(f"Note: pass {len(passes) + 1} diverged, so it was the last one.")
        finally:
            best.is_final = len(passes) > 0
    if not best.is_final:
        raise KeyboardInterrupt
    return len(passes)


def _curves(estimator: Any, kept_pass: int | None, X: Table, name: str) -> bytes:
    """Draws the metric after each epoch and each pass over the new rows, and returns the PNG file."""
    from chainrule.estimators.network.inspection.curves import learning_curves

    count = len(estimator.networks_)
    networks = f"{count} networks trained further" if count > 1 else "one network trained further"
    source = os.path.basename(X.origin) or X.origin
    return as_png(learning_curves(estimator, f"{source}: {name}, {networks}", kept_pass=kept_pass))


def _record(
    about: Mapping[str, Any], source: str, split: TrainTestSplit, best: BestPass, passes: int
) -> dict[str, Any]:
    """Returns what the file records about all training: the rows of both sources, and the passes over the new ones."""
    found = about.get("training")
    earlier = {name: value for name, value in found.items() if name != "scores"} if isinstance(found, dict) else {}
    sources = [name for name in (earlier.get("source", about.get("source")), source if best.number else "") if name]
    return {
        **earlier,
        "source": ", then ".join(sources),
        "rows": {"training": best.model.about.get("rows"), "test": len(split.test)},
        "passes_over_new_rows": passes,
        "kept_pass": best.number if best.is_chosen else None,
    }


def _measure(
    saved: Destination, model: TableModel, trained: TableModel, X: Table, y: TargetColumns, page: Path | None,
    console: Console,
) -> list[str]:  # fmt: skip
    """Prints the scores on test rows before and after, and completes the saved file; returns what went wrong."""
    before, after = (models.results(each, X, y.columns).measures for each in (model, trained))
    report = None
    if page is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrainingWarning)  # it has been issued for the model before
            report = Report(page, True, _loaded(str(saved.model), trained), X, y)
    faults = complete(saved, trained, after, report, console)
    _print_scores(before, after, f"{len(X)} test rows of {X.origin}")
    return faults


def _print_scores(before: Sequence[Measure], after: Sequence[Measure], where: str) -> None:
    known = {measure.name: measure.network for measure in before}  # too few residuals for intervals are one less
    rows = [(m.name, number(known[m.name]), number(m.network)) for m in after if m.name in known]
    show(results(), f"Results on {where}", ("", "before", "after"), rows)
