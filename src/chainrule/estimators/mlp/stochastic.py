"""The solvers "sgd" and "adam" of the pair MLP*: scikit-learn's rules around `chainrule.train`.

scikit-learn looks at the loss (or at the score of a held-out part) after each epoch. Its rule cannot end training
within the next n_iter_no_change + 1 − (epochs without improvement) epochs, so that the engine may run as many without
a look from Python.
"""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule.costs import Cost
from chainrule.engines.state import TrainingState
from chainrule.estimators.examples import Examples
from chainrule.estimators.sklearn_callbacks import Hooks
from chainrule.network import Network
from chainrule.optimizers import Adam, GradientDescent, Momentum, Nesterov, Optimizer
from chainrule.training import History, train
from chainrule.training.errors import DivergenceError, TrainingInterrupted

SMALLEST_RATE = sys.float_info.min
LARGEST_MOMENTUM = math.nextafter(1.0, 0.0)  # scikit-learn allows 1 itself


@dataclass
class Solver:
    """What a solver remembers from one `partial_fit` to the next: the learning rate and the optimizer's moments."""

    learning_rate: float
    state: TrainingState | None = None


class ReportedLoss(NamedTuple):
    """The cost that is minimised, and the loss scikit-learn reports: scale · J + shift."""

    cost: Cost
    scale: float = 1.0
    shift: float = 0.0

    def of(self, J: float) -> float:
        """The loss that belongs to J."""
        return self.scale * J + self.shift


class Watch:
    """The callback of `train`: keeps the records of an MLP*, and knows when scikit-learn would stop."""

    def __init__(
        self, mlp: Any, net: Network, loss: ReportedLoss, t: int, held_out: Examples | None, hooks: Hooks | None
    ) -> None:
        self.mlp, self.net, self.loss, self.t, self.held_out, self.hooks = mlp, net, loss, t, held_out, hooks
        self.seen = 0  # epochs of the running history
        self.told_to_stop = False  # by a callback of scikit-learn's

    def __call__(self, history: History) -> bool:
        """True to stop."""
        self.take(history)
        if self.hooks is not None:
            self.told_to_stop = self.hooks.epoch(0, self.mlp.n_iter_, lambda: self.mlp._as_fitted(self.net))
        return self.full or self.told_to_stop

    def take(self, history: History) -> None:
        """Keep the records of the epochs that are new in ``history``."""
        new = history.J[self.seen :]
        self.seen += len(new)
        for J in new:
            self.epoch(self.loss.of(float(J)))

    @property
    def full(self) -> bool:
        """Whether there was no improvement for more than ``n_iter_no_change`` epochs."""
        return bool(self.mlp._no_improvement_count > self.mlp.n_iter_no_change)

    def wait(self) -> int:
        """How many epochs from now `full` may first be true; 1 where each epoch is looked at."""
        mlp = self.mlp
        if self.held_out is not None or self.hooks is not None or mlp.verbose:
            return 1
        if mlp.n_iter_no_change == math.inf:
            return int(mlp.max_iter)
        return max(1, int(mlp.n_iter_no_change) + 1 - int(mlp._no_improvement_count))

    def epoch(self, loss: float) -> None:
        """One more epoch has this loss (NaN: it could not be finished)."""
        mlp = self.mlp
        mlp.n_iter_ += 1
        mlp.t_ += self.t
        mlp.loss_ = loss
        mlp.loss_curve_.append(loss)
        if mlp.verbose:
            print(f"Iteration {mlp.n_iter_}, loss = {loss:.8f}")
        if self.held_out is not None:
            self._score(math.nan if math.isnan(loss) else mlp._score_of(self.net, self.held_out))
        else:
            mlp._no_improvement_count = mlp._no_improvement_count + 1 if loss > mlp.best_loss_ - mlp.tol else 0
            if loss < mlp.best_loss_:
                mlp.best_loss_ = loss

    def _score(self, score: float) -> None:
        mlp = self.mlp
        mlp.validation_scores_.append(score)
        if mlp.verbose:
            print(f"Validation score: {score:f}")
        worse = score < mlp.best_validation_score_ + mlp.tol
        mlp._no_improvement_count = mlp._no_improvement_count + 1 if worse else 0
        if score > mlp.best_validation_score_:
            mlp.best_validation_score_ = score
            mlp._best_theta = self.net.theta.copy()

    def stops(self) -> bool:
        """`full` is true: whether training ends, or (adaptive rates) goes on with a fifth of the learning rate."""
        mlp, solver = self.mlp, self.mlp._optimizer
        what = "Training loss" if self.held_out is None else "Validation score"
        did = f"{what} did not improve more than tol={mlp.tol:f} for {mlp.n_iter_no_change} consecutive epochs."
        ends: bool = mlp.solver == "adam" or mlp.learning_rate != "adaptive"
        then = "Stopping."
        if not ends and solver.learning_rate <= 1e-6:
            ends, then = True, "Learning rate too small. Stopping."
        if not ends:
            solver.learning_rate /= 5.0
            mlp._no_improvement_count = 0
            then = f"Setting learning rate to {solver.learning_rate:f}"
        if mlp.verbose:
            print(f"{did} {then}")
        return ends


def optimizer_of(mlp: Any, rate: float) -> Optimizer:
    """The optimizer that takes scikit-learn's steps.

    Its velocity is −α times ours (v := β v + g), so that a change of α multiplies ours by the inverse. Its ε stands
    beside the root that is not corrected: ``epsilon_hat``.
    """
    rate = max(rate, SMALLEST_RATE)
    if mlp.solver == "adam":
        return Adam(rate, beta1=mlp.beta_1, beta2=mlp.beta_2, epsilon=mlp.epsilon, epsilon_hat=True)
    beta = min(float(mlp.momentum), LARGEST_MOMENTUM)
    if beta == 0.0:
        return GradientDescent(rate)
    return Nesterov(rate, momentum=beta) if mlp.nesterovs_momentum else Momentum(rate, momentum=beta)


def as_batch_size(batch_size: Any, t: int) -> int:
    """The rows of a minibatch: ``batch_size``, or min(200, t) for "auto"."""
    if isinstance(batch_size, str):
        return min(200, t)
    if batch_size > t:
        warnings.warn(
            f"Got `batch_size` less than 1 or larger than sample size. It is going to be clipped to {t}.", stacklevel=6
        )
    return min(int(batch_size), t)


def fit_stochastic(
    mlp: Any,
    net: Network,
    loss: ReportedLoss,
    examples: Examples,
    held_out: Examples | None,
    seed: int,
    incremental: bool,
    hooks: Hooks | None,
) -> str | None:
    """Train ``net`` in place; returns None, or what went wrong where training diverged."""
    from sklearn.exceptions import ConvergenceWarning

    solver, t = mlp._optimizer, len(examples.X)
    batch_size = as_batch_size(mlp.batch_size, t)
    watch = Watch(mlp, net, loss, t, held_out, hooks)
    mlp.n_iter_ = 0
    changes = mlp.solver == "sgd" and mlp.learning_rate == "invscaling"
    state, diverged = solver.state, None
    while True:
        if state is not None:  # θ may have been moved since, by hand
            state.theta = net.theta.copy()
            state.moments = {name: moment.astype(net.dtype) for name, moment in state.moments.items()}
        watch.seen = 0
        rate = solver.learning_rate
        try:
            history = train(
                net, examples.X, examples.Y, cost=loss.cost, weights=examples.weights,
                optimizer=optimizer_of(mlp, rate), epochs=1 if incremental or changes else mlp.max_iter - mlp.n_iter_,
                batch_size=batch_size, seed=seed, shuffle=bool(mlp.shuffle), callbacks=[watch],
                callback_epochs=watch.wait, resume=state, engine=mlp.engine, threads=mlp.threads,
            )  # fmt: skip
            ends = False
        except TrainingInterrupted as interrupted:
            history, ends = interrupted.history, True
            watch.take(history)
            warnings.warn("Training interrupted by user.", stacklevel=5)
        except DivergenceError as error:
            history, ends, diverged = error.history, True, str(error)
            watch.take(history)
            watch.epoch(math.nan)
        state = history.state.again()
        if changes:
            solver.learning_rate = float(mlp.learning_rate_init) / (mlp.t_ + 1) ** mlp.power_t
        ends = ends or watch.told_to_stop or (watch.full and watch.stops())
        if solver.learning_rate != rate and "v" in state.moments:
            state.moments["v"] *= max(rate, SMALLEST_RATE) / max(solver.learning_rate, SMALLEST_RATE)
        if ends or incremental:
            break
        if mlp.n_iter_ == mlp.max_iter:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({mlp.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=5,
            )
            break
    solver.state = state
    if held_out is not None:
        net.theta = np.asarray(mlp._best_theta, dtype=net.dtype)
    return diverged
