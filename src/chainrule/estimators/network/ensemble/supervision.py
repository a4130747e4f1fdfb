"""Training several networks in parallel, supervised by the calling thread."""

from __future__ import annotations

import queue
from contextlib import closing
from typing import NamedTuple

from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_factory import MemberFactory
from chainrule.estimators.network.ensemble.plan import TrainingPlan
from chainrule.estimators.network.ensemble.scheduler import Scheduler
from chainrule.training.several.on_threads import POLL_SECONDS, on_threads


class Outcome(NamedTuple):
    """The networks that were trained, in their order, and how their training ended."""

    members: list[Member]
    was_interrupted: bool  # by Ctrl-C
    was_cut: bool  # by the time limit
    planned: int  # networks, if nothing is cut
    whole_seconds: float | None  # the estimated time of the whole plan, if it was measured


class Training:
    """The training of the members that ``make`` returns for number and recipe; after Ctrl-C each has its best epoch.

    Members are independent of each other, so results do not depend on the number of threads. With a time limit there
    are as many as can be trained well, and their epochs are planned by the measured speed.
    """

    def __init__(self, make: MemberFactory, plan: TrainingPlan) -> None:
        self.was_interrupted = False
        self._scheduler, self._plan = Scheduler(make, plan), plan

    def run(self) -> Outcome:
        """Trains all members; a second Ctrl-C is raised."""
        with closing(self._scheduler.processes):
            return self._run()

    def _run(self) -> Outcome:
        control, look = self._scheduler.control, None if self._plan.on_epoch is None else self._answer
        try:
            for phase in self._scheduler.phases():
                if on_threads(phase, self._scheduler.workers, stop=control.stop.set, look=look):
                    return self.end()
        except KeyboardInterrupt:
            self.was_interrupted = control.stop.is_set()  # by a first Ctrl-C
            raise
        return self._outcome()

    def end(self) -> Outcome:
        """Returns the outcome after a first Ctrl-C, also if that came when the training had ended, or nearly so."""
        self.was_interrupted = True
        return self._outcome()

    def _outcome(self) -> Outcome:
        scheduler = self._scheduler
        return Outcome(
            scheduler.trained(), self.was_interrupted, scheduler.is_cut(), scheduler.planned, scheduler.whole_seconds()
        )

    def _answer(self) -> None:
        """Answers a question, after waiting for it."""
        assert self._plan.on_epoch is not None
        try:
            question = self._scheduler.control.questions.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        question.answer.put(self._plan.on_epoch(question.member, question.epochs))
