"""``chainrule train --folds K``: the measures of K trainings, each tested on rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from chainrule._internal.four_digits import four_digits
from chainrule.cli.errors import WrongUsage
from chainrule.cli.target import baseline_of
from chainrule.cli.terminal import number, printable, results, show
from chainrule.cli.train import phases
from chainrule.cli.train.train_test_split import FEWEST_ROWS, TrainTestSplit
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_run import PlannedRun
from chainrule.engines.thread_counts import all_threads
from chainrule.processes.pool import beside, present
from chainrule.tables.inspection.measures import Measure


def cross_validate(run: PlannedRun, folds: list[TrainTestSplit], console: Console) -> None:
    """Trains once for each fold, and prints the mean and the standard deviation of each measure on its test rows.

    Raises KeyboardInterrupt if a training is interrupted.
    """
    table = run.data
    assert isinstance(table, TrainingData)
    measured: list[list[Measure]] = []
    with _processes(run.estimator):
        for k, split in enumerate(folds, 1):
            data = replace(table, split=split)
            trained = phases.fit(replace(run, data=data, estimator=_unfitted(run.estimator)), console)
            if trained.stopped == "interrupted":
                raise KeyboardInterrupt
            model = data.finished(trained.model)
            found = data.results(model).measures
            measured.append(found)
            first = found[0]
            console.print(printable(f"Fold {k} of {len(folds)}: {first.name} {four_digits(first.network)}."))
    rows = []
    for each in zip(*measured, strict=True):
        ours, theirs = (np.array([getattr(measure, name) for measure in each]) for name in ("network", "baseline"))
        mean, deviation, baseline = (number(float(x)) for x in (ours.mean(), ours.std(ddof=1), theirs.mean()))
        rows.append((each[0].name, mean, f"± {deviation}", baseline))
    console = results()
    title = f"Results of {len(folds)} folds of {len(table.y)} rows of {table.origin}"
    show(console, title, ("", "network", "std. dev.", "baseline"), rows)
    console.print(f"  baseline: {baseline_of(model.target)}")


@contextmanager
def _processes(estimator: Any) -> Iterator[None]:
    """A context with the processes of ``--workers``, which are started once, for all folds."""
    if estimator.workers is None:
        yield
        return
    modules = [type(estimator).__module__]
    with (
        beside(estimator.workers, estimator.workers, all_threads(estimator.threads), modules) as (peers, threads),
        present(peers, threads),
    ):
        yield


def _unfitted(estimator: Any) -> Any:
    """Returns an estimator with the same parameters."""
    return type(estimator)(**estimator.get_params(deep=False))


def as_folds(data: TrainingData, count: int, seed: int) -> list[TrainTestSplit]:
    """Returns the split of each fold, in which the classes have the same shares; ``seed`` determines them.

    The only row of a class is always trained on. Raises WrongUsage for more folds than there are rows, or if fewer
    than 10 rows would be left.
    """
    t = len(data.y)
    left = t - -(-t // count)
    if count > t or left < FEWEST_ROWS:
        raise WrongUsage(
            f"--folds: {count} folds of {t} rows leave {max(left, 0)} to train on; {FEWEST_ROWS} are needed."
        )
    rng = np.random.default_rng(seed)
    dealt = rng.permutation(t)
    if data.task == "classification":
        classes = np.unique(data.y, return_inverse=True)[1]
        dealt = dealt[np.argsort(classes[dealt], kind="stable")]
        dealt = dealt[np.bincount(classes)[classes[dealt]] > 1]
    of: NDArray[np.intp] = np.full(t, -1)
    of[dealt] = np.arange(len(dealt)) % count
    return [TrainTestSplit(np.flatnonzero(of != k), np.flatnonzero(of == k)) for k in range(count)]
