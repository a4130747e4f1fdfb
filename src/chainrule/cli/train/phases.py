"""The phases of a training run: plan it, fit the networks, save the results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from chainrule.cli import report
from chainrule.cli.errors import WrongUsage, describe
from chainrule.cli.outputs import Destination, as_png, save_picture, save_somewhere
from chainrule.cli.signals import REQUEST
from chainrule.cli.terminal import printable, remarks, warnings_as_notes
from chainrule.cli.train import summary
from chainrule.cli.train.display import opened_display
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.cli.train.training_run import FinishedRun, PlannedRun, RunData
from chainrule.errors import ChainruleError, InputError
from chainrule.estimators.network import settings
from chainrule.estimators.network.recipe import planned_networks
from chainrule.files import write_bytes
from chainrule.tables.inspection.measures import Measure
from chainrule.tables.model import TableModel
from chainrule.tables.table import Table
from chainrule.training.callbacks.callback import Callback
from chainrule.training.errors import DivergenceError


def plan(
    data: RunData, options: TrainingOptions, parameters: dict[str, Any], files: Destination | None,
    page: Path | None = None,
) -> PlannedRun:  # fmt: skip
    """Returns the run for these data, options and the estimator's parameters. Raises WrongUsage or InputError."""
    options.require_task(data.task)
    if data.task != "regression":
        parameters = {
            **parameters,
            "class_weight": options.class_weights(data.classes),
        }
    elif options.class_weight is not None:
        raise WrongUsage("--class-weight is for classification; this is regression.")
    recipes = settings.as_recipes(parameters, data.task, data.sizes[0])
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # loads scikit-learn

    kind = NetworkRegressor if data.task == "regression" else NetworkClassifier
    return PlannedRun(data, options, kind(**parameters), recipes, files, page)


def announce(run: PlannedRun, console: Console) -> None:
    """Prints lines about the data, the networks and the checkpoints."""
    options, planned = run.options, summary.announcement(run.recipes, run.options, run.data.sizes[0])
    lines = (*run.data.descriptions(), *planned, *options.announcement())
    for line in lines:
        console.print(printable(line))


def train(run: PlannedRun, console: Console) -> None:
    """Trains, tests and saves, with words on the console, which may be quiet."""
    assert run.files is not None
    announce(run, console)
    is_quiet, options = console.quiet, run.options
    run.files.folder.mkdir(parents=True, exist_ok=True)
    # Once there are trained networks, a request to end must not cost the model.
    REQUEST.what_remains = options.what_remains
    with REQUEST.postponed(lambda: hasattr(run.estimator, "model_")):
        trained = fit(run, console)
        console.quiet = is_quiet and trained.stopped != "interrupted"
        console.print(summary.outcome(trained, options.scoring))
        save_results(run, trained, console)
    if REQUEST.number is not None:
        remarks().print(printable(" ".join(filter(None, (f"Interrupted by {REQUEST.name}.", options.continuation())))))


def fit(run: PlannedRun, console: Console) -> FinishedRun:
    """Trains the networks, with progress and warnings on the console unless it is quiet; raises what `fitted` does."""
    with (
        warnings_as_notes(console),
        opened_display(console, run.options.verbose, planned_networks(run.recipes)) as display,
    ):
        return fitted(run, [] if display is None else [display])


def fitted(run: PlannedRun, callbacks: Sequence[Callback]) -> FinishedRun:
    """Trains the networks, which the callbacks watch.

    Raises InputError if the training diverges, KeyboardInterrupt if it comes before the first epoch is finished.
    """
    estimator, began = run.estimator, time.perf_counter()
    estimator.set_params(callbacks=callbacks)
    try:
        run.data.fit(estimator)
    except DivergenceError:
        raise InputError(summary.divergence_message(run.recipes[0])) from None
    seconds = time.perf_counter() - began
    estimator.set_params(callbacks=())
    if estimator.stopped_ == "interrupted" and not any(history.epochs for history in estimator.histories_):
        raise KeyboardInterrupt
    return FinishedRun(
        estimator.complete_model(), estimator.histories_, estimator.kept_epochs_, str(estimator.stopped_), seconds
    )


def save_results(run: PlannedRun, trained: FinishedRun, console: Console) -> None:
    """Saves the model and its learning curves, tests it, and completes its file by the results, which are printed.

    Writes the report, too. Raises ChainruleError at the end if a file could not be written: the model is then in
    another folder, or lost.
    """
    assert run.files is not None
    data = run.data
    model = data.finished(trained.model)
    model = replace(model, about={**model.about, **data.names(), "training": summary.record(run, trained)})
    saved, reason = save_somewhere(run.files, lambda files: model.save(files.model, replace=files.replaces))
    faults = [f"{reason} The model was saved as {saved.model} instead."] if reason else []
    drawn, fault = save_picture(saved, learning_curves(run))
    faults += filter(None, [fault])
    more = "" if fault else f" and {drawn.picture} (the learning curves)"
    console.quiet = console.quiet and saved == drawn == run.files
    console.print(printable(f"Saved {saved.model} (the model){more}."))
    found = data.results(model)
    page = None
    if run.report is not None:
        assert isinstance(data, TrainingData)
        test = data.split.test
        page = Report(run.report, run.files.replaces, run.estimator, data.X.rows(test), data.y[test])
    faults += complete(saved, model, found.measures, page, console)
    report.print_results(model, found, f"Results on {data.sizes[1]} test rows of {data.origin}")
    if faults:
        raise ChainruleError(" ".join(faults))


class Report(NamedTuple):
    """A page to be written about the model of an estimator, on rows X with labels y."""

    path: Path
    replaces: bool
    estimator: Any
    X: Table
    y: Any

    def content(self, model: TableModel) -> tuple[str, dict[str, Any]]:
        """Returns the page, and the importances for the model's file."""
        from chainrule.estimators.network.inspection.report import report_page
        from chainrule.tables.diagnosis.diagnose import labelled
        from chainrule.tables.inspection.importances import importances

        self.estimator.model_ = replace(model, estimator=None)
        rows = labelled(self.estimator.model_, self.X, self.y, "y")[0]
        found = importances(rows)
        return report_page(self.estimator, rows, found, False, None), found.as_json()


def complete(
    saved: Destination, model: TableModel, measures: Sequence[Measure], page: Report | None, console: Console
) -> list[str]:
    """Adds the scores on test rows to a saved model, and writes the report, whose importances the file then holds, too.

    Returns what went wrong.
    """
    faults = []
    training = {**model.about["training"], "scores": summary.scores_record(measures)}
    model = replace(model, about={**model.about, "training": training})
    if page is not None:
        text, importances = page.content(model)
        model = replace(model, about={**model.about, "importances": importances})
        try:
            write_bytes(page.path, text.encode(), replace=page.replaces)
            console.print(printable(f"Saved {page.path} (the report)."))
        except OSError as error:
            faults.append(f"{describe(error)} The report was not saved.")
    try:
        model.save(saved.model, replace=True)
    except OSError as error:
        faults.append(f"{describe(error)} {saved.model} holds the trained model without its scores.")
    return faults


def learning_curves(run: PlannedRun) -> bytes:
    """Draws the learning curves as `NetworkClassifier.plot_history` does, and returns the PNG file."""
    estimator = run.estimator
    estimator.model_ = replace(estimator.model_, about={**estimator.model_.about, **run.data.names()})
    return as_png(estimator.plot_history())
