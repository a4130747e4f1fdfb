"""``chainrule train --folds K``: the measures of K trainings, each tested on rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from chainrule._internal.four_digits import four_digits
from chainrule.cli.errors import WrongUsage
from chainrule.cli.terminal import number, printable, results, show, warnings_as_notes
from chainrule.cli.train import phases
from chainrule.cli.train.train_test_split import FEWEST_ROWS, TrainTestSplit
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_run import PlannedRun
from chainrule.cli.train.whole_folds import Fold, WholeFolds, fold_of, measured
from chainrule.engines.thread_counts import all_threads
from chainrule.estimators.network.recipe import planned_networks
from chainrule.processes.pool import using, worker_processes


def cross_validate(run: PlannedRun, folds: list[TrainTestSplit], console: Console) -> None:
    """Trains once for each fold, and prints the mean and the standard deviation of each measure on its test rows.

    Raises KeyboardInterrupt if a training is interrupted.
    """
    table = run.data
    assert isinstance(table, TrainingData)
    found: list[Fold] = []
    for k, fold in enumerate(_tested(run, folds, console), 1):
        with warnings_as_notes(console):
            for told in fold.told:
                told.issue()
        first = fold.measures[0]
        console.print(printable(f"Fold {k} of {len(folds)}: {first.name} {four_digits(first.network)}."))
        found.append(fold)
    rows = []
    for each in zip(*(fold.measures for fold in found), strict=True):
        ours, theirs = (np.array([getattr(measure, name) for measure in each]) for name in ("network", "baseline"))
        mean, deviation, baseline = (number(float(x)) for x in (ours.mean(), ours.std(ddof=1), theirs.mean()))
        rows.append((each[0].name, mean, f"± {deviation}", baseline))
    console = results()
    title = f"Results of {len(folds)} folds of {len(table.y)} rows of {table.origin}"
    show(console, title, ("", "network", "std. dev.", "baseline"), rows)
    console.print(f"  baseline: {found[0].baseline}")


def _tested(run: PlannedRun, folds: list[TrainTestSplit], console: Console) -> Iterator[Fold]:
    """Yields the folds in order. The processes of ``--workers`` are started once, for all of them.

    As many folds as all processes can share evenly go to them whole. The networks of the others are shared instead, and
    those of all folds within a time limit, which is that of a fold in all processes.
    """
    estimator, most = run.estimator, len(folds) * planned_networks(run.recipes) - 1
    threads, modules = all_threads(estimator.threads), [type(estimator).__module__]
    with worker_processes(estimator.workers, most, threads, modules) as (peers, own):
        fit, whole = partial(phases.fit, console=console), 0
        if peers and estimator.time_limit is None:
            whole = len(folds) - len(folds) % (1 + len(peers))
            with using((), own):
                yield from WholeFolds(run, folds[:whole], peers).each(fit)
        with using(peers, own):
            for split in folds[whole:]:
                yield measured(fold_of(run, split), fit)


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
