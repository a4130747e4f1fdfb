"""The training of one network: until its last epoch, or so that its schedule ends within a time."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import nullcontext

from chainrule.engines.state import TrainingState
from chainrule.estimators.network.checkpoints import of_network
from chainrule.estimators.network.ensemble import time_plan
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.estimators.network.ensemble.settling import settling
from chainrule.estimators.network.ensemble.watching import watching
from chainrule.training import History, minimize
from chainrule.training.callbacks.callback import Callback
from chainrule.training.errors import DivergenceError
from chainrule.training.job import RunSlice, Slices
from chainrule.training.several.thread_shares import Share, train_with_share
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.time_limit.plan import SAFETY, epochs_in_all

SHORTEST = 1e-3  # seconds of a call of `train`


def train_until(end: float, member: Member, plan: TrainingPlan, control: Control, share: Share) -> Slices:
    """Trains a member for all its epochs, but not longer than until ``end``; the epochs of earlier calls count.

    As in all functions here, the caller advances the engine's runs through the slices that are yielded.
    """
    epochs, end = member.recipe.epochs, end - member.wrap_up_seconds(0.0)
    return train_planned(member, plan, control, plan.all_threads, share, epochs, end, [], 0.0)


def train_within(
    seconds: float, epoch_seconds: float, member: Member, plan: TrainingPlan, control: Control, threads: int
) -> Slices:
    """Trains a member for as many epochs as fit into a time, by the measured duration of an epoch.

    The schedule of the learning rate then ends within the time, which matters more than the number of epochs. The time
    includes that for the held-out rows afterwards.
    """
    began = clock()
    if member.recipe.minimizer is not None:  # which has no schedule that should end within the time
        end = began + seconds - member.wrap_up_seconds(epoch_seconds)
        return train_planned(member, plan, control, threads, nullcontext, member.recipe.epochs, end, [], 0.0)
    budget = _budget_within(seconds, epoch_seconds, member)
    member.keep_rows(budget.rows_share)
    seconds -= member.wrap_up_seconds(budget.rows_share * epoch_seconds)
    checks = [began + share * seconds for share in time_plan.CHECKS]
    grace = time_plan.grace_seconds(seconds)
    return train_planned(member, plan, control, threads, nullcontext, budget.epochs, began + seconds, checks, grace)


def _budget_within(seconds: float, epoch_seconds: float, member: Member) -> time_plan.Budget:
    """Returns the epochs, and the share of a member's rows, that fit into a time."""
    wrap_up = member.wrap_up_seconds(epoch_seconds) / epoch_seconds
    affordable = SAFETY * seconds / epoch_seconds
    return time_plan.budget_within(affordable, member.recipe.epochs, wrap_up, member.least_share)


def train_planned(
    member: Member, plan: TrainingPlan, control: Control, threads: int, share: Share, epochs: int, end: float,
    checks: list[float], grace: float,
) -> Slices:  # fmt: skip
    """Trains a member until its last epoch, ``end``, or a request to stop; epochs are planned again at ``checks``.

    If even a few epochs turn out to be too many, training continues with fewer rows. If no epoch is finished at
    ``end``, the first may take ``grace`` seconds more.
    """
    initial, state, is_check = member.net.theta.copy(), member.resume, False
    stopping = None if plan.stopping_of is None or member.held_out is None else plan.stopping_of(member)

    def after_epochs(history: History) -> bool:
        nonlocal is_check
        should_stop = _should_stop(member, plan, control, history)
        is_check = not should_stop and bool(checks) and checks[0] <= clock() < end - SHORTEST
        return should_stop or is_check

    with watching(member, plan) as (run, callbacks):
        while True:
            is_check = False
            settles = settling(member, epochs) if stopping is None else None
            own = [each for each in (settles, stopping) if each is not None]  # first, so that others show its figures
            try:
                member.history = yield from _train(
                    member, plan, threads, share, epochs, end, [after_epochs, *own, *callbacks], state
                )
            except DivergenceError as error:
                member.history, member.error = error.history, error
                return
            finally:
                if stopping is not None and stopping.courses:
                    member.course = stopping.courses[-1]  # of the parts until now
            state = member.history.state
            if member.history.stopped == "time_limit" and not member.history.epochs and grace:
                epochs, end, grace = 1, end + grace, 0.0
                continue
            if member.history.stopped != "callback" or not is_check or run.should_stop:
                break
            checks.pop(0)
            done, epoch_seconds = _progress(state, member)
            before, left = epochs, end - clock()
            epochs = epochs_in_all(done, left, epoch_seconds, member.recipe.epochs, before)
            if done < 1.0 and epochs < min(before, time_plan.FEWEST_EPOCHS):
                budget = _budget_within(left, epoch_seconds, member)
                member.keep_rows(budget.rows_share)
                epochs, state = budget.epochs, state.again()
        if settles is not None and settles.has_stopped:
            member.history.stopped = "patience"
        if member.course is not None and member.history.stopped == "callback":
            last = member.course.best_epoch or 0
            if member.recipe.patience is not None and member.history.epochs - last >= member.recipe.patience:
                member.history.stopped = "patience"
    if member.history.epochs == 0 and member.resume is None:
        member.improved = member.cost(member.net.theta) < member.cost(initial)


def _should_stop(member: Member, plan: TrainingPlan, control: Control, history: History) -> bool:
    """Reports the epoch to the calling thread, and asks whether the network should stop."""
    has_answered_stop = plan.on_epoch is not None and control.ask(member, history.epochs)
    return control.stop.is_set() or has_answered_stop


def _train(
    member: Member, plan: TrainingPlan, threads: int, share: Share, epochs: int, end: float,
    callbacks: Sequence[Callback],
    state: TrainingState | None,
) -> Generator[RunSlice, None, History]:  # fmt: skip
    """Trains a member, from its initial values or from a state, or by its recipe's minimizer."""
    recipe, training = member.recipe, member.training
    by_J = recipe.patience if plan.stopping_of is None else None
    patience = None if member.held_out is None else by_J or epochs
    if recipe.minimizer is not None:
        return minimize(
            member.net, training, cost=recipe.cost, method=recipe.minimizer, epochs=epochs,
            validation=member.held_out, patience=patience,
            time_limit=None if end == math.inf else max(end - clock(), SHORTEST), callbacks=callbacks,
            engine=plan.engine, threads=threads,
        )  # fmt: skip
    return (yield from train_with_share(
        share, member.net, training, None, weights=None, cost=recipe.cost,
        optimizer=recipe.optimizer, epochs=epochs, batch_size=member.batch_size, window=None,
        shuffle=True, seed=member.seed,
        validation=member.held_out, patience=patience, tol=None, tol_epochs=1, record=(),
        time_limit=None if end == math.inf else Deadline(max(end - clock(), SHORTEST)),
        callbacks=callbacks, callback_epochs=None if plan.on_epoch is None else 1, engine=plan.engine,
        checkpoint=None if plan.checkpoint is None else of_network(plan.checkpoint, member.number),
        resume=plan.resumes if state is None else state, threads=threads,
    ))  # fmt: skip


def _progress(state: TrainingState, member: Member) -> tuple[float, float]:
    """Returns the epochs that a run has finished, with a fraction, and the seconds of one."""
    epochs = max(state.run_step, 1) / member.steps_per_epoch
    return epochs, max(state.seconds, 1e-9) / epochs
