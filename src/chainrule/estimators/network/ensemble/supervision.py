"""Training several networks in parallel, supervised by the calling thread."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from chainrule.estimators.network.ensemble.control import POLL_SECONDS, Control
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.plan import TrainingPlan
from chainrule.estimators.network.ensemble.scheduler import Scheduler
from chainrule.estimators.network.recipe import Recipe


class Outcome(NamedTuple):
    """The networks that were trained, in their order, and how their training ended."""

    members: list[Member]
    was_interrupted: bool  # by Ctrl-C
    was_cut: bool  # by the time limit
    whole_seconds: float | None  # the estimated time of the whole plan, if it was measured


class Training:
    """The training of the members that ``make`` returns for number and recipe; after Ctrl-C each has its best epoch.

    Members are independent of each other, so results do not depend on the number of threads. With a time limit there
    are as many as can be trained well, and their epochs are planned by the measured speed.
    """

    def __init__(self, make: Callable[[int, Recipe], Member], plan: TrainingPlan) -> None:
        self.was_interrupted = False
        self._scheduler, self._plan = Scheduler(make, plan), plan
        self._runs: list[Future[None]] = []

    def run(self) -> Outcome:
        """Trains all members; a second Ctrl-C is raised."""
        scheduler, control = self._scheduler, self._scheduler.control
        with ThreadPoolExecutor(scheduler.most_workers, thread_name_prefix="chainrule") as pool:
            try:
                try:
                    for phase in scheduler.phases():
                        self._runs = [pool.submit(_run, phase, control) for _ in range(scheduler.workers)]
                        control.begin.set()  # now that Ctrl-C can no longer come between two calls of `submit`
                        _watch(self._runs, self._plan, control)
                        _raise_first(self._runs)
                except KeyboardInterrupt:
                    self.was_interrupted = True
                    control.stop.set()
                    _watch(self._runs, self._plan, control)
            finally:
                control.stop.set()  # no member outlives this call, even after an exception
                control.begin.set()
        return self._outcome()

    def end(self) -> Outcome:
        """Returns the outcome again, after a first Ctrl-C that came when the training had ended, or nearly so."""
        self.was_interrupted = True
        return self._outcome()

    def _outcome(self) -> Outcome:
        _raise_first(self._runs)  # which waits for them
        scheduler = self._scheduler
        return Outcome(scheduler.trained(), self.was_interrupted, scheduler.is_cut(), scheduler.whole_seconds())


def _run(phase: Callable[[], None], control: Control) -> None:
    control.begin.wait()
    phase()


def _watch(runs: Sequence[Future[None]], plan: TrainingPlan, control: Control) -> None:
    """Waits for all runs, answers their questions, and stops all of them if one raises an exception."""
    while not all(run.done() for run in runs):
        if plan.on_epoch is None:
            wait(runs, timeout=POLL_SECONDS, return_when=FIRST_EXCEPTION)
        _answer(plan, control)
        if any(run.done() and run.exception() is not None for run in runs):
            control.stop.set()  # `_raise_first` raises it once all have stopped


def _answer(plan: TrainingPlan, control: Control) -> None:
    """Answers a question, after waiting for it if there may be one."""
    if plan.on_epoch is None:
        return
    try:
        question = control.questions.get(timeout=POLL_SECONDS)
    except queue.Empty:
        return
    question.answer.put(plan.on_epoch(question.member, question.epochs))


def _raise_first(runs: Sequence[Future[None]]) -> None:
    for run in runs:
        run.result()
