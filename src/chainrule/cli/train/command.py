"""``chainrule train``: from a table to a model, its results, and its learning curve."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import typer

from chainrule._internal.checks import as_integer, as_real
from chainrule.cli import inputs, models, options, outputs, report
from chainrule.cli.errors import INTERRUPTED, WrongUsage, option_errors, require_packages
from chainrule.cli.terminal import printable, remarks
from chainrule.cli.train import curve, summary
from chainrule.cli.train.progress import Progress
from chainrule.cli.train.training_data import prepare, require_column
from chainrule.cli.train.training_options import TrainingOptions, format_sizes
from chainrule.errors import InputError
from chainrule.estimators.network import settings
from chainrule.tables.target_decoder import ClassLabels, Task
from chainrule.training.errors import DivergenceError

if TYPE_CHECKING:
    from chainrule.training import History

EARLIER_TASKS = {"classes": "classification", "numbers": "regression"}


def train(
    source: options.Dataset,
    target_column: options.Target = None,
    task: options.Task = None,
    drop: options.Drop = None,
    category: options.Category = None,
    preset: options.Preset = "default",
    layers: options.Layers = None,
    activation: options.Activation = None,
    optimizer: options.Optimizer = None,
    learning_rate: options.LearningRate = None,
    batch_size: options.BatchSize = None,
    epochs: options.Epochs = None,
    patience: options.Patience = None,
    time_limit: options.TimeLimit = None,
    class_weight: options.ClassWeight = None,
    test_fraction: options.TestFraction = 0.2,
    seed: options.Seed = 0,
    out: options.Out = None,
    engine: options.Engine = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Train networks on a table, and test them.

    Numbers, categories, times and gaps are taken as they are. Some rows are held back for the test, and from each
    network some to stop by. The model and its learning curve are saved.

    \b
    chainrule train digits
    chainrule train penguins.csv --target species --drop island
    chainrule train houses.parquet --target price --preset best --time-limit 60 --out models/
    """
    chosen = TrainingOptions(
        preset, layers, activation, optimizer, learning_rate, batch_size, epochs, patience, time_limit, class_weight,
        engine,
    )  # fmt: skip
    parameters = chosen.parameters()
    _require_valid(task, test_fraction, seed)
    require_packages("matplotlib", "sklearn")
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # now: Ctrl-C is then for the training

    say = remarks()
    say.quiet = quiet
    table = inputs.read(source)
    for name in category or ():
        require_column(table, "--category", name)
    data = prepare(table, target_column, task, drop or [], test_fraction, seed)
    parameters |= {"random_state": seed, "categories": category or None}
    if data.task == "classification":
        parameters["class_weight"] = chosen.weights(sorted(set(data.y.tolist())))
    elif class_weight is not None:
        raise WrongUsage("--class-weight is for classes; the target holds numbers.")
    recipes = settings.as_recipes(parameters, data.task, len(data.split.training))
    recipe = recipes[0]
    files = outputs.of_training(out, inputs.stem(source))
    for line in (*data.remarks, *summary.announcement(recipes, chosen)):
        say.print(printable(line))

    began = time.perf_counter()
    progress = Progress(say, recipe.n_networks)
    try:
        with progress, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            kind = NetworkClassifier if data.task == "classification" else NetworkRegressor
            estimator = kind(**parameters, callbacks=() if quiet else (progress,))
            estimator.fit(data.X.rows(data.split.training), data.y[data.split.training])
    except DivergenceError:
        raise InputError(summary.divergence_message(recipe)) from None
    except KeyboardInterrupt:
        say.quiet = False
        say.print("Interrupted before the first epoch was finished; nothing was saved.")
        raise typer.Exit(INTERRUPTED) from None
    seconds = time.perf_counter() - began
    for warning in caught:
        if issubclass(warning.category, UserWarning):
            say.print(printable(f"Note: {warning.message}"))
    histories: Sequence[History] = estimator.histories_
    stopped = str(estimator.stopped_)
    say.quiet = quiet and stopped != "interrupted"
    say.print(summary.outcome(histories, stopped, seconds))

    test, model = data.split.test, estimator.model_
    if data.task == "classification":  # the baseline knows how frequent classes are, whatever they weigh
        model = replace(model, target=ClassLabels.fit(data.y[data.split.training]))
    measured = models.scores(model, data.X.rows(test), data.name, data.column.at(test))
    report.print_scores(model, measured, f"Results on {len(test)} test rows of {table.origin}")
    training = summary.record(table.origin, data, recipe, chosen, model, histories, stopped, seconds, seed, measured)
    replace(model, about={**model.about, "column": data.name, "training": training}).save(files.model)
    curve.draw(
        files.picture, histories, f"{table.origin}: {format_sizes(model.networks[0].m)}, {recipe.optimizer.name}"
    )
    say.print(printable(f"Saved {files.model} (the model) and {files.picture} (the learning curve)."))
    if stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _require_valid(task: str | None, test_fraction: float, seed: int) -> None:
    """Raise WrongUsage for an option out of its range."""
    if task is not None and task not in get_args(Task):
        hint = f" Use {EARLIER_TASKS[task]}." if task in EARLIER_TASKS else ""
        raise WrongUsage(f"--task must be {' or '.join(get_args(Task))}; got {task!r}.{hint}")
    with option_errors("--seed"):
        as_integer(seed, "the number", 0, 2**32 - 1)
    with option_errors("--test-fraction"):
        as_real(test_fraction, "the part", 0.0, 0.9, open_minimum=True)
