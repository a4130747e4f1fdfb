"""Training several networks at once, each on its own thread, watched from the one that called."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import LARGEST, as_integer
from chainrule.engines.state import TrainingState
from chainrule.estimators.examples import Examples
from chainrule.estimators.network.recipe import Recipe
from chainrule.network import Network
from chainrule.training import History, train
from chainrule.training.errors import DivergenceError

PROBE_SHARE = 0.05  # of the time limit goes into finding out how long an epoch takes
LOOK_SECONDS = 0.05  # how long the calling thread waits before it looks at the others
SAFETY = 0.85  # of the rest is planned for

Callback = Callable[[History], object]


@dataclass(eq=False)
class Member:
    """One network of an estimator, the rows that it learns from and those that watch it, and how it went."""

    net: Network
    training: Examples
    held_out: Examples | None
    at: NDArray[np.intp]  # the numbers of the held-out rows among all rows
    seed: int
    recipe: Recipe
    resume: TrainingState | None = None
    history: History | None = None
    error: DivergenceError | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it has learned something: it did not diverge, or held-out rows told a good epoch before."""
        return self.history is not None and (self.error is None or self.history.state.best_theta is not None)


@dataclass(eq=False)
class Control:
    """What the members share: a way to stop all of them, and the news from them."""

    stop: threading.Event = field(default_factory=threading.Event)
    news: queue.SimpleQueue[tuple[int, int]] = field(default_factory=queue.SimpleQueue)  # (member, finished epochs)
    stop_one: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class TrainingPlan:
    """How the members are trained: all but their rows and their seeds."""

    engine: str
    threads: int | None
    deadline: float  # of time.perf_counter()
    callbacks: Sequence[Callback]
    on_epoch: Callable[[int, int], bool] | None = None  # (member, finished epochs) → whether to stop that member
    reports_each_epoch: bool = False  # whether there is news after each epoch, or about ten times a second


def train_all(members: Sequence[Member], plan: TrainingPlan) -> bool:
    """Train each member; Ctrl-C lets all keep the best that they have. Tells whether Ctrl-C came.

    Results do not depend on the number of threads: each member is trained on its own.
    """
    cpus = thread_limit(plan.threads)
    workers = max(1, min(cpus, len(members)))
    control, interrupted = Control(), False
    with ThreadPoolExecutor(workers, thread_name_prefix="chainrule") as pool:
        waves = math.ceil(len(members) / workers)
        try:
            runs = [
                pool.submit(_train, member, j, plan, control, max(1, cpus // workers), waves - j // workers)
                for j, member in enumerate(members)
            ]
            try:
                _watch(runs, plan, control)
            except KeyboardInterrupt:
                interrupted = True
                control.stop.set()
                _watch(runs, plan, control)  # a second Ctrl-C is meant for the program
        finally:
            control.stop.set()  # whatever has ended the watch, no member trains on
        for run in runs:
            run.result()
    return interrupted


def _watch(runs: Sequence[Future[None]], plan: TrainingPlan, control: Control) -> None:
    """Wait for the end of all members, hand on their news, and stop all of them if one raises an exception."""
    while not all(run.done() for run in runs):
        wait(runs, timeout=LOOK_SECONDS, return_when=FIRST_EXCEPTION)
        _hand_on(plan, control)
        if any(run.done() and run.exception() is not None for run in runs):
            control.stop.set()  # `train_all` raises it once all have stopped
    _hand_on(plan, control)


def _hand_on(plan: TrainingPlan, control: Control) -> None:
    """Hand on the news of finished epochs."""
    while not control.news.empty():
        member, epoch = control.news.get()
        if plan.on_epoch is not None and plan.on_epoch(member, epoch):
            control.stop_one.add(member)


def _train(member: Member, number: int, plan: TrainingPlan, control: Control, threads: int, waves: int) -> None:
    """Train one member until its epochs are made, the time is over, or it is told to stop."""
    recipe = member.recipe

    def look(history: History) -> bool:
        control.news.put((number, history.epochs))
        answers = [callback(history) for callback in plan.callbacks]
        told = any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers)
        return told or control.stop.is_set() or number in control.stop_one

    left = plan.deadline - time.perf_counter()
    limit = None if left == math.inf else max(left / waves, 1e-3)  # those that wait for this thread get their part
    epochs = recipe.epochs if limit is None else affordable_epochs(member, plan, threads, limit)
    every = 1 if plan.reports_each_epoch else None
    try:
        member.history = train(
            member.net,
            member.training.X,
            member.training.Y,
            weights=member.training.weights,
            cost=recipe.cost,
            optimizer=recipe.optimizer,
            epochs=epochs,
            batch_size=batch_size(recipe, len(member.training.X)),
            seed=member.seed,
            validation=None if member.held_out is None else tuple(member.held_out),  # type: ignore[arg-type]  # None: none
            patience=None if member.held_out is None else recipe.patience or epochs,
            time_limit=limit,
            callbacks=[look],
            callback_epochs=every,
            resume=member.resume,
            engine=plan.engine,
            threads=threads,
        )
    except DivergenceError as error:
        member.history, member.error = error.history, error


def affordable_epochs(member: Member, plan: TrainingPlan, threads: int, seconds: float) -> int:
    """The epochs that can be made in so many seconds, by the time that a first one takes on a copy of the network.

    Schedules then come to their end within the time, which does a network more good than many epochs at a high rate.
    """
    recipe = member.recipe
    probe = train(
        member.net.copy(), member.training.X, member.training.Y, weights=member.training.weights, cost=recipe.cost,
        optimizer=recipe.optimizer, epochs=recipe.epochs, batch_size=batch_size(recipe, len(member.training.X)),
        validation=None if member.held_out is None else tuple(member.held_out),  # type: ignore[arg-type]  # None: none
        time_limit=PROBE_SHARE * seconds, engine=plan.engine, threads=threads,
    )  # fmt: skip
    state = probe.state
    steps = state.step / math.ceil(len(member.training.X) / (batch_size(recipe, len(member.training.X)) or LARGEST))
    spent = float(sum(state.records["seconds"])) + state.partial_seconds
    return max(1, min(recipe.epochs, int(SAFETY * (1.0 - PROBE_SHARE) * seconds * max(steps, 1e-9) / spent)))


def batch_size(recipe: Recipe, t: int) -> int | None:
    """The rows of a minibatch: the recipe's, or a little more or less, so that the last of an epoch is no small rest.

    >>> from chainrule.estimators.network.presets import preset
    >>> batch_size(preset("default", "regression", 10_000)[0], 513)
    257
    """
    size = recipe.batch_size
    if size is None or size >= t:
        return None
    return math.ceil(t / max(1, round(t / size))) if recipe.even_batches else size


def thread_limit(threads: int | None) -> int:
    """So many threads as asked for, else CHAINRULE_THREADS, else the CPUs of this process."""
    from chainrule.engines.thread_counts import thread_count

    return thread_count(1e15, None) if threads is None else as_integer(threads, "threads", 1)
