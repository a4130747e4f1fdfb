"""The work of one call of `train`, which `train_many` does for each of its networks: its arguments are checked."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from chainrule import engines
from chainrule._internal.checks import as_real
from chainrule.costs import Cost
from chainrule.engines import TrainingRun
from chainrule.engines.bundle import BundleKind
from chainrule.engines.choice import EngineLike
from chainrule.engines.problem import Problem
from chainrule.engines.seam import SharedEngine, SharedRun
from chainrule.engines.thread_counts import step_flop
from chainrule.errors import InputError, ProcessLost, RowsError
from chainrule.network import Network
from chainrule.training.callbacks.callback import Callback, Interval, WatchedRun
from chainrule.training.callbacks.calls import Call, as_callbacks, epochs_between, make, watching
from chainrule.training.checked_problem import IN_MEMORY, Check, checked_problem
from chainrule.training.checkpoint import Checkpoint, CheckpointWriter, PathLike, Resume, reading_alone
from chainrule.training.history import History
from chainrule.training.learning_rate.watched_descent import started
from chainrule.training.path import Path
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.time_limit.timed_run import TimedRun, with_best_theta

# Operations of the engine between two calls of Python that take it about as long as they take Python: 20 µs. With
# fewer, two threads that wait for each other's Python are slower than one (5-3-2-1, a callback each epoch: 1.8 times).
SHORT_FLOP = 2e6


class RunSlice(NamedTuple):
    """A part of a run, after which something is due: it has at most this many epochs, and seconds.

    Runs of one ``kind`` may be advanced together.
    """

    run: TrainingRun
    epochs: int
    seconds: float
    kind: BundleKind | None


Slices: TypeAlias = Generator[RunSlice, None, Any]


def new_job(
    net: Network, X: Any, Y: Any, *, weights: Any, validation: Any, cost: Any, optimizer: Any, epochs: Any,
    batch_size: Any, shuffle: Any, seed: Any, tol: Any, tol_epochs: Any, patience: Any, threads: Any,
    examples: Check = Cost.examples, window: Any = IN_MEMORY, **others: Any,
) -> Job:  # fmt: skip
    """Returns the job of a call of `train`. ``examples`` checks the training set and the validation set.

    Raises what `train` raises before any work.
    """
    problem = checked_problem(
        net, X, Y, weights, validation, cost, optimizer, epochs, batch_size, shuffle, seed, tol, tol_epochs, patience,
        threads, examples, window,
    )  # fmt: skip
    return Job(problem, **others)


class Job:
    """A training run to be made: ``begin`` prepares it, ``run`` trains the network in place and ends it.

    Its callbacks watch from ``begin``, which reads their list, to the end of ``run``, when the network has its last θ.
    It is network ``number`` of ``networks``. A caller that has asked for a GPU for all of them says so.

    Raises what `train` raises before any work.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        time_limit: float | Deadline | None,
        callbacks: Sequence[Callback],
        callback_epochs: Interval,
        record: Sequence[str],
        checkpoint: Checkpoint | PathLike | None,
        resume: Resume,
        engine: EngineLike,
        number: int = 1,
        networks: int = 1,
        asks_for_gpu: bool = True,
    ) -> None:
        self._limit, self._fits_plan = _seconds(time_limit), not isinstance(time_limit, Deadline | None)
        self._callbacks, self._callback_epochs = callbacks, callback_epochs
        self._epochs_between_calls = epochs_between(as_callbacks(callbacks), callback_epochs)
        self._place = number, networks
        self._path = Path(record, problem)
        if isinstance(engine, SharedEngine):
            if self._fits_plan:
                raise InputError(
                    f"time_limit={time_limit!r} plans epochs by the speed of one process, and {engine!r} has several. "
                    f"Give time_limit=cr.Deadline({time_limit!r}), which ends all of them after the same step."
                )
            if not engine.is_first:
                checkpoint, resume = reading_alone(checkpoint, resume)
        self._writer = CheckpointWriter(checkpoint, resume, problem)
        self.problem = with_best_theta(problem, self._writer.state) if self._fits_plan else problem
        self._choice = engines.chosen(
            problem.net, problem.cost, problem.optimizer, shuffle=problem.shuffle, X=problem.X,
            problem=problem if asks_for_gpu else None, limit=self._limit if self._fits_plan else math.inf,
            engine=engine,
        )  # fmt: skip
        self._run: TrainingRun | None = None
        self._shared: SharedRun | None = None
        self._is_interrupted = False
        self._thread_limit: int | None = None

    @property
    def is_bound_by_python(self) -> bool:
        """True if most of its time may be spent in Python, where one thread at a time can run."""
        return not self._choice.engine.releases_gil or self._is_called_often

    @property
    def _is_called_often(self) -> bool:
        """True if Python, such as a callback, takes as long as the engine."""
        problem, between = self.problem, self._epochs_between_calls
        if self._path.names or problem.optimizer.learning_rate is None:
            between = 1
        return between is not None and between * step_flop(problem.net, problem.data.t, problem.X) < SHORT_FLOP

    @property
    def bundle_kind(self) -> BundleKind | None:
        """The kind of the bundles in which it can be done, or None."""
        is_wrapped = self._fits_plan or self.problem.optimizer.learning_rate is None
        engine = self._choice.engine
        if is_wrapped or self._path.names or (engine.releases_gil and self._is_called_often):
            return None
        return engine.bundle_kind(self.problem)

    def begin(self) -> History:
        """Prepares the engine's run, writes the first checkpoint, and returns the History that ``run`` continues."""
        problem, choice, state = self.problem, self._choice, self._writer.state
        began = time.perf_counter()
        self._deadline = began + self._limit
        self._watched = WatchedRun.of(problem, state, self._deadline, *self._place)
        with ExitStack() as stack:
            self._calls = stack.enter_context(watching(self._callbacks, self._watched, self._callback_epochs))
            if self._fits_plan:
                run: TrainingRun = TimedRun(choice.engine, problem, state, began, self._limit)
            else:
                run = started(choice.engine, problem, state)
            self._run = run
            self._shared = run if isinstance(run, SharedRun) else None
            if self._thread_limit is not None:  # read when `limit_threads` in another thread already finds the run
                run.limit_threads(self._thread_limit)
            history = self.history = History(
                run, problem.epochs, choice.name, choice.reason, self._path, self._watched.kept
            )
            history.stopped, self._watched.history = run.stopped, history
            self._path.take(history.epochs)
            self._writer.begin(history)
            self._watching = stack.pop_all()
        return history

    def run(self) -> None:
        """Trains until a rule, a callback, a limit or ``interrupt`` ends it."""
        advance(self.slices())

    def slices(self) -> Generator[RunSlice, None, None]:
        """Yields each slice of the engine's run, which the caller advances."""
        assert self._run is not None  # since `begin`
        run, history, kind = self._run, self.history, self.bundle_kind
        with self._watching:
            try:
                self._calls.begin(history)
                self._watched.connect(run.interrupt)
                history.stopped = history.stopped or self._reason(should_stop=False, is_late=False)
                while history.stopped is None:
                    yield RunSlice(run, *self._next_slice(history), kind)
                    history.stopped = self._after_slice(run, history)
                self._make(self._calls.missed(history))
                self._writer.end(history)
            except ProcessLost as lost:
                self._writer.end(history)
                lost.args = (f"{lost} {_place(history)} {self._writer.remedy}",)
                raise
            except RowsError as error:
                self._writer.end(history)
                error.add_note(self._writer.after_loss(history))
                raise
            finally:
                history.finish()
        if self._is_interrupted:  # also if the run has just ended: Ctrl-C is for the program too
            history.stopped = "interrupted"

    def interrupt(self) -> None:
        """Makes the current ``run``, or else the next, end soon; safe in signal handlers and threads."""
        self._is_interrupted = True
        if self._run is not None:
            self._run.interrupt()

    def limit_threads(self, limit: int) -> None:
        """Makes later steps use at most ``limit`` threads; safe in other threads."""
        self._thread_limit = limit
        if self._run is not None:
            self._run.limit_threads(limit)

    def _next_slice(self, history: History) -> tuple[int, float]:
        """Returns the most epochs and seconds until something is due."""
        calls, writer = self._calls, self._writer
        left = min(self._deadline, writer.deadline) - time.perf_counter()
        epochs = min(calls.epochs_left(history), writer.epochs_until_due(history), history.planned_epochs)
        return 1 if self._path.names else int(epochs), min(calls.seconds_left(), left)

    def _after_slice(self, run: TrainingRun, history: History) -> str | None:
        """Does what is due after a slice; returns the reason to stop, or None."""
        history.stopped = run.stopped
        if isinstance(run, TimedRun):
            history.planned_epochs, history.forecast = run.planned_epochs, run.forecast
        should_stop = self._make(self._calls.due(history))
        self._path.take(history.epochs)
        if run.stopped is not None:
            return run.stopped
        reason = self._reason(should_stop, is_late=time.perf_counter() >= self._deadline)
        if reason is None:
            self._writer.after_slice(history)
        return reason

    def _reason(self, should_stop: bool, is_late: bool) -> str | None:
        """Returns the reason to end between two slices, the same in all processes that share the run; or None."""
        reason = None
        if should_stop or self._watched.should_stop:
            reason = "callback"
        elif is_late:
            reason = "time_limit"
        elif self._is_interrupted:
            reason = "interrupted"
        return reason if self._shared is None else self._shared.agreed(reason)

    def _make(self, calls: Sequence[Call]) -> bool:
        """Makes these calls, after which training continues from the θ that they leave; True asks to stop."""
        if not calls or self._run is None:
            return False
        should_stop = make(calls, self.history)
        if not np.isfinite(self.problem.net.theta).all():
            raise InputError("a callback has made θ infinite or NaN; it may change θ, but each entry must stay finite.")
        self._run.take_theta()
        return should_stop


def _place(history: History) -> str:
    return f"θ is whole, after {history.epochs} epochs of {history.planned_epochs}."


def advance(slices: Slices) -> None:
    """Advances the runs through all of their slices, one after the other."""
    for part in slices:
        with raised_in(slices):
            part.run.advance(part.epochs, part.seconds)


@contextmanager
def raised_in(*all_slices: Slices) -> Iterator[None]:
    """Raises an exception of this context where these slices wait, so that what watches the jobs sees it."""
    try:
        yield
    except BaseException as error:
        for slices in all_slices:
            with suppress(BaseException):
                slices.throw(error)
        raise


def _seconds(time_limit: float | Deadline | None) -> float:
    if isinstance(time_limit, Deadline):
        return time_limit.seconds
    return math.inf if time_limit is None else as_real(time_limit, "time_limit", 0.0, open_minimum=True)
