"""Folds of ``chainrule train --folds`` that processes share, with a double of another process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from support.command import table, write_csv
from support.patience import LIMIT, wait_until

import chainrule as cr
from chainrule.cli.inputs.sources import read_source
from chainrule.cli.train import phases
from chainrule.cli.train.cross_validation import as_folds
from chainrule.cli.train.train_test_split import TrainTestSplit
from chainrule.cli.train.training_data import prepare
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.cli.train.training_run import FinishedRun, PlannedRun
from chainrule.cli.train.whole_folds import Fold, WholeFolds, fold_of, measured
from chainrule.processes.parcels import Parcel, opened
from chainrule.processes.peer import Peer


class Double(Peer):
    """A connected process whose calls are made here; before each it calls ``begin`` with the number of a fold."""

    def __init__(self, begin: Callable[[int], None]) -> None:
        super().__init__(1, threads=1)
        self.begin, self.stop = begin, Event()

    def wait(self, seconds: float, is_needed: Callable[[], bool] = lambda: True) -> bool:
        """Returns True."""
        return True

    def hold(self, parcel: Parcel) -> int:
        """Makes a copy of the object."""
        self.held = opened(parcel.content, parcel.whole())
        return 1

    def drop(self, key: int) -> None:
        """Forgets it."""
        del self.held

    def call(self, function: Callable[..., Any], *arguments: Any, **how: Any) -> Any:
        """Calls the function."""
        self.should_stop = how["should_stop"]
        self.begin(arguments[1])
        return function(SimpleNamespace(held=lambda key: self.held, stop=self.stop), *arguments)


Case = tuple[PlannedRun, Sequence[TrainTestSplit]]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A run, and its folds."""
    path = tmp_path_factory.mktemp("table") / "t.csv"
    write_csv(path, table())
    data = prepare(read_source(str(path)), ["kind"], None, [], 0.2, 0)
    options = TrainingOptions(layers="4", epochs=3)
    return phases.plan(data, options, {**options.parameters(), "n_networks": 2}, None), as_folds(data, 4, 0)


def here(run: PlannedRun) -> FinishedRun:
    """Trains in this process."""
    return phases.fitted(run, [])


def measures(folds: Iterable[Fold]) -> list[Any]:
    """The measures of some folds."""
    return [fold.measures for fold in folds]


@pytest.fixture(scope="module")
def alone(case: Case) -> list[Any]:
    """The measures of all folds by this process alone."""
    run, folds = case
    return measures(measured(fold_of(run, split), here) for split in folds)


def test_processes_share_whole_folds(case: Case, alone: list[Any]) -> None:
    """While this process measures one fold, another one measures all others, with equal results in the same order."""
    run, folds = case
    others = Event()
    begun: list[int] = []

    def begin(k: int) -> None:
        begun.append(k)
        if len(begun) == len(folds) - 1:
            others.set()

    def at_last(run: PlannedRun) -> FinishedRun:
        assert others.wait(LIMIT)
        return here(run)

    shared = WholeFolds(run, folds, [Double(begin)])
    assert measures(shared.each(at_last)) == alone
    assert len(begun) == len(folds) - 1


def test_the_fold_of_a_process_that_has_gone_begins_again(case: Case, alone: list[Any]) -> None:
    """A fold whose process is lost is measured by another one, with a warning that names both."""
    run, folds = case

    def begin(k: int) -> None:
        raise cr.ProcessLost("process 1 (host, pid 7) has exited.")

    shared = list(WholeFolds(run, folds, [Double(begin)]).each(here))
    assert measures(shared) == alone
    (told,) = [each for fold in shared for each in fold.told]
    assert told.message.startswith("process 1 (host, pid 7) has exited. Fold ")


def test_an_interrupted_fold_stops_the_others(case: Case) -> None:
    """If the training of this process is interrupted, others are asked to stop, and the interrupt is raised."""
    run, folds = case
    has_begun = Event()

    def begin(k: int) -> None:
        has_begun.set()
        wait_until(lambda: peer.should_stop())

    def interrupted(run: PlannedRun) -> FinishedRun:
        assert has_begun.wait(LIMIT)
        raise KeyboardInterrupt

    peer = Double(begin)
    with pytest.raises(KeyboardInterrupt):
        list(WholeFolds(run, folds, [peer]).each(interrupted))


def test_an_error_does_not_wait_for_a_process_to_connect(case: Case) -> None:
    """An error in this process is raised without waiting for a process that has not connected."""
    run, folds = case

    def failed(run: PlannedRun) -> FinishedRun:
        raise cr.InputError("not this")

    peer = Peer(1, threads=1)
    with pytest.raises(cr.InputError, match="not this"):
        list(WholeFolds(run, folds, [peer]).each(failed))
    assert not peer.is_lost  # as it is after the longest wait
