"""Training: starting at θ₀, repeat θ := θ − α ∇J(θ), or another optimizer's step, until J(θ) converges (L12, L13)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import ArrayLike

from chainrule._internal.imports import imported
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike, StoredRows
from chainrule.engines.choice import EngineLike, is_first
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.training.callbacks.callback import Callback
from chainrule.training.callbacks.calls import with_displays
from chainrule.training.checkpoint import Checkpoint, PathLike, Resume
from chainrule.training.history import History
from chainrule.training.job import new_job
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.verdict import pronounce, verdict


def train(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    optimizer: Optimizer | str = "gradient_descent",
    epochs: int = 100,
    batch_size: int | None = None,
    window: int | None = None,
    shuffle: bool = True,
    seed: int | None = 0,
    weights: ArrayLike | None = None,
    validation: Sequence[Any] | StoredRows | None = None,
    tol: float | None = None,
    tol_epochs: int = 10,
    patience: int | None = None,
    time_limit: float | Deadline | None = None,
    callbacks: Sequence[Callback] = (),
    callback_epochs: int | Callable[[], int | None] | None = 1,
    record: Sequence[str] = (),
    checkpoint: Checkpoint | PathLike | None = None,
    resume: Resume = None,
    verbose: bool | int = False,
    engine: EngineLike = "auto",
    threads: int | None = None,
) -> History:
    """Minimises J over a training set: changes θ in place, and returns the History of the run.

    The step θ := θ − α ∇J(θ), or the optimizer's own, is repeated over minibatches of ``batch_size`` rows (None: all t
    rows, the lecture's gradient descent), for ``epochs`` passes over X (t, n), Y (t, m) and ``weights`` (t,). Each
    epoch visits the rows in a new order fixed by ``seed``; with ``shuffle=False`` all epochs keep the given order. X
    may be a sparse array or matrix of SciPy, which does not become dense, or a `TrainingSet` instead of X, Y and
    weights.

    `Rows` in files are read in windows of about ``window`` rows; with None, those of up to 512 MiB are read at once. An
    epoch visits the windows in a random order, and the rows in each; a TrainingWarning says if the order of the file
    makes such windows poor samples (`Rows.variance_ratio`). Each step then needs a ``batch_size``.

    ``validation`` = (X, Y), rows in files, or (X, Y, weights) is evaluated after each epoch. Training stops early when

    - J has converged: its last ``tol_epochs`` + 1 values lie within ``tol`` · max |J| and rounding, 4ε · max |J|;
    - the validation cost has not fallen for ``patience`` epochs; with ``patience``, θ ends as the best one seen;
    - ``time_limit`` seconds have passed, or a callback returns True.

    If not all epochs fit into ``time_limit``, a schedule of the learning rate, of dropout or of weight decay extends
    over those that do, by the speed of the first second, and ends with the time. ``history.forecast`` says what fits,
    and a TrainingWarning what was left out. With a validation set θ ends as the best one seen. All of this depends on
    the clock; without a ``time_limit``, and with a `Deadline` in its place, nothing does but the last step.

    ``verbose=True`` or 1 shows one line that changes in place: epochs, J, validation J and the time left; 2 shows a
    line for each epoch. Each of ``callbacks`` is a function that is called with the History every ``callback_epochs``
    epochs (None: about ten times a second; a function without arguments returns the number before each wait), and when
    training ends; or one of `chainrule.callbacks`, which have intervals of their own. It may change ``net.theta``, for
    example to project or to prune: training continues from there. ``record`` = ["theta", "gradient"] keeps θ, and ∇J(θ)
    over all examples, before and after each epoch: see `History.rewind`.

    ``checkpoint`` names a file that the run is written to now and then, and as it ends, atomically (`Checkpoint`).
    ``resume`` continues a run up to ``epochs`` in total (one more: ``history.epochs + 1``), with the same bits as an
    uninterrupted one: that of a checkpoint, given by its path; with True that of ``checkpoint``, if the file exists,
    else the run begins; or ``history.state``. If a write fails later, training continues with a TrainingWarning.
    ``engine`` is "auto", an engine's name, or an engine such as `DataParallel`; ``threads`` limits the threads.

    Raises InputError for bad input before any work, for a checkpoint that exists and is not resumed, or that belongs to
    other data or settings, and for a callback that makes θ infinite or NaN; FileFormatError for a file that is no
    complete checkpoint; OSError if it cannot be read, or cannot be written before the first step; DivergenceError when
    J, ∇J, θ or a moment is no longer finite (θ keeps its last finite value), or when J exceeds 1e10 times its first
    value; RowsError when a file of rows changes or vanishes meanwhile, after the checkpoint has been written;
    TrainingInterrupted on Ctrl-C (θ is the result of the last complete step, or the best one with ``patience``; a
    second Ctrl-C stops at once, in mid-step). Both carry the history. In a notebook or at the prompt the first Ctrl-C
    raises nothing: the history is returned, with a TrainingWarning. Exceptions raised by a callback propagate, with a
    note that names it, and leave θ in the same state.

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
    shown = verbose if is_first(engine) else False
    job = new_job(
        net, X, Y, weights=weights, validation=validation, cost=cost, optimizer=optimizer, epochs=epochs,
        batch_size=batch_size, window=window, shuffle=shuffle, seed=seed, tol=tol, tol_epochs=tol_epochs,
        patience=patience, threads=threads, time_limit=time_limit, callbacks=with_displays(callbacks, shown),
        callback_epochs=callback_epochs, record=record, checkpoint=checkpoint, resume=resume, engine=engine,
    )  # fmt: skip
    history = job.begin()
    with imported("chainrule.training.interrupt").Interrupt(job.interrupt) as interrupt:
        job.run()
    returns_history = history.stopped == "interrupted" and interrupt.should_return_history()
    pronounce(verdict(job.problem, history), returns_history=returns_history)
    return history
