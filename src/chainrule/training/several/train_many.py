"""Training of several networks in one call, for several seeds, folds, learning rates or targets."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.checks import as_integer, shown
from chainrule._internal.imports import imported
from chainrule._internal.user_warnings import warn
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines.choice import EngineLike
from chainrule.engines.thread_counts import all_threads
from chainrule.errors import InputError, TrainingWarning
from chainrule.files.atomic import as_path
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.training.callbacks.callback import Callback
from chainrule.training.callbacks.calls import all_runs, as_callbacks, with_displays
from chainrule.training.checkpoint import Checkpoint, PathLike, Resume
from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History
from chainrule.training.job import new_job
from chainrule.training.several.each import Each, check_each, of_network
from chainrule.training.several.shared_examples import RowsOf, SharedExamples
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.verdict import Verdict, pronounce


def train_many(
    networks: Sequence[Network],
    X: ExamplesLike | Each,
    Y: ArrayLike | Each | None = None,
    *,
    rows: ArrayLike | Each | None = None,
    cost: Cost | str | Each = "sum_of_squares",
    optimizer: Optimizer | str | Each = "gradient_descent",
    epochs: int | Each = 100,
    batch_size: int | Each | None = None,
    shuffle: bool | Each = True,
    seed: int | Each | None = 0,
    weights: ArrayLike | Each | None = None,
    validation: Sequence[Any] | Each | None = None,
    tol: float | Each | None = None,
    tol_epochs: int | Each = 10,
    patience: int | Each | None = None,
    time_limit: float | Deadline | Each | None = None,
    callbacks: Sequence[Callback] | Each = (),
    callback_epochs: int | Callable[[], int | None] | Each | None = 1,
    record: Sequence[str] | Each = (),
    checkpoint: Checkpoint | PathLike | Each | None = None,
    resume: Resume | Each = None,
    verbose: bool | int = False,
    engine: EngineLike | Each = "auto",
    threads: int | None = None,
) -> list[History]:
    """Trains k networks at the same time: each θ changes in place, and each network has its History in the list.

    Every network ends bitwise as ``cr.train`` with the same arguments would leave it (by the engine torch on a GPU,
    within rounding). An argument is that of `train` and holds for all networks; `Each` gives one for every network, as
    in ``seed=cr.Each(range(k))``. ``rows`` are the numbers of those rows of X (t, n), Y (t, m) and weights (t,) that a
    network is trained on, such as a fold; their copies exist only while that network is trained. Networks with the same
    X, Y and weights share them.

    ``threads`` limits the threads of all together (None: the CPUs). Each trains one network at a time, from its first
    step to its last, or several tiny ones of one shape side by side in the lanes of its vectors, where that is faster;
    when fewer networks than threads are left, these share the threads. ``time_limit`` is that of each network, from its
    own first step. Callbacks, and a σ or cost of your own, are called in the thread of their network, while other
    networks are trained; ``verbose=1`` shows the progress of all networks as one bar, and 2 a line for each epoch.

    Raises InputError as `train` does, before any work, with the number of the network, which counts from 1; also for
    a network that is given twice, and for an `Each` that does not hold k values. A network that diverges does not stop
    the others: DivergenceError is raised when all are trained, and names those that diverged. TrainingInterrupted on
    Ctrl-C, or in a notebook and at the prompt a TrainingWarning, as in `train`: networks in training keep the result of
    their last complete step (the best one with ``patience``), others have not begun. Both errors have ``histories``,
    one for each network, and ``histories[j].stopped`` gives the reason why its training ended. An exception of a
    callback stops all networks and propagates.

    >>> import chainrule as cr
    >>> nets = [cr.Network.dense([1, 3, 1], hidden="tanh", seed=seed) for seed in range(4)]
    >>> X, Y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
    >>> histories = cr.train_many(nets, X, Y, optimizer=cr.Each([cr.Adam(0.1), cr.Adam(0.2), "adam", "rprop"]))
    >>> [history.epochs for history in histories]
    [100, 100, 100, 100]
    >>> alone = cr.Network.dense([1, 3, 1], hidden="tanh", seed=1)
    >>> cr.train(alone, X, Y, optimizer=cr.Adam(0.2)).J.tolist() == histories[1].J.tolist()
    True

    Source: Lecture, L8, L12.
    """
    nets = _as_networks(networks)
    count = all_threads(None if threads is None else as_integer(threads, "threads", 1))
    arguments = {
        "X": X, "Y": Y, "rows": rows, "cost": cost, "optimizer": optimizer, "epochs": epochs, "batch_size": batch_size,
        "shuffle": shuffle, "seed": seed, "weights": weights, "validation": validation, "tol": tol,
        "tol_epochs": tol_epochs, "patience": patience, "time_limit": time_limit, "callbacks": callbacks,
        "callback_epochs": callback_epochs, "record": record, "checkpoint": checkpoint, "resume": resume,
        "engine": engine,
    }  # fmt: skip
    check_each(arguments, len(nets))
    if not isinstance(cost, Each):
        arguments["cost"] = costs.get(cost)  # one object for all, whose examples they share
    _require_own_checkpoints(checkpoint, len(nets))
    shared = with_displays(() if isinstance(callbacks, Each) else callbacks, verbose)
    examples, module = SharedExamples(), imported("chainrule.training.several.job_queue")
    jobs, watching = [], []
    for j, net in enumerate(nets):
        own = of_network(arguments, j)
        if (at := own.pop("rows")) is not None:
            own["X"] = RowsOf(own["X"], at)
        with module.named(j + 1):
            own["callbacks"] = [*shared, *(as_callbacks(own["callbacks"]) if isinstance(callbacks, Each) else ())]
        watching.append(own["callbacks"])
        make = partial(new_job, net, threads=count, examples=examples, number=j + 1, networks=len(nets), **own)
        jobs.append(module.QueuedJob(j + 1, make, copies_rows=at is not None))
    with all_runs(shared, len(nets)) as opened:  # only now, when all arguments are checked
        for those in watching:
            those[: len(shared)] = opened
        queue = module.JobQueue(jobs, count)
        with imported("chainrule.training.interrupt").Interrupt(queue.stop) as interrupt:
            was_interrupted = queue.run()
    histories: list[History] = [job.history for job in jobs]
    if was_interrupted or interrupt.has_come:
        pronounce(Verdict(_interrupted(histories), None), returns_history=interrupt.should_return_history())
        return histories
    if diverged := {job.number: job.verdict.error for job in jobs if job.verdict.error is not None}:
        raise _diverged(diverged, histories)
    for job in jobs:
        if job.verdict.warning is not None:
            warn(f"network {job.number}: {job.verdict.warning}", TrainingWarning)
    return histories


def _as_networks(networks: Sequence[Network]) -> list[Network]:
    """Returns the networks as a list. Raises InputError unless there is one, and each is there once."""
    if isinstance(networks, Network) or not isinstance(networks, Sequence) or not networks:
        raise InputError(f"networks must be a list of one or more networks; got {shown(networks)}.")
    numbers: dict[int, int] = {}
    for number, net in enumerate(networks, 1):
        if not isinstance(net, Network):
            raise InputError(f"network {number} must be a Network; got {shown(net)}.")
        if (first := numbers.setdefault(id(net), number)) != number:
            raise InputError(f"networks {first} and {number} are the same object; train net.copy() beside it.")
    return list(networks)


def _require_own_checkpoints(checkpoint: object, k: int) -> None:
    """Raises InputError if two networks were to write the same file."""
    given = checkpoint.values if isinstance(checkpoint, Each) else (checkpoint,) * k
    paths = [os.path.realpath(as_path(Checkpoint.of(one).path)) for one in given if one is not None]
    if len(set(paths)) < len(paths):
        raise InputError(
            f"checkpoint must name a file of its own for each network, cr.Each([…]); got {shown(checkpoint)}."
        )


def _interrupted(histories: list[History]) -> TrainingInterrupted:
    trained = sum(history.stopped != "interrupted" for history in histories)
    words = f"training was interrupted: {trained} of {len(histories)} networks are trained; all are intact."
    return TrainingInterrupted(words, histories[0], histories)


def _diverged(errors: dict[int, DivergenceError], histories: list[History]) -> DivergenceError:
    """Returns the error about the networks that diverged, with the message of the first one."""
    number, first = next(iter(errors.items()))
    which = f"network{'s' if len(errors) > 1 else ''} {', '.join(map(str, errors))}"
    others = len(histories) - len(errors)
    trained = f"; the other {f'{others} are' if others > 1 else 'one is'} trained" if others else ""
    return DivergenceError(
        f"{which} of {len(histories)} diverged{trained}. Network {number}: {first}",
        first.history,
        histories,
    )
