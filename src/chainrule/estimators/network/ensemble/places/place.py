"""A place to train one network at a time: this process or a worker process."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from chainrule.engines.choice import trains_together
from chainrule.errors import InputError
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.measurement import measured_speed
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_training import train_until, train_within
from chainrule.estimators.network.ensemble.places.elsewhere import Task, Trained, Work, measured_there, trained_there
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.estimators.network.ensemble.speeds import Speed
from chainrule.estimators.network.ensemble.watching import watched_run
from chainrule.processes.copies import CONNECT_SECONDS, Copy
from chainrule.processes.launcher import Launch
from chainrule.processes.worker import ForwardedWarning
from chainrule.training import History
from chainrule.training.callbacks.callback import RunCallback
from chainrule.training.callbacks.calls import Calls, begun, make
from chainrule.training.job import advance
from chainrule.training.several.thread_shares import ThreadShares


class Place(Protocol):
    """A place where one network at a time is trained, with a number of threads."""

    threads: int

    def is_ready(self, is_needed: Callable[[], bool]) -> bool:
        """Waits for the place as long as it is needed, and returns True if it is there."""

    def measure(self, member: Member, seconds: float) -> Speed:
        """Measures the duration of an epoch of a member."""

    def train_until(self, end: float, member: Member, resumes: bool) -> None:
        """Trains a member for all its epochs, but not longer than until ``end``."""

    def train_within(self, seconds: float, epoch_seconds: float, member: Member, resumes: bool) -> None:
        """Trains a member for as many epochs as fit into a time. Both raise ProcessLost if its process has exited."""


class Here:
    """This process."""

    def __init__(self, plan: TrainingPlan, control: Control, shares: ThreadShares, threads: int) -> None:
        self.threads = threads
        self._plan, self._control, self._shares = plan, control, shares

    def is_ready(self, is_needed: Callable[[], bool]) -> bool:
        """Returns True."""
        return True

    def measure(self, member: Member, seconds: float) -> Speed:
        """Measures in this thread."""
        return measured_speed(member, self._plan.engine, self.threads, seconds)

    def train_until(self, end: float, member: Member, resumes: bool) -> None:
        """Trains in this thread; the engine's threads are divided among the networks in progress."""
        advance(train_until(end, member, self._of(resumes), self._control, self._shares.share))

    def train_within(self, seconds: float, epoch_seconds: float, member: Member, resumes: bool) -> None:
        """Trains in this thread."""
        advance(train_within(seconds, epoch_seconds, member, self._of(resumes), self._control, self.threads))

    def _of(self, resumes: bool) -> TrainingPlan:
        return replace(self._plan, resumes=self._plan.resumes or resumes)


class There:
    """Another process, with a copy of the work."""

    def __init__(self, copy: Copy, work: Work, plan: TrainingPlan, control: Control, threads: int) -> None:
        self.threads = threads
        self._copy, self._recipes, self._plan, self._control = copy, work.recipes, plan, control

    def is_ready(self, is_needed: Callable[[], bool]) -> bool:
        """Waits for the process, which may have been started a moment ago."""
        return self._copy.peer.wait(CONNECT_SECONDS, is_needed)

    def measure(self, member: Member, seconds: float) -> Speed:
        """Measures in that process."""
        speed: Speed = self._copy.peer.call(measured_there, self._copy.key, self._task(member, seconds))
        return speed

    def train_until(self, end: float, member: Member, resumes: bool) -> None:
        """Trains in that process."""
        self._train(member, self._task(member, end - clock(), resumes=resumes))

    def train_within(self, seconds: float, epoch_seconds: float, member: Member, resumes: bool) -> None:
        """Trains in that process."""
        self._train(member, self._task(member, seconds, epoch_seconds, resumes))

    def _task(self, member: Member, seconds: float, epoch_seconds: float | None = None, resumes: bool = False) -> Task:
        recipe = self._recipes.index(member.recipe)
        return Task(member.number, recipe, self.threads, seconds, epoch_seconds, resumes, member.ends_early)

    def _train(self, member: Member, task: Task) -> None:
        """Waits for a member that the other process trains, and shows its course to the callbacks meanwhile."""
        plan, run = self._plan, watched_run(member, self._plan)
        with begun(plan.callbacks, run, plan.callback_epochs) as calls:
            watching, history = Calls(calls), History.before(member.recipe.epochs)
            watching.begin(history)

            def look(told: History | ForwardedWarning) -> None:
                if isinstance(told, ForwardedWarning):
                    told.issue()
                    return
                vars(history).update(vars(told))  # the same object, which the callbacks keep
                if make(watching.due(history), history):
                    run.stop()

            trained: Trained = self._copy.peer.call(
                trained_there, self._copy.key, task, report=look,
                should_stop=lambda: self._control.stop.is_set() or run.should_stop,
            )  # fmt: skip
            trained.give(member)
            if member.history is not None:
                vars(history).update(vars(member.history.records_alone()))
            make(watching.missed(history), history)


def require_suited(plan: TrainingPlan) -> None:
    """Raises InputError for callbacks that need the networks themselves, which are in other processes, and for a GPU.

    The processes of this machine would take the same one. A launcher may give each process one of its own.
    """
    if Launch.found() is None and trains_together(plan.engine):
        raise InputError(
            f"workers must be left out with engine={plan.engine!r}: the processes would share one GPU, on which one "
            "process trains all networks together. With workers, give engine='native' or 'auto'."
        )
    needing = [each for each in plan.callbacks if not (isinstance(each, RunCallback) and each.needs_records_alone)]
    if needing or plan.on_epoch is not None:
        what = "the callbacks of set_callbacks" if plan.on_epoch is not None else f"the callback {needing[0]!r}"
        raise InputError(
            f"{what} cannot see a network that another process trains. Train in this process alone (workers=None), or "
            "leave it out; verbose=True shows the progress of all."
        )


def division(networks: int, threads: Sequence[int]) -> list[int]:
    """Returns how many of the networks in progress each process has, for the numbers of their threads.

    The first process has one at least, and none has more than threads.

    >>> division(8, [2, 2]), division(3, [4, 4]), division(1, [1, 8]), division(8, [1, 1])
    ([2, 2], [2, 1], [1, 0], [1, 1])
    """
    counts = [0] * len(threads)
    for _ in range(min(networks, sum(threads))):
        free = [n / (count + 1) if count < n else -math.inf for n, count in zip(threads, counts, strict=True)]
        counts[free.index(max(free)) if counts[0] else 0] += 1
    return counts
