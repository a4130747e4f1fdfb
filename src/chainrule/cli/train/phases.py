"""The phases of a training run: plan it, fit the networks, save the results."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from chainrule.cli import models, report
from chainrule.cli.errors import WrongUsage, describe
from chainrule.cli.outputs import Destination, as_png, save_picture, save_somewhere
from chainrule.cli.terminal import printable, warnings_as_notes
from chainrule.cli.train import summary
from chainrule.cli.train.display import opened_display
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.cli.train.training_run import FinishedRun, PlannedRun
from chainrule.errors import ChainruleError, InputError
from chainrule.estimators.network import settings
from chainrule.files import write_bytes
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.training.errors import DivergenceError


def plan(
    data: TrainingData, options: TrainingOptions, parameters: dict[str, Any], files: Destination | None,
    page: Path | None = None,
) -> PlannedRun:  # fmt: skip
    """Returns the run for these data, options and the estimator's parameters. Raises WrongUsage or InputError."""
    options.require_task(data.task)
    if data.task != "regression":
        parameters = {
            **parameters,
            "class_weight": options.class_weights(sorted(set(data.y.ravel().tolist()), key=str)),
        }
    elif options.class_weight is not None:
        raise WrongUsage("--class-weight is for classification; this is regression.")
    recipes = settings.as_recipes(parameters, data.task, len(data.split.training))
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # loads scikit-learn

    kind = NetworkRegressor if data.task == "regression" else NetworkClassifier
    return PlannedRun(data, options, kind(**parameters), recipes, files, page)


def fit(run: PlannedRun, console: Console) -> FinishedRun:
    """Trains the networks, with progress and warnings on the console unless it is quiet.

    Raises KeyboardInterrupt if it comes before the first epoch is finished.
    """
    data, estimator = run.data, run.estimator
    began = time.perf_counter()
    try:
        with warnings_as_notes(console), ExitStack() as stack:
            display = stack.enter_context(opened_display(console, run.options.verbose, run.recipes[0].n_networks))
            estimator.set_params(callbacks=() if display is None else (display,))
            estimator.fit(data.X.rows(data.split.training), data.labels(data.split.training))
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
    """Tests the model, saves it with its learning curves and its report, and prints their names and the results.

    Raises ChainruleError at the end if a file could not be written: the model is then in another folder, or lost.
    """
    assert run.files is not None
    data, test = run.data, run.data.split.test
    model = with_plain_target(trained.model, data)
    found = models.results(model, data.X.rows(test), data.columns(test))
    about = {**model.about, **data.names(), "training": summary.record(run, trained, found.measures)}
    page = ""
    if run.report is not None:
        page, about["importances"] = report_of(run, replace(model, about=about))
    complete = replace(model, about=about)
    saved, reason = save_somewhere(run.files, lambda files: complete.save(files.model, replace=files.replaces))
    faults = [f"{reason} The model was saved as {saved.model} instead."] if reason else []
    curves = learning_curves(run)
    drawn, fault = save_picture(saved, curves)
    faults += filter(None, [fault])
    more = "" if fault else f" and {drawn.picture} (the learning curves)"
    if run.report is not None:
        try:
            write_bytes(run.report, page.encode(), replace=run.files.replaces)
            more += f" and {run.report} (the report)"
        except OSError as error:
            faults.append(f"{describe(error)} The report was not saved.")
    console.quiet = console.quiet and saved == drawn == run.files
    console.print(printable(f"Saved {saved.model} (the model){more}."))
    report.print_results(model, found, f"Results on {len(test)} test rows of {data.X.origin}")
    if faults:
        raise ChainruleError(" ".join(faults))


def with_plain_target(model: TableModel, data: TrainingData) -> TableModel:
    """Returns the model with the class shares of the training rows without weights, or the notation of its numbers."""
    if isinstance(model.target, ClassLabels):
        return replace(model, target=ClassLabels.fit(data.y[data.split.training]))
    if isinstance(model.target, IndicatorLabels):
        labels = data.labels(data.split.training)
        return replace(model, target=IndicatorLabels.fit(labels, names=data.targets.names))
    return replace(model, target=replace(model.target, notations=data.targets.notations))


def learning_curves(run: PlannedRun) -> bytes:
    """Draws the learning curves as `NetworkClassifier.plot_history` does, and returns the PNG file."""
    estimator = run.estimator
    estimator.model_ = replace(estimator.model_, about={**estimator.model_.about, **run.data.names()})
    return as_png(estimator.plot_history())


def report_of(run: PlannedRun, model: TableModel) -> tuple[str, dict[str, Any]]:
    """Returns the page about the model on the test rows, and the importances there as its file holds them."""
    from chainrule.estimators.network.inspection.report import report_page
    from chainrule.tables.diagnosis.diagnose import labelled
    from chainrule.tables.inspection.importances import importances

    estimator, data, test = run.estimator, run.data, run.data.split.test
    estimator.model_ = replace(model, estimator=None)
    rows = labelled(estimator.model_, data.X.rows(test), data.y[test], "y")[0]
    found = importances(rows)
    return report_page(estimator, rows, found, False, None), found.as_json()
