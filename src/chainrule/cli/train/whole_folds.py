"""Folds of a cross-validation that processes share: each is encoded, trained and tested in one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from threading import Event
from typing import Any, NamedTuple

from chainrule.cli.target import baseline_of
from chainrule.cli.train import phases
from chainrule.cli.train.train_test_split import TrainTestSplit
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_run import FinishedRun, PlannedRun
from chainrule.errors import ProcessLost, TrainingWarning
from chainrule.processes.copies import CONNECT_SECONDS, Copy
from chainrule.processes.peer import Peer, pickled
from chainrule.processes.worker import ForwardedWarning, Link
from chainrule.tables.inspection.measures import Measure
from chainrule.training.several.on_threads import POLL_SECONDS

Fit = Callable[[PlannedRun], FinishedRun]


class Fold(NamedTuple):
    """The measures on the test rows of a fold, its baseline in words, and the warnings of other processes."""

    measures: Sequence[Measure]
    baseline: str
    told: Sequence[ForwardedWarning] = ()


class WholeFolds:
    """The folds of a run that wait, and those that are measured, by this process or by one of ``peers``.

    Each process measures one after the other. Nothing is exchanged meanwhile, and the results are those of one process.
    If a process is lost, another one begins its fold again.
    """

    def __init__(self, run: PlannedRun, folds: Sequence[TrainTestSplit], peers: Sequence[Peer]) -> None:
        self._run, self._folds, self._peers = run, folds, peers
        self._waiting = deque(range(len(folds)))
        self._found: dict[int, Fold] = {}
        self._told: list[list[ForwardedWarning]] = [[] for _ in folds]
        self._stop = Event()

    def each(self, fit: Fit) -> Iterator[Fold]:
        """Yields all folds in order; ``fit`` trains those of this process, between two of them."""
        with closing(pickled((self._run, self._folds))) as parcel, ThreadPoolExecutor(len(self._peers)) as pool:
            works = [pool.submit(self._work, Copy(peer, parcel)) for peer in self._peers]
            try:
                for k in range(len(self._folds)):
                    while k not in self._found:
                        if (own := self._next()) is None:
                            wait(works, POLL_SECONDS, FIRST_EXCEPTION)
                        else:
                            self._found[own] = measured(fold_of(self._run, self._folds[own]), fit)
                        for work in works:
                            if work.done():
                                work.result()
                    yield self._found[k]._replace(told=self._told[k])
            finally:
                self._stop.set()

    def _next(self) -> int | None:
        """Returns the number of a fold that nobody has begun, or None."""
        try:
            return None if self._stop.is_set() else self._waiting.popleft()
        except IndexError:
            return None

    def _work(self, copy: Copy) -> None:
        """Lets another process measure folds, as long as some wait."""
        if not copy.peer.wait(CONNECT_SECONDS, lambda: bool(self._waiting) and not self._stop.is_set()):
            return
        while (k := self._next()) is not None:
            try:
                self._found[k] = copy.peer.call(
                    measured_there, copy.key, k, copy.peer.threads, report=self._told[k].append,
                    should_stop=self._stop.is_set,
                )  # fmt: skip
            except ProcessLost as lost:
                again = f"{lost} Fold {k + 1} begins again in another process, with the same result."
                self._told[k] = [ForwardedWarning(again, TrainingWarning)]
                self._waiting.append(k)
                return
        copy.drop()


def fold_of(run: PlannedRun, split: TrainTestSplit, **parameters: Any) -> PlannedRun:
    """Returns the run of a fold, with an estimator of its own that has these parameters besides."""
    assert isinstance(run.data, TrainingData)
    estimator = type(run.estimator)(**{**run.estimator.get_params(deep=False), **parameters})
    return replace(run, data=replace(run.data, split=split), estimator=estimator)


def measured(run: PlannedRun, fit: Fit) -> Fold:
    """Trains by ``fit``, and measures on the test rows. Raises KeyboardInterrupt if the training is interrupted."""
    trained = fit(run)
    if trained.stopped == "interrupted":
        raise KeyboardInterrupt
    model = run.data.finished(trained.model)
    return Fold(run.data.results(model).measures, baseline_of(model.target))


def measured_there(link: Link, key: int, k: int, threads: int) -> Fold:
    """Measures fold k in this process."""
    run, folds = link.held(key)
    own = fold_of(run, folds[k], threads=threads, workers=None)
    return measured(own, lambda run: phases.fitted(run, [lambda history: link.stop.is_set()]))
