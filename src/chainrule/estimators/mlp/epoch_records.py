"""scikit-learn's records of the epochs of "sgd" and "adam", and its rules for stopping."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from chainrule.costs import Cost
from chainrule.estimators.examples import Examples
from chainrule.estimators.mlp.messages import say
from chainrule.estimators.sklearn_callbacks import Hooks
from chainrule.network import Network
from chainrule.training import History
from chainrule.training.callbacks.callback import Function, PartOfRun, WatchedRun

SMALLEST_ADAPTIVE_RATE = 1e-6


class ReportedLoss(NamedTuple):
    """The cost to minimise, and the loss that scikit-learn reports for it: scale · J + shift."""

    cost: Cost
    scale: float = 1.0
    shift: float = 0.0

    def of(self, J: float) -> float:
        """Returns the loss that corresponds to J."""
        return self.scale * J + self.shift


class EpochRecorder(PartOfRun):
    """A callback of `train` that keeps the records of an MLP estimator, and stops training when scikit-learn would."""

    def __init__(
        self, mlp: Any, net: Network, loss: ReportedLoss, t: int, held_out: Examples | None, hooks: Hooks | None
    ) -> None:
        self.mlp, self.net, self.loss, self.t, self.held_out, self.hooks = mlp, net, loss, t, held_out, hooks
        self.is_stopped_by_callback = False  # a callback of scikit-learn's
        self.epochs = self.epochs_to_next_check
        self._recorded = 0  # epochs of the current history

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Records the epochs of a stage."""
        self._recorded = 0
        yield self._look

    def _look(self, history: History) -> bool:
        """Records the new epochs; returns True to stop."""
        self.record(history)
        if self.hooks is not None:
            self.is_stopped_by_callback = self.hooks.epoch(0, self.mlp.n_iter_, lambda: self.mlp._as_fitted(self.net))
        return self.has_stalled or self.is_stopped_by_callback

    def record(self, history: History) -> None:
        """Records the epochs that are new in ``history``."""
        new = history.J[self._recorded :]
        self._recorded += len(new)
        for J in new:
            self.record_epoch(self.loss.of(float(J)))

    @property
    def has_stalled(self) -> bool:
        """True after more than ``n_iter_no_change`` epochs without improvement."""
        return bool(self.mlp._no_improvement_count > self.mlp.n_iter_no_change)

    def epochs_to_next_check(self) -> int:
        """Returns after how many epochs `has_stalled` may first be True; 1 if every epoch must be checked.

        Without held-out rows, training cannot stall within the next n_iter_no_change + 1 − (epochs without
        improvement) epochs; the engine runs these without returning to Python.
        """
        mlp = self.mlp
        if self.held_out is not None or self.hooks is not None or mlp.verbose:
            return 1
        if mlp.n_iter_no_change == math.inf:
            return int(mlp.max_iter)
        return max(1, int(mlp.n_iter_no_change) + 1 - int(mlp._no_improvement_count))

    def record_epoch(self, loss: float) -> None:
        """Records an epoch with this loss; NaN means that the epoch diverged."""
        mlp = self.mlp
        mlp.n_iter_ += 1
        mlp.t_ += self.t
        mlp.loss_ = loss
        mlp.loss_curve_.append(loss)
        say(mlp, f"Iteration {mlp.n_iter_}, loss = {loss:.8f}")
        if self.held_out is not None:
            self._record_score(math.nan if math.isnan(loss) else mlp._score_of(self.net, self.held_out))
        else:
            mlp._no_improvement_count = mlp._no_improvement_count + 1 if loss > mlp.best_loss_ - mlp.tol else 0
            if loss < mlp.best_loss_:
                mlp.best_loss_ = loss

    def _record_score(self, score: float) -> None:
        mlp = self.mlp
        mlp.validation_scores_.append(score)
        say(mlp, f"Validation score: {score:f}")
        is_worse = score < mlp.best_validation_score_ + mlp.tol
        mlp._no_improvement_count = mlp._no_improvement_count + 1 if is_worse else 0
        if score > mlp.best_validation_score_:
            mlp.best_validation_score_ = score
            mlp._best_theta = self.net.theta.copy()

    def stop_or_reduce_rate(self) -> bool:
        """Handles a stall: returns True to stop, or divides an adaptive learning rate by 5."""
        mlp, solver = self.mlp, self.mlp._optimizer
        measure = "Training loss" if self.held_out is None else "Validation score"
        stall = f"{measure} did not improve more than tol={mlp.tol:f} for {mlp.n_iter_no_change} consecutive epochs."
        should_stop: bool = mlp.solver == "adam" or mlp.learning_rate != "adaptive"
        action = "Stopping."
        if not should_stop and solver.learning_rate <= SMALLEST_ADAPTIVE_RATE:
            should_stop, action = True, "Learning rate too small. Stopping."
        if not should_stop:
            solver.learning_rate /= 5.0
            mlp._no_improvement_count = 0
            action = f"Setting learning rate to {solver.learning_rate:f}"
        say(mlp, f"{stall} {action}")
        return should_stop
