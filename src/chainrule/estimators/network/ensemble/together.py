"""Networks that make their steps together, within a time: one measurement of all, and one plan for all."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import nullcontext
from statistics import fmean

from chainrule.engines.choice import EngineLike
from chainrule.engines.state import TrainingState
from chainrule.estimators.network.ensemble import time_plan
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_training import FIRST_ROWS, SHORTEST, train_planned
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.estimators.network.ensemble.speeds import Speed
from chainrule.estimators.network.recipe import Recipe
from chainrule.training.callbacks.callback import PartOfRun
from chainrule.training.errors import DivergenceError
from chainrule.training.job import Slice, Slices
from chainrule.training.several.bundle import Bundle
from chainrule.training.several.thread_shares import train_with_share
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.time_limit.plan import FORWARD, SAFETY


def measured_together(members: Sequence[Member], engine: EngineLike, threads: int, seconds: float) -> Speed:
    """Measures for ``seconds`` the duration of an epoch of all members, and returns the share of each in it.

    Copies of all train for an epoch of a few rows, and of four times as many each time. What is recorded on a GPU
    before the first step counts, so that the duration is rather too long.
    """
    end, rows = clock() + seconds, max(member.batch_size or FIRST_ROWS for member in members)
    t = max(member.training.t for member in members)
    while True:
        began, trained = clock(), list[int]()
        Bundle(stop=lambda: None).run(_epoch(member, rows, end, engine, threads, trained) for member in members)
        taken = max(clock() - began, 1e-9)
        if rows >= t or clock() >= end - 0.1 * seconds:
            break
        rows *= 4
    held_out = max(0 if member.held_out is None else member.held_out.t for member in members)
    epoch_seconds = taken / fmean(trained) * (t + FORWARD * held_out)
    return Speed(epoch_seconds / len(members), taken)


def train_together_within(
    seconds: float, speed: Speed, members: Sequence[Member], plan: TrainingPlan, control: Control, threads: int
) -> Iterator[Slices]:
    """Trains members for as many epochs as fit into a time, by the measured share of each in an epoch of all.

    Those of one recipe have the same epochs, planned once: otherwise they could not make their steps together. The time
    includes that for the held-out rows of all afterwards.
    """
    seconds -= sum(member.wrap_up_seconds(speed.epoch_seconds) for member in members)
    affordable, end = SAFETY * seconds / (speed.epoch_seconds * len(members)), clock() + seconds
    works: dict[Recipe, time_plan.Work] = {}
    for member in members:
        if member.recipe not in works:
            planned, least_share = member.recipe.epochs, member.least_share
            works[member.recipe] = time_plan.work_within(affordable, planned, least_share=least_share)
        work, grace = works[member.recipe], time_plan.grace_seconds(seconds)
        member.keep_rows(work.rows_share)
        yield train_planned(member, plan, control, threads, nullcontext, work.epochs, end, [], grace)


def _epoch(
    member: Member, rows: int, end: float, engine: EngineLike, threads: int, trained: list[int]
) -> Generator[Slice]:
    """Trains a copy of a network for an epoch of its first rows; appends the number of those that it was trained on."""
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
    trained.append(min(max(state.run_step, 1) * batch_size, part.t))
