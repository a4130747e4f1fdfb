"""Training: starting at θ₀, repeat θ := θ − α ∇J(θ), or another optimizer's step, until J(θ) converges (L12, L13)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule import engines
from chainrule._internal.checks import as_real
from chainrule._internal.imports import imported
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines import TrainingRun
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.training.callbacks import Callback, Callbacks
from chainrule.training.checked_problem import checked_problem
from chainrule.training.checkpoint import Checkpoint, CheckpointWriter, PathLike, Resume
from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History
from chainrule.training.learning_rate.watched_descent import started
from chainrule.training.path import Path
from chainrule.training.verdict import divergence_message, warn_about_rise

# The time that an engine runs between two calls of callbacks, unless these come after a number of epochs. After each
# slice it writes θ back, which takes as long as several steps in a network with millions of parameters.
SLICE_SECONDS = 0.1


def train(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    optimizer: Optimizer | str = "gradient_descent",
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int | None = 0,
    weights: ArrayLike | None = None,
    validation: Sequence[Any] | None = None,
    tol: float | None = None,
    tol_epochs: int = 10,
    patience: int | None = None,
    time_limit: float | None = None,
    callbacks: Sequence[Callback] = (),
    callback_epochs: int | Callable[[], int | None] | None = 1,
    record: Sequence[str] = (),
    checkpoint: Checkpoint | PathLike | None = None,
    resume: Resume = None,
    engine: str = "auto",
    threads: int | None = None,
) -> History:
    """Minimises J over a training set: changes θ in place, and returns the History of the run.

    The step θ := θ − α ∇J(θ), or the optimizer's own, is repeated over minibatches of ``batch_size`` rows (None: all t
    rows, the lecture's gradient descent), for ``epochs`` passes over X (t, n), Y (t, m) and ``weights`` (t,). Each
    epoch visits the rows in a new order fixed by ``seed``; with ``shuffle=False`` all epochs keep the given order. X
    may be a sparse array or matrix of SciPy, which does not become dense, or a `TrainingSet` in the place of X, Y and
    weights.

    ``validation`` = (X, Y) or (X, Y, weights) is evaluated after each epoch. Training stops early when

    - J has converged: its last ``tol_epochs`` + 1 values lie within ``tol`` · max |J| and rounding, 4ε · max |J|;
    - the validation cost has not fallen for ``patience`` epochs; with ``patience``, θ ends as the best one seen;
    - ``time_limit`` seconds have passed, or a callback returns True.

    Each of ``callbacks`` is called with the History every ``callback_epochs`` epochs (None: about ten times a second; a
    function without arguments returns the number before each wait). It may change ``net.theta``, for example to project
    or to prune: training continues from there. ``record`` = ["theta", "gradient"] keeps θ, and ∇J(θ) over all
    examples, before and after each epoch: see `History.rewind`.

    ``checkpoint`` names a file that the run is written to now and then, and as it ends, atomically (`Checkpoint`).
    ``resume`` continues a run up to ``epochs`` in total (one more: ``history.epochs + 1``), with the same bits as an
    uninterrupted one: that of a checkpoint, given by its path; with True that of ``checkpoint``, if the file exists,
    else the run begins; or ``history.state``. If a write fails later, training goes on with a TrainingWarning.
    ``engine`` is "auto" or an engine's name, and ``threads`` limits the number of threads.

    Raises InputError for bad input before any work, for a checkpoint that exists and is not resumed, or that belongs to
    other data or settings, and for a callback that makes θ infinite or NaN; FileFormatError for a file that is no
    complete checkpoint; OSError if it cannot be read, or cannot be written before the first step; DivergenceError
    when J, ∇J, θ or a moment is no longer finite (θ keeps its last finite value), or when J exceeds 1e10 times its
    first value; TrainingInterrupted on Ctrl-C (θ is the result of the last complete step, or the best one with
    ``patience``; a second Ctrl-C stops at once, in mid-step). Both carry the history. Exceptions raised by a callback
    propagate and leave θ in the same state.

    J is a sum over the examples unless the cost has ``mean=True``, so that the largest learning rate with which it
    falls is proportional to 1/t. Gradient descent without a learning rate finds one, and takes a step back if J rises
    (`GradientDescent`). Otherwise a TrainingWarning says that J ended above where it began: the steps are too large.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> history = cr.train(net, [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]],
    ...                    optimizer=cr.GradientDescent(learning_rate=0.2), epochs=2000, tol=0.0)
    >>> history.stopped, net.W[1].round(6), net.b[1].round(6)
    ('tol', array([[2.]]), array([1.]))

    Source: Lecture, L8, L12, L13.
    """
    problem = checked_problem(
        net, X, Y, weights, validation, cost, optimizer, epochs, batch_size, shuffle, seed, tol, tol_epochs, patience,
        threads,
    )  # fmt: skip
    limit = math.inf if time_limit is None else as_real(time_limit, "time_limit", 0.0, open_minimum=True)
    calls = Callbacks(callbacks, callback_epochs)
    path = Path(record, problem)
    writer = CheckpointWriter(checkpoint, resume, problem)
    choice = engines.chosen(
        net, problem.cost, problem.optimizer, shuffle=problem.shuffle, X=problem.data.X, engine=engine
    )
    deadline = time.perf_counter() + limit
    run = started(choice.engine, problem, writer.state)
    history = History(run, problem.epochs, choice.name, choice.reason, path)
    history.stopped = run.stopped
    path.take(history.epochs)
    calls.begin(history)
    writer.begin(run, history)
    with imported("chainrule.training.interrupt").Interrupt(run.interrupt) as interrupt:
        try:
            while history.stopped is None and not interrupt.has_come:
                history.stopped = _next_slice(net, run, history, calls, path, writer, deadline)
            writer.end(run, history)
        finally:
            history.finish()
    if interrupt.has_come:  # also if the run has just ended: Ctrl-C is for the program too
        history.stopped = "interrupted"
    if history.stopped == "interrupted":
        raise TrainingInterrupted(
            f"training was interrupted after {history.epochs} of {problem.epochs} epochs; the network is intact.",
            history,
        )
    if history.stopped == "diverged":
        raise DivergenceError(divergence_message(problem, history), history)
    warn_about_rise(problem, history)
    return history


def _next_slice(
    net: Network,
    run: TrainingRun,
    history: History,
    calls: Callbacks,
    path: Path,
    writer: CheckpointWriter,
    deadline: float,
) -> str | None:
    """Advances the run until something is due, or the deadline; returns the reason to stop, or None."""
    left = min(deadline, writer.deadline) - time.perf_counter()
    epochs = 1 if path.names else min(calls.epochs_until_call(history), writer.epochs_until_due(history))
    run.advance(epochs, min(SLICE_SECONDS, left) if calls.follow_the_clock else left)
    history.stopped = run.stopped
    should_stop = False
    if calls.are_due(history):
        should_stop = calls.ask_to_stop(history)
        if not np.isfinite(net.theta).all():
            raise InputError("a callback has made θ infinite or NaN; it may change θ, but each entry must stay finite.")
        run.take_theta()
    path.take(history.epochs)
    if run.stopped is not None:
        return run.stopped
    if should_stop:
        return "callback"
    if time.perf_counter() >= deadline:
        return "time_limit"
    writer.after_slice(run, history)
    return None
