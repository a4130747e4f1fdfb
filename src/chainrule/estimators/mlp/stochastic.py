"""The solvers "sgd" and "adam": scikit-learn's rules around `chainrule.train`."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.user_warnings import warn
from chainrule.engines.state import TrainingState
from chainrule.estimators.examples import Examples
from chainrule.estimators.mlp.epoch_records import EpochRecorder
from chainrule.network import Network
from chainrule.optimizers import Adam, GradientDescent, Momentum, Nesterov, Optimizer
from chainrule.training import History, train
from chainrule.training.errors import DivergenceError, TrainingInterrupted

SMALLEST_RATE = sys.float_info.min
LARGEST_MOMENTUM = math.nextafter(1.0, 0.0)  # scikit-learn allows 1 itself


@dataclass
class Solver:
    """State of a solver between calls of `partial_fit`: the learning rate, and the optimizer's moments."""

    learning_rate: float
    state: TrainingState | None = None


class _Stage(NamedTuple):
    """The outcome of one call of `train`."""

    history: History
    is_final: bool = False
    divergence: str | None = None


def optimizer_of(mlp: Any, rate: float) -> Optimizer:
    """Returns the optimizer that takes scikit-learn's steps.

    scikit-learn's velocity is −α times ours (v := β v + g), so a change of α multiplies ours by the inverse. Its ε is
    added to the uncorrected root: ``epsilon_hat``.
    """
    rate = max(rate, SMALLEST_RATE)
    if mlp.solver == "adam":
        return Adam(rate, beta1=mlp.beta_1, beta2=mlp.beta_2, epsilon=mlp.epsilon, epsilon_hat=True)
    beta = min(float(mlp.momentum), LARGEST_MOMENTUM)
    if beta == 0.0:
        return GradientDescent(rate)
    return Nesterov(rate, momentum=beta) if mlp.nesterovs_momentum else Momentum(rate, momentum=beta)


def as_batch_size(batch_size: Any, t: int) -> int:
    """Returns the number of rows of a minibatch: ``batch_size``, or min(200, t) for "auto"."""
    if isinstance(batch_size, str):
        return min(200, t)
    if batch_size > t:
        warn(
            f"Got `batch_size` less than 1 or larger than sample size. It is going to be clipped to {t}.",
            UserWarning,
        )
    return min(int(batch_size), t)


def fit_stochastic(
    mlp: Any, net: Network, examples: Examples, recorder: EpochRecorder, seed: int, incremental: bool
) -> str | None:
    """Trains ``net`` in place, in stages of constant learning rate; returns the cause of a divergence, or None."""
    solver, state = mlp._optimizer, mlp._optimizer.state
    batch_size = as_batch_size(mlp.batch_size, len(examples.X))
    mlp.n_iter_ = 0
    is_inverse_scaling = mlp.solver == "sgd" and mlp.learning_rate == "invscaling"
    while True:
        rate = solver.learning_rate
        epochs = 1 if incremental or is_inverse_scaling else mlp.max_iter - mlp.n_iter_
        stage = _train_stage(mlp, net, examples, recorder, seed, epochs, batch_size, state)
        state = stage.history.state.again()
        if is_inverse_scaling:
            solver.learning_rate = float(mlp.learning_rate_init) / (mlp.t_ + 1) ** mlp.power_t
        should_stop = (
            stage.is_final
            or recorder.is_stopped_by_callback
            or (recorder.has_stalled and recorder.stop_or_reduce_rate())
        )
        if solver.learning_rate != rate and "v" in state.moments:  # scikit-learn's velocity is −α times ours
            state.moments["v"] *= max(rate, SMALLEST_RATE) / max(solver.learning_rate, SMALLEST_RATE)
        if should_stop or incremental or _has_reached_max_iter(mlp):
            break
    solver.state = state
    if recorder.held_out is not None:
        net.theta = np.asarray(mlp._best_theta, dtype=net.dtype)
    return stage.divergence


def _train_stage(
    mlp: Any, net: Network, examples: Examples, recorder: EpochRecorder, seed: int, epochs: int, batch_size: int,
    state: TrainingState | None,
) -> _Stage:  # fmt: skip
    """Trains at the solver's current learning rate until the recorder stops it, or something else does."""
    if state is not None:  # the user may have changed θ
        state.theta = net.theta.copy()
        state.moments = {name: moment.astype(net.dtype) for name, moment in state.moments.items()}
    try:
        history = train(
            net, examples.X, examples.Y, cost=recorder.loss.cost, weights=examples.weights,
            optimizer=optimizer_of(mlp, mlp._optimizer.learning_rate), epochs=epochs, batch_size=batch_size, seed=seed,
            shuffle=bool(mlp.shuffle), callbacks=[recorder, *mlp.callbacks], callback_epochs=mlp.callback_epochs,
            resume=state, engine=mlp.engine, threads=mlp.threads,
        )  # fmt: skip
    except TrainingInterrupted as interrupted:
        recorder.record(interrupted.history)
        warn("Training interrupted by user.", UserWarning)
        return _Stage(interrupted.history, is_final=True)
    except DivergenceError as error:
        recorder.record(error.history)
        recorder.record_epoch(math.nan)
        return _Stage(error.history, is_final=True, divergence=str(error))
    was_stopped = history.stopped == "callback" and not recorder.has_stalled  # by a callback of the user's
    return _Stage(history, is_final=was_stopped or history.stopped == "interrupted")  # at the prompt nothing is raised


def _has_reached_max_iter(mlp: Any) -> bool:
    """Returns True, with scikit-learn's ConvergenceWarning, after ``max_iter`` epochs."""
    from sklearn.exceptions import ConvergenceWarning

    if mlp.n_iter_ != mlp.max_iter:
        return False
    warn(
        f"Stochastic Optimizer: Maximum iterations ({mlp.max_iter}) reached and the optimization hasn't converged yet.",
        ConvergenceWarning,
    )
    return True
