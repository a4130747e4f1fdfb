"""The measured duration of an epoch: of a network, or of several that make their steps together."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import nullcontext
from statistics import fmean
from typing import NamedTuple

from chainrule.engines.choice import EngineLike
from chainrule.engines.state import TrainingState
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_training import SHORTEST
from chainrule.estimators.network.ensemble.plan import clock
from chainrule.estimators.network.ensemble.speeds import Speed
from chainrule.training import minimize
from chainrule.training.callbacks.callback import PartOfRun
from chainrule.training.errors import DivergenceError
from chainrule.training.job import RunSlice, advance
from chainrule.training.several.bundle import Bundle
from chainrule.training.several.thread_shares import train_with_share
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.time_limit.plan import FORWARD

FIRST_ROWS = 256  # of a measurement, if a minibatch is all rows


class Timed(NamedTuple):
    """The rows of which a copy of a network made steps, and the seconds of these."""

    rows: int
    seconds: float


def measured_speed(member: Member, engine: EngineLike, threads: int, seconds: float) -> Speed:
    """Measures the duration of an epoch, by training copies of the network for ``seconds``.

    One takes an epoch of a few rows, and each other one of four times as many: a minibatch may be all rows, and their
    step longer than ``seconds``. What took longest was measured best.
    """
    recipe, t = member.recipe, member.training.t
    if recipe.minimizer is not None:
        history = minimize(
            member.net.copy(), member.training, cost=recipe.cost, method=recipe.minimizer, epochs=1,
            callbacks=[PartOfRun()], engine=engine, threads=threads,
        )  # fmt: skip
        taken = max(history.state.seconds, 1e-9)
        return Speed(taken, taken)
    done = list[Timed]()
    for rows, end in _growing(member.batch_size or FIRST_ROWS, t, seconds):
        advance(_epoch(member, rows, end, engine, threads, done))
    longest = max(done, key=lambda timed: timed.seconds)
    held_out = 0 if member.held_out is None else member.held_out.t
    return Speed(longest.seconds / longest.rows * (t + FORWARD * held_out), longest.seconds)


def measured_together(members: Sequence[Member], engine: EngineLike, threads: int, seconds: float) -> Speed:
    """Measures for ``seconds`` the duration of an epoch of all members, and returns the share of each in it.

    Copies of all train for an epoch of a few rows, and of four times as many each time. What is recorded on a GPU
    before the first step counts, so that the duration is rather too long.
    """
    first = max(member.batch_size or FIRST_ROWS for member in members)
    t = max(member.training.t for member in members)
    for rows, end in _growing(first, t, seconds):
        began, done = clock(), list[Timed]()
        Bundle(stop=lambda: None).run(_epoch(member, rows, end, engine, threads, done) for member in members)
        taken = max(clock() - began, 1e-9)
    held_out = max(0 if member.held_out is None else member.held_out.t for member in members)
    epoch_seconds = taken / fmean(timed.rows for timed in done) * (t + FORWARD * held_out)
    return Speed(epoch_seconds / len(members), taken)


def _growing(first: int, t: int, seconds: float) -> Iterator[tuple[int, float]]:
    """Yields the rows of each epoch, four times as many each time up to t or more, and the end of the measurement."""
    rows, end = first, clock() + seconds
    while True:
        yield rows, end
        if rows >= t or clock() >= end - 0.1 * seconds:
            return
        rows *= 4


def _epoch(
    member: Member, rows: int, end: float, engine: EngineLike, threads: int, done: list[Timed]
) -> Generator[RunSlice]:
    """Trains a copy of a network for an epoch of its first rows, but not longer than until ``end``."""
    recipe, part = member.recipe, member.first_rows(min(rows, member.training.t))
    batch_size = min(member.batch_size or part.t, part.t)
    try:
        history = yield from train_with_share(
            nullcontext, member.net.copy(), part, None, weights=None, cost=recipe.cost, optimizer=recipe.optimizer,
            epochs=1, batch_size=batch_size, window=None, shuffle=True, seed=member.seed, validation=None,
            patience=None, tol=None, tol_epochs=1, record=(), time_limit=Deadline(max(end - clock(), SHORTEST)),
            callbacks=[PartOfRun()], callback_epochs=None, engine=engine, checkpoint=None, resume=None, threads=threads,
        )  # fmt: skip
        state: TrainingState = history.state
    except DivergenceError as error:
        state = error.history.state
    done.append(Timed(min(max(state.run_step, 1) * batch_size, part.t), max(state.seconds, 1e-9)))
