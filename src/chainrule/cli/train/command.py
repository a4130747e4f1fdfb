"""``chainrule train``: from a table to a model, its results, and its learning curves."""

from __future__ import annotations

from dataclasses import replace

from chainrule._internal.checks import as_integer, as_real
from chainrule._internal.naming import listed
from chainrule.cli import options, outputs
from chainrule.cli.errors import WrongUsage, option_errors, require_packages
from chainrule.cli.inputs.columns import known_names, require_columns
from chainrule.cli.inputs.files import require_file, stem
from chainrule.cli.inputs.sources import parquet_path, read_source, text_options
from chainrule.cli.packed.lines import is_packed, require_no_others
from chainrule.cli.terminal import printable, remarks, warnings_as_notes
from chainrule.cli.train.training_options import TrainingOptions, require_no_settings
from chainrule.tables.text.notation import AS_RECOGNISED, Writing

TASKS = ("classification", "regression")
OTHER_TASKS = {"classes": "classification", "multilabel": "classification", "numbers": "regression"}


def train(
    source: options.Dataset,
    target_column: options.Target = None,
    task: options.Task = None,
    drop: options.Drop = None,
    category: options.Category = None,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na: options.Na = None,
    preset: options.Preset = "default",
    layers: options.Layers = None,
    activation: options.Activation = None,
    optimizer: options.Optimizer = None,
    learning_rate: options.LearningRate = None,
    batch_size: options.BatchSize = None,
    epochs: options.Epochs = None,
    patience: options.Patience = None,
    scoring: options.Scoring = None,
    time_limit: options.TimeLimit = None,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
    class_weight: options.ClassWeight = None,
    quantiles: options.Quantiles = None,
    interval: options.WidthOfIntervals = "constant",
    test_fraction: options.TestFraction = 0.2,
    seed: options.Seed = 0,
    folds: options.Folds = None,
    out: options.Out = None,
    report: options.ReportOut = None,
    force: options.Force = False,
    engine: options.Engine = "auto",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    workers: options.Workers = None,
    from_model: options.From = None,
) -> None:
    """Train networks on a table and test them.

    Columns may hold numbers, categories, dates and missing values. Some rows are held out for the test, and others by
    each network to choose its best epoch. Saves the model and a picture of its learning curves.

    \b
    chainrule train digits
    chainrule train penguins.csv --target species --drop island
    chainrule train houses.parquet --target price --preset best --time-limit 60
    chainrule train titanic.csv --target Survived --report titanic.html
    chainrule train titanic.csv --target Survived --folds 5
    chainrule train weather.csv --target temperature,humidity
    chainrule train houses.csv --target price --quantiles .05,.5,.95
    chainrule train new.csv --from penguins.safetensors
    """
    given = dict(locals())
    with option_errors("--decimal, --thousands"):
        writing = Writing.of(decimal, thousands, na or ())
    chosen = TrainingOptions(
        preset=preset, layers=layers, activation=activation, optimizer=optimizer, learning_rate=learning_rate,
        batch_size=batch_size, epochs=epochs, patience=patience, time_limit=time_limit, checkpoint=checkpoint,
        resume=resume, class_weight=class_weight, quantiles=quantiles, interval=interval, engine=engine,
        categories=category or None, seed=seed, writing=writing, verbose=verbose, scoring=scoring, workers=workers,
    )  # fmt: skip
    parameters = chosen.parameters()
    if quiet and verbose:
        raise WrongUsage("--quiet and --verbose contradict each other; give one of them.")
    if from_model is not None:
        require_no_settings(given)
        require_file(from_model)
    _require_valid(task, test_fraction, seed)
    text = text_options(sep, header, encoding)
    require_packages("matplotlib", "sklearn")
    if folds is not None:
        _require_folds(folds, {"--out": out, "--report": report, "--checkpoint": checkpoint, "--force": force})
    files = None if folds is not None else outputs.of_training(out, stem(source), force=force)
    page = None if report is None else outputs.of_file(report, (".html",), force=force, option="--report")
    if is_packed(source):
        require_no_others(given)
        require_file(source)
    elif from_model is None:
        require_columns(source, text, target_column or [], drop or [], category or [])
    # Only now, so that a wrong command line is answered at once.
    from chainrule.cli.train import cross_validation, phases
    from chainrule.cli.train.training_data import prepare
    from chainrule.tables.work import at_work, begin

    console = remarks()
    if files is not None and files.number > 1:  # also with --quiet: a following command would find an older model
        console.print(printable(f"Note: {files.explanation()}"))
    console.quiet = quiet
    if is_packed(source):
        from chainrule.cli.packed import rows_data

        run = phases.plan(rows_data.opened(source, test_fraction, seed), chosen, parameters, files)
        phases.train(run, console)
        return
    if (big := parquet_path(source)) is not None:
        from chainrule.cli.packed.room import require_room

        require_room(big, target_column or [])
    with at_work(is_shown=not quiet):
        begin(f"reading {source}")
        is_plain = from_model is None and writing == AS_RECOGNISED and not category
        table = read_source(source, text, numbers_at_once=is_plain)
    named = known_names(table.names, table.origin, "--category", category or [])
    if from_model is not None and files is not None:
        from chainrule.cli.train.continuing import continue_training

        targets = target_column or []
        continue_training(from_model, table, targets, epochs, test_fraction, seed, files, page, console, verbose)
        return
    with warnings_as_notes(console), at_work(is_shown=not quiet):
        data = prepare(table, target_column or [], task, drop or [], test_fraction, seed, named, writing)
    if absent := [name for name in named if name not in data.X.columns]:
        raise WrongUsage(f"--category: {listed(absent)} must be an input; it is the target, or in --drop.")
    if folds is not None:
        data = replace(data, split=cross_validation.as_folds(data, folds, seed)[0])
    run = phases.plan(data, chosen, parameters, files, page)
    if files is None:
        phases.announce(run, console)
        cross_validation.cross_validate(run, cross_validation.as_folds(data, folds or 0, seed), console)
        return
    phases.train(run, console)


def _require_folds(folds: int, others: dict[str, object]) -> None:
    """Raises WrongUsage for a number of folds below 2, and for options that write files."""
    with option_errors("--folds"):
        as_integer(folds, "the number", 2)
    if given := [option for option, value in others.items() if value]:
        raise WrongUsage(f"--folds only measures, and saves no model; leave out {given[0]}.")


def _require_valid(task: str | None, test_fraction: float, seed: int) -> None:
    """Raises WrongUsage for an option out of its range."""
    require_task_and_seed(task, seed)
    with option_errors("--test-fraction"):
        as_real(test_fraction, "the fraction", 0.0, 0.9, open_minimum=True)


def require_task_and_seed(task: str | None, seed: int) -> None:
    """Raises WrongUsage for an unknown task, or a seed out of its range."""
    if task is not None and task not in TASKS:
        hint = f" Use {OTHER_TASKS[task]}." if task in OTHER_TASKS else ""
        raise WrongUsage(f"--task must be {' or '.join(TASKS)}; got {task!r}.{hint}")
    with option_errors("--seed"):
        as_integer(seed, "the number", 0, 2**32 - 1)
