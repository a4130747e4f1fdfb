"""Training several networks in parallel, one thread each, supervised by the calling thread."""

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
from chainrule.training.callbacks import Callback
from chainrule.training.errors import DivergenceError

PROBE_SHARE = 0.05  # fraction of the time limit spent on measuring the time of an epoch
POLL_SECONDS = 0.05  # interval at which the calling thread checks the others
SAFETY = 0.85  # fraction of the remaining time that is planned for


@dataclass(eq=False)
class Member:
    """One network of an estimator, its training rows and held-out rows, and the outcome of its training."""

    net: Network
    training: Examples
    held_out: Examples | None
    at: NDArray[np.intp]  # row numbers of the held-out rows
    seed: int
    recipe: Recipe
    resume: TrainingState | None = None
    history: History | None = None
    error: DivergenceError | None = None

    @property
    def is_usable(self) -> bool:
        """True if it did not diverge, or if held-out rows determined a best epoch before it did."""
        return self.history is not None and (self.error is None or self.history.state.best_theta is not None)


@dataclass(eq=False)
class Control:
    """State shared by all members: a signal to stop, and a queue of finished epochs."""

    stop: threading.Event = field(default_factory=threading.Event)
    finished: queue.SimpleQueue[tuple[int, int]] = field(default_factory=queue.SimpleQueue)  # (member, epochs)
    stopped: set[int] = field(default_factory=set)  # members to stop


@dataclass(frozen=True)
class TrainingPlan:
    """Settings of training that all members share."""

    engine: str
    threads: int | None
    deadline: float  # of time.perf_counter()
    callbacks: Sequence[Callback]
    on_epoch: Callable[[int, int], bool] | None = None  # (member, finished epochs) → True to stop that member
    reports_each_epoch: bool = False  # after each epoch, rather than about ten times a second


def train_all(members: Sequence[Member], plan: TrainingPlan) -> bool:
    """Trains all members, and returns True if Ctrl-C interrupted them; each then keeps its best epoch.

    Members are independent of each other, so results do not depend on the number of threads.
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
                _watch(runs, plan, control)  # a second Ctrl-C ends the program
        finally:
            control.stop.set()  # no member outlives this call, even after an exception
        for run in runs:
            run.result()
    return interrupted


def _watch(runs: Sequence[Future[None]], plan: TrainingPlan, control: Control) -> None:
    """Waits for all members, reports their epochs, and stops all of them if one raises an exception."""
    while not all(run.done() for run in runs):
        wait(runs, timeout=POLL_SECONDS, return_when=FIRST_EXCEPTION)
        _report(plan, control)
        if any(run.done() and run.exception() is not None for run in runs):
            control.stop.set()  # `train_all` raises it once all have stopped
    _report(plan, control)


def _report(plan: TrainingPlan, control: Control) -> None:
    """Reports the finished epochs to the plan's callback."""
    while not control.finished.empty():
        member, epoch = control.finished.get()
        if plan.on_epoch is not None and plan.on_epoch(member, epoch):
            control.stopped.add(member)


def _train(member: Member, number: int, plan: TrainingPlan, control: Control, threads: int, waves: int) -> None:
    """Trains one member until its last epoch, the time limit, or a request to stop."""
    recipe = member.recipe

    def after_epochs(history: History) -> bool:
        control.finished.put((number, history.epochs))
        answers = [callback(history) for callback in plan.callbacks]
        should_stop = any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers)
        return should_stop or control.stop.is_set() or number in control.stopped

    left = plan.deadline - time.perf_counter()
    limit = None if left == math.inf else max(left / waves, 1e-3)  # members that wait for this thread need their share
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
            validation=None if member.held_out is None else tuple(member.held_out),  # (X, Y, weights)
            patience=None if member.held_out is None else recipe.patience or epochs,
            time_limit=limit,
            callbacks=[after_epochs],
            callback_epochs=every,
            resume=member.resume,
            engine=plan.engine,
            threads=threads,
        )
    except DivergenceError as error:
        member.history, member.error = error.history, error


def affordable_epochs(member: Member, plan: TrainingPlan, threads: int, seconds: float) -> int:
    """Estimates how many epochs fit into this time, from the speed of a trial run on a copy of the network.

    The schedule of the learning rate then ends within the time, which matters more than the number of epochs.
    """
    recipe = member.recipe
    probe = train(
        member.net.copy(), member.training.X, member.training.Y, weights=member.training.weights, cost=recipe.cost,
        optimizer=recipe.optimizer, epochs=recipe.epochs, batch_size=batch_size(recipe, len(member.training.X)),
        validation=None if member.held_out is None else tuple(member.held_out),  # (X, Y, weights)
        time_limit=PROBE_SHARE * seconds, engine=plan.engine, threads=threads,
    )  # fmt: skip
    state = probe.state
    steps = state.step / math.ceil(len(member.training.X) / (batch_size(recipe, len(member.training.X)) or LARGEST))
    spent = float(sum(state.records["seconds"])) + state.partial_seconds
    return max(1, min(recipe.epochs, int(SAFETY * (1.0 - PROBE_SHARE) * seconds * max(steps, 1e-9) / spent)))


def batch_size(recipe: Recipe, t: int) -> int | None:
    """Returns the recipe's batch size, adjusted a little so that the last minibatch of an epoch is not small.

    >>> from chainrule.estimators.network.presets import preset
    >>> batch_size(preset("default", "regression", 10_000)[0], 513)
    257
    """
    size = recipe.batch_size
    if size is None or size >= t:
        return None
    return math.ceil(t / max(1, round(t / size))) if recipe.even_batches else size


def thread_limit(threads: int | None) -> int:
    """Returns the number of threads: as given, else CHAINRULE_THREADS, else the CPUs of this process."""
    from chainrule.engines.thread_counts import thread_count

    return thread_count(1e15, None) if threads is None else as_integer(threads, "threads", 1)
