"""The training of one network: until its last epoch, or so that its schedule ends within a time."""

from __future__ import annotations

import math
import sys

import numpy as np

from chainrule.engines.state import TrainingState
from chainrule.estimators.network.ensemble import time_plan
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.training import History, train
from chainrule.training.callbacks import Callback
from chainrule.training.errors import DivergenceError

SHORTEST = 1e-3  # seconds of a call of `train`


def train_until(end: float, member: Member, plan: TrainingPlan, control: Control, threads: int) -> None:
    """Trains a member for all its epochs, but not longer than until ``end``; the epochs of earlier calls count."""
    _run(member, plan, control, threads, member.recipe.epochs, end, [], 0.0)


def train_within(
    seconds: float, epoch_seconds: float, member: Member, plan: TrainingPlan, control: Control, threads: int
) -> None:
    """Trains a member for as many epochs as fit into a time, by the measured duration of an epoch.

    The schedule of the learning rate then ends within the time, which matters more than the number of epochs.
    """
    end = clock() + seconds
    work = time_plan.work_within(time_plan.SAFETY * seconds / epoch_seconds, member.recipe.epochs)
    if work.rows_share < 1.0:
        member.keep_rows(work.rows_share)
    checks = [end - (1.0 - share) * seconds for share in time_plan.CHECKS]
    _run(member, plan, control, threads, work.epochs, end, checks, time_plan.grace_seconds(seconds))


def _run(
    member: Member, plan: TrainingPlan, control: Control, threads: int, epochs: int, end: float, checks: list[float],
    grace: float,
) -> None:  # fmt: skip
    """Trains a member until its last epoch, ``end``, or a request to stop; epochs are planned again at ``checks``.

    If no epoch is finished at ``end``, the first may take ``grace`` seconds more.
    """
    initial, state, is_check = member.net.theta.copy(), member.resume, False

    def after_epochs(history: History) -> bool:
        nonlocal is_check
        should_stop = _should_stop(member, plan, control, history)
        is_check = not should_stop and bool(checks) and checks[0] <= clock() < end - SHORTEST
        return should_stop or is_check

    while True:
        is_check = False
        try:
            member.history = _train(member, plan, threads, epochs, end, after_epochs, state)
        except DivergenceError as error:
            member.history, member.error = error.history, error
            return
        state = member.history.state
        if member.history.stopped == "time_limit" and not member.history.epochs and grace:
            epochs, end, grace = 1, end + grace, 0.0
            continue
        if member.history.stopped != "callback" or not is_check:
            break
        checks.pop(0)
        done, epoch_seconds = _progress(state, member)
        epochs = time_plan.epochs_in_all(done, end - clock(), epoch_seconds, member.recipe.epochs)
    if member.history.epochs == 0 and member.resume is None:
        member.improved = member.cost(member.net.theta) < member.cost(initial)


def _should_stop(member: Member, plan: TrainingPlan, control: Control, history: History) -> bool:
    """Reports the epoch, and asks the callbacks of every kind."""
    if plan.is_verbose:
        epoch = f"epoch {history.epochs} of {history.planned_epochs}"
        print(f"network {member.number + 1}: {epoch}", file=sys.stderr)
    answers = [callback(history) for callback in plan.callbacks]
    if plan.on_epoch is not None:
        answers.append(control.ask(member, history.epochs))
    return control.stop.is_set() or any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers)


def _train(
    member: Member, plan: TrainingPlan, threads: int, epochs: int, end: float, after_epochs: Callback,
    state: TrainingState | None,
) -> History:  # fmt: skip
    """Trains a member by `train`, from its initial values or from a state."""
    recipe, training = member.recipe, member.training
    return train(
        member.net, training.X, training.Y, weights=training.weights, cost=recipe.cost, optimizer=recipe.optimizer,
        epochs=epochs, batch_size=member.batch_size, seed=member.seed,
        validation=None if member.held_out is None else tuple(member.held_out),  # (X, Y, weights)
        patience=None if member.held_out is None else recipe.patience or epochs,
        time_limit=None if end == math.inf else max(end - clock(), SHORTEST),
        callbacks=[after_epochs], callback_epochs=plan.callback_epochs, resume=state, engine=plan.engine,
        threads=threads,
    )  # fmt: skip


def epoch_seconds(member: Member, engine: str, threads: int, seconds: float) -> float:
    """Measures the duration of an epoch, by training a copy of the network for ``seconds``."""
    recipe, training = member.recipe, member.training
    try:
        probe = train(
            member.net.copy(), training.X, training.Y, weights=training.weights, cost=recipe.cost,
            optimizer=recipe.optimizer, epochs=recipe.epochs, batch_size=member.batch_size,
            time_limit=max(seconds, SHORTEST), engine=engine, threads=threads,
        )  # fmt: skip
    except DivergenceError as error:
        probe = error.history
    held_out = 0 if member.held_out is None else len(member.held_out.X)
    return _progress(probe.state, member)[1] * (1.0 + held_out / len(training.X) / 3.0)  # a forward pass: ⅓ of a step


def _progress(state: TrainingState, member: Member) -> tuple[float, float]:
    """Returns the epochs that a run has finished, with a fraction, and the seconds of one."""
    epochs = max(state.run_step, 1) / member.steps_per_epoch
    return epochs, max(float(sum(state.records["seconds"])) + state.partial_seconds, 1e-9) / epochs
