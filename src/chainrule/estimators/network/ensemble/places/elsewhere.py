"""The training of a network in another process: what goes there, what is done there, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from chainrule._internal.checks import Array
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.measurement import measured_speed
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_factory import MemberFactory
from chainrule.estimators.network.ensemble.member_training import train_until, train_within
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.estimators.network.ensemble.speeds import Speed
from chainrule.estimators.network.recipe import Recipe
from chainrule.processes.worker import Link
from chainrule.training import History
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun
from chainrule.training.callbacks.calls import epochs_between
from chainrule.training.callbacks.early_stopping import MetricCourse
from chainrule.training.errors import DivergenceError
from chainrule.training.job import advance
from chainrule.training.several.thread_shares import ThreadShares


@dataclass(frozen=True, eq=False)
class Work:
    """The networks of one fit, as another process makes and trains them."""

    make: MemberFactory
    plan: TrainingPlan
    is_watched: bool
    interval: int | None  # the epochs between two looks; None: by the clock

    @classmethod
    def of(cls, make: MemberFactory, plan: TrainingPlan) -> Work:
        """Returns the work without what stays in this process: the callbacks, and rows that are copied there anew."""
        interval = epochs_between(plan.callbacks, plan.callback_epochs)
        return cls(replace(make, _training={}), replace(plan, callbacks=(), peers=()), bool(plan.callbacks), interval)

    @property
    def recipes(self) -> list[Recipe]:
        """All recipes, which calls name by their number: a recipe that was pickled may be another key of a dict."""
        return list(self.make.splits)

    def member(self, task: Task) -> Member:
        """Returns the network of a task, as it is before training."""
        member = self.make(task.number - self.make.first, self.recipes[task.recipe])
        member.ends_early = task.ends_early
        return member


@dataclass(frozen=True)
class Task:
    """One network to be trained with a number of threads, within some seconds.

    ``epoch_seconds`` is the measured duration of an epoch, if epochs are planned by it.
    """

    number: int
    recipe: int
    threads: int
    seconds: float
    epoch_seconds: float | None = None
    resumes: bool = False
    ends_early: bool = False


@dataclass(frozen=True, eq=False)
class Trained:
    """The outcome of a network's training."""

    theta: Array
    history: History | None
    error: DivergenceError | None
    improved: bool
    course: MetricCourse | None
    kept_shares: list[float]

    @classmethod
    def of(cls, member: Member) -> Trained:
        """Returns the outcome that a member has."""
        return cls(
            member.net.theta, member.history, member.error, member.improved, member.course, member.kept_shares
        )  # fmt: skip

    def give(self, member: Member) -> None:
        """Gives the outcome to the member with the same initial values and rows."""
        for share in self.kept_shares:
            member.keep_rows(share)
        member.net.theta = self.theta
        member.history, member.error, member.course = self.history, self.error, self.course
        member.improved = self.improved


class Reports(RunCallback):
    """Sends the records so far to the other process, now and then."""

    def __init__(self, link: Link, epochs: int | None) -> None:
        self._link, self.epochs = link, epochs

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Yields the function that sends them."""
        yield lambda history: self._link.report(history.records_alone())


def measured_there(link: Link, key: int, task: Task) -> Speed:
    """Measures the duration of an epoch in this process."""
    work: Work = link.held(key)
    member = work.member(task)
    return measured_speed(member, work.plan.engine, task.threads, task.seconds)


def trained_there(link: Link, key: int, task: Task) -> Trained:
    """Trains a network in this process."""
    work: Work = link.held(key)
    member, control = work.member(task), Control(stop=link.stop)
    callbacks = (Reports(link, work.interval),) if work.is_watched else ()
    plan = replace(
        work.plan, callbacks=callbacks, threads=task.threads, resumes=work.plan.resumes or task.resumes,
        deadline=clock() + task.seconds,
    )  # fmt: skip
    if task.epoch_seconds is None:
        advance(train_until(plan.deadline, member, plan, control, ThreadShares(task.threads, jobs=1, most=1).share))
    else:
        advance(train_within(task.seconds, task.epoch_seconds, member, plan, control, task.threads))
    return Trained.of(member)
