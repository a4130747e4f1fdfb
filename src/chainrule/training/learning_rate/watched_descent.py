"""Gradient descent without a given learning rate: steps that made J larger are taken back, and α is halved (L12)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chainrule._internal.checks import Array
from chainrule.engines import Engine, TrainingRun
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.training.learning_rate.descending_rate import descending_rate
from chainrule.training.renewed_run import RenewedRun

NOISE = 0.5  # of |J|: with minibatches or dropout, J rises by less from one epoch to the next at a good α
SMALLEST = float(np.finfo(np.float64).tiny)
ROWS = 1000  # whose J is computed together


def started(engine: Engine, problem: Problem, state: TrainingState | None) -> TrainingRun:
    """Returns a run of the engine, with the given learning rate or with one that is found and watched."""
    if problem.optimizer.learning_rate is None:
        return WatchedDescent(engine, problem, state)
    return engine.start(problem, state)


class WatchedDescent(RenewedRun):
    """A run of gradient descent with α = 1/L that looks at J after each epoch.

    Epoch e steps from θₑ to θₑ₊₁ and records J(θₑ). If J(θₑ) > J(θₑ₋₁), θ becomes θₑ₋₁ again, and α is halved. With
    minibatches or dropout, where J is not exact, α is halved if J rises by half, and θ stays. Halving means to go on
    from the state of the engine's run in a new run, as after a stop.
    """

    def __init__(self, engine: Engine, problem: Problem, state: TrainingState | None) -> None:
        super().__init__()
        self._engine, self._problem, self._net = engine, problem, problem.net
        self._exact = problem.has_exact_J
        self._noise = problem.rounding if self._exact else NOISE
        theta = problem.net.theta if state is None else state.theta
        rate = None if state is None else state.learning_rate
        self._rate = descending_rate(engine, problem, theta) if rate is None else rate
        self._begin(state)
        self._epochs = len(self.records["J"])
        self._theta = self._net.theta.copy()  # at the end of the last epoch
        self._earlier = None if state is None or state.earlier_theta is None else state.earlier_theta.copy()

    def _begin(self, state: TrainingState | None) -> None:
        optimizer = replace(self._problem.optimizer, learning_rate=self._rate)
        self._continue_in(self._engine.start(replace(self._problem, optimizer=optimizer), state))

    @property
    def learning_rate(self) -> float:
        """The α of the next step."""
        return self._rate

    def advance(self, epochs: int, seconds: float) -> None:
        """Trains for ``epochs`` more epochs or ``seconds``, one epoch at a time."""
        last_epoch, end = self._epochs + epochs, time.perf_counter() + seconds
        while self.stopped is None and self._epochs < last_epoch and not self._is_interrupted:
            self._run.advance(1, end - time.perf_counter())
            if len(self.records["J"]) > self._epochs:
                self._end_epoch()
            if time.perf_counter() >= end:
                break
        self._is_interrupted = False

    def _end_epoch(self) -> None:
        self._epochs += 1
        if self.stopped == "diverged":
            return
        J = self.records["J"]
        has_earlier = self._earlier is not None if self._exact else len(J) > 1
        if has_earlier and J[-1] > J[-2] + self._noise * abs(J[-2]):
            self._halve()
        elif self._exact:
            self._earlier, self._theta = self._theta, self._net.theta.copy()

    def _halve(self) -> None:
        state = self._run.state()
        if self._earlier is not None:
            state.theta[...] = self._theta = self._earlier
            self._earlier = None
        self._rate = max(self._rate / 2.0, SMALLEST)
        self._begin(state)

    def take_theta(self) -> None:
        """Continues from the network's θ; if that has been changed, the last step is not taken back."""
        super().take_theta()
        if self._exact and not np.array_equal(self._net.theta, self._theta):
            self._earlier, self._theta = None, self._net.theta.copy()

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        earlier = None if self._earlier is None else self._earlier.copy()
        return _with_descent(super().state(), self._rate, earlier)

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, as `TrainingRun.finish` says.

        If the run has ended by itself, the network's θ becomes the one before the last step, if that made J larger. The
        state keeps the last θ.
        """
        last, rate, earlier = super().finish(), self._rate, self._earlier
        if earlier is not None and self._problem.patience is None and self.stopped in ("epochs", "tol"):
            J = self.records["J"][-1]
            if not self._J() <= J + self._noise * abs(J):
                self._net.theta = earlier
        return lambda: _with_descent(last(), rate, earlier)

    def _J(self) -> float:
        """Computes J(θ) as the sum of the shares of some rows at a time, as an epoch of minibatches does."""
        cost, (X, Y, weights), net = self._problem.cost, self._problem.examples, self._net
        counted = np.ones(len(Y)) if weights is None else weights
        J, whole = 0.0, max(float(counted.sum()), SMALLEST)
        for first in range(0, len(Y), ROWS):
            rows = slice(first, first + ROWS)
            share = float(counted[rows].sum()) / whole
            penalty_scale = cost.penalty_scale(weights, len(Y)) if cost.mean else share
            given = None if weights is None else weights[rows]
            part = self._engine.gradient(net, cost, X[rows], Y[rows], given, penalty_scale, self._problem.threads).J
            J += share * part if cost.mean else part
        return J


def _with_descent(state: TrainingState, rate: float, earlier: Array | None) -> TrainingState:
    state.learning_rate, state.earlier_theta = rate, earlier
    return state
