"""``chainrule train``: from a table to a model, its results, and its learning curve."""

from __future__ import annotations

import time

import typer

from chainrule import engines
from chainrule.checks import as_integer, as_real
from chainrule.cli import account, curve, destination, options, plan, report, sources
from chainrule.cli.progress import Progress
from chainrule.cli.ready import prepare
from chainrule.cli.refusals import INTERRUPTED, WrongUsage, need, usage
from chainrule.cli.table_model import TableModel
from chainrule.cli.terminal import printable, remarks
from chainrule.errors import DivergenceError, InputError, TrainingInterrupted
from chainrule.network import Network
from chainrule.training import train as train_network


def train(
    source: options.Source,
    target_column: options.Target = None,
    task: options.Task = None,
    drop: options.Drop = None,
    layers: options.Layers = None,
    activation: options.Activation = "relu",
    optimizer: options.Optimizer = plan.OPTIMIZER,
    learning_rate: options.LearningRate = None,
    batch_size: options.BatchSize = None,
    epochs: options.Epochs = 200,
    patience: options.Patience = 20,
    test_fraction: options.TestFraction = 0.2,
    seed: options.Seed = 0,
    out: options.Out = None,
    engine: options.Engine = "auto",
    quiet: options.Quiet = False,
) -> None:
    """Train a network on a table, and test it.

    Some rows are held back for the test, some to stop by. The model and its learning curve are saved.

    \b
    chainrule train digits
    chainrule train penguins.csv --target species --drop island --drop sex
    chainrule train houses.parquet --target price --layers 64,32 --epochs 500 --out models/
    """
    wishes = plan.Wishes.of(layers, activation, optimizer, learning_rate, batch_size, engine)
    _check(task, batch_size, epochs, patience, test_fraction, seed)
    need("matplotlib")
    say = remarks()
    say.quiet = quiet
    table = sources.read(source)
    rows = prepare(table, target_column, task, drop or [], test_fraction, seed)
    training, validation, test = rows.split
    target, chosen = rows.target, wishes.plan(len(training))
    net = Network.dense([len(rows.names), *chosen.hidden, target.m], hidden=activation, output=target.sigma, seed=seed)
    files = destination.of_training(out, sources.stem(source))
    choice = engines.chosen(net, target.cost, chosen.optimizer, engine=engine)
    for line in (*rows.remarks, *account.intentions(net, chosen, choice)):
        say.print(printable(line))

    began = time.perf_counter()
    progress = Progress(say, epochs)
    try:
        with progress:
            history = train_network(
                net,
                rows.X[training],
                rows.Y[training],
                cost=target.cost,
                optimizer=chosen.optimizer,
                epochs=epochs,
                batch_size=chosen.batch_size,
                seed=seed,
                validation=(rows.X[validation], rows.Y[validation]),
                patience=patience,
                callbacks=() if quiet else (progress,),
                callback_epochs=None,
                engine=choice.name,
            )
    except TrainingInterrupted as stop:
        history = stop.history
        say.quiet = False
        if not history.epochs:
            say.print("Interrupted before the first epoch was finished; nothing was saved.")
            raise typer.Exit(INTERRUPTED) from None
    except DivergenceError as stop:
        raise InputError(account.divergence(stop.history, chosen)) from None
    seconds = time.perf_counter() - began
    say.print(account.ending(history, seconds))

    measured = report.scores(net, target, rows.X[test], rows.column.at(test))
    report.print_scores(target, measured, f"Results on {len(test)} test rows of {table.source}")
    summary = account.summary(table, rows, chosen, history, seconds, seed, measured)
    TableModel(net, rows.names, rows.scaling, target, summary).save(files.model)
    curve.draw(files.picture, history, f"{table.source}: {plan.described(net.m)}, {chosen.optimizer.name}")
    say.print(printable(f"Saved {files.model} (the model) and {files.picture} (the learning curve)."))
    if history.stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _check(
    task: str | None, batch_size: int | None, epochs: int, patience: int, test_fraction: float, seed: int
) -> None:
    """Raise WrongUsage for an option out of its range."""
    if task not in (None, "classes", "numbers"):
        raise WrongUsage(f"--task must be classes or numbers; got {task!r}.")
    least = {"--epochs": (epochs, 1), "--patience": (patience, 1), "--seed": (seed, 0), "--batch-size": (batch_size, 1)}
    for option, (value, minimum) in least.items():
        if value is not None:
            with usage(option):
                as_integer(value, "the number", minimum)
    with usage("--test-fraction"):
        as_real(test_fraction, "the part", 0.0, 0.9, open_minimum=True)
