"""The phases of a training run: plan it, fit the networks, save the results."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, TextIO, cast

from rich.console import Console

from chainrule.cli import models, report
from chainrule.cli.errors import WrongUsage, describe
from chainrule.cli.outputs import Destination, save_somewhere, save_under_free_name
from chainrule.cli.terminal import printable, warnings_as_notes
from chainrule.cli.train import curve, summary
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_options import TrainingOptions, format_sizes
from chainrule.cli.train.training_run import FinishedRun, PlannedRun
from chainrule.errors import ChainruleError, InputError
from chainrule.estimators.network import settings
from chainrule.files import write_bytes
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.training.callbacks.progress import Progress
from chainrule.training.errors import DivergenceError


def plan(data: TrainingData, options: TrainingOptions, parameters: dict[str, Any], files: Destination) -> PlannedRun:
    """Returns the run for these data, options and the estimator's parameters. Raises WrongUsage or InputError."""
    options.require_task(data.task)
    if data.task == "classification":
        parameters = {**parameters, "class_weight": options.class_weights(sorted(set(data.y.tolist())))}
    elif options.class_weight is not None:
        raise WrongUsage("--class-weight is for classification; this is regression.")
    recipes = settings.as_recipes(parameters, data.task, len(data.split.training))
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # loads scikit-learn

    kind = NetworkClassifier if data.task == "classification" else NetworkRegressor
    return PlannedRun(data, options, kind(**parameters), recipes, files)


def fit(run: PlannedRun, console: Console) -> FinishedRun:
    """Trains the networks, with progress and warnings on the console unless it is quiet.

    Raises KeyboardInterrupt if it comes before the first epoch is finished.
    """
    data, estimator = run.data, run.estimator
    began = time.perf_counter()
    try:
        with warnings_as_notes(console), ExitStack() as stack:
            if not console.quiet:
                bar = stack.enter_context(Progress(cast(TextIO, console.file)).all_runs(run.recipes[0].n_networks))
                estimator.set_params(callbacks=(bar,))
            estimator.fit(data.X.rows(data.split.training), data.y[data.split.training])
    except DivergenceError:
        raise InputError(summary.divergence_message(run.recipes[0])) from None
    seconds = time.perf_counter() - began
    estimator.set_params(callbacks=())
    if estimator.stopped_ == "interrupted" and not any(history.epochs for history in estimator.histories_):
        raise KeyboardInterrupt
    return FinishedRun(estimator.complete_model(), estimator.histories_, str(estimator.stopped_), seconds)


def save_results(run: PlannedRun, trained: FinishedRun, console: Console) -> None:
    """Scores the model on the test rows, saves it and its learning curves, and prints their names and the scores.

    Raises ChainruleError at the end if a file could not be written: the model is then in another folder, or lost.
    """
    data, model, test = run.data, trained.model, run.data.split.test
    if data.task == "classification":  # the baseline uses the class frequencies without any weights
        model = replace(model, target=ClassLabels.fit(data.y[data.split.training]))
    elif isinstance(model.target, NumericLabels) and data.column.notation is not None:
        model = replace(model, target=replace(model.target, notation=data.column.notation))
    scores = models.scores(model, data.X.rows(test), data.name, data.column.at(test))
    about = {**model.about, "column": data.name, "training": summary.record(run, trained, scores)}
    complete = replace(model, about=about)
    saved, reason = save_somewhere(run.files, lambda files: complete.save(files.model, replace=files.replaces))
    faults = [f"{reason} The model was saved as {saved.model} instead."] if reason else []
    sizes, optimizer = format_sizes(model.networks[0].m), run.recipes[0].optimizer_name
    curves = curve.draw(trained.histories, f"{data.X.origin}: {sizes}, {optimizer}")
    drawn, picture = saved, ""
    try:
        drawn = save_under_free_name(saved, lambda files: write_bytes(files.picture, curves, replace=files.replaces))
        picture = f" and {drawn.picture} (the learning curves)"
    except OSError as error:
        faults.append(f"{describe(error)} The learning curves were not saved.")
    console.quiet = console.quiet and saved == drawn == run.files
    console.print(printable(f"Saved {saved.model} (the model){picture}."))
    report.print_scores(model, scores, f"Results on {len(test)} test rows of {data.X.origin}")
    if faults:
        raise ChainruleError(" ".join(faults))
