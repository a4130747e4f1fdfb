"""The course of a search: its records and its ends, one iteration being one epoch of the History."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.engines.stopping import reason_to_stop
from chainrule.network import Network
from chainrule.network.forward import forward
from chainrule.optimizers import clip
from chainrule.training.minimizers.objective import Vector


class SearchEnded(StopIteration):
    """The end of a search by its own rules, in the form in which SciPy takes it from a callback."""


def foreign_stop() -> RuntimeError:
    """Returns the error for a StopIteration of a user's function, which would end the search without a word."""
    return RuntimeError(
        "a function of the cost or of an activation raised StopIteration. To end the search, return True from a "
        "callback; for a fault, raise another error."
    )


class Search:
    """The records and the state of a search, which a minimiser informs of its start and of each iteration.

    ``problem.net`` is the network in double precision that the minimiser moves; ``net`` is the user's, which receives
    the θ of each iteration. A search that should end raises SearchEnded, and ``stopped`` says why.
    """

    def __init__(self, net: Network, problem: Problem, gradient_tol: float, time_limit: float) -> None:
        self.problem, self._net, self._gradient_tol = problem, net, gradient_tol
        self.stopped: str | None = None
        self.after_iteration: Callable[[], bool] = lambda: False  # asks the callbacks; True ends the search
        self._state = TrainingState.start(problem, {})
        self._began = time.perf_counter()
        self._deadline = self._began + time_limit
        self._request: str | None = None  # the reason to end at the next evaluation
        self.theta: Vector = problem.net.theta.astype(np.float64)  # of the last iteration

    @property
    def records(self) -> dict[str, list[float]]:
        """The records, one number per iteration under each name."""
        return self._state.records

    def state(self) -> TrainingState:
        """Returns a copy of the state."""
        self._state.theta = self._net.theta
        return self._state.copy()

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the search: the networks get the θ of the last iteration, or with patience the best one."""
        best = self._state.best_theta if self.problem.patience is not None else None
        self._show(self.theta if best is None else best)
        last = self.state()
        return lambda: last

    def interrupt(self, reason: str = "interrupted") -> None:
        """Ends the search at the next evaluation of J, for this reason."""
        self._request = reason

    def check(self) -> None:
        """Ends the search if it was interrupted or if its time is over; called before each evaluation."""
        if self._request is not None:
            self.end(self._request)
        if time.perf_counter() >= self._deadline:
            self.end("time_limit")

    def end(self, reason: str) -> None:
        """Ends the search for this reason."""
        self.stopped = self.stopped or reason
        raise SearchEnded

    def begin(self, is_finite: bool, g: Vector) -> None:
        """Ends the search if J or ∇J is not finite at the initial θ, or if θ is a stationary point already."""
        if not is_finite:
            self.end("diverged")
        if abs(g).max() <= self._gradient_tol:
            self.end("gradient_tol")

    def end_iteration(self, theta: Vector, J: float, g: Vector) -> None:
        """Records an iteration that ended at θ with J and ∇J = g, calls the callbacks, and asks every stopping rule."""
        state, problem, now = self._state, self.problem, time.perf_counter()
        self.theta = theta.copy()
        self._show(theta)
        state.epoch, state.step = state.epoch + 1, state.step + 1
        validation_J = self._validation_J()
        row = (J, validation_J, math.nan, now - self._began, clip(g, None))
        for values, value in zip(self.records.values(), row, strict=True):
            values.append(value)
        if validation_J < state.best_J:
            state.best_J, state.best_epoch = validation_J, state.epoch
            state.best_theta = self._net.theta.copy() if problem.patience is not None else None
        self._began = now
        if abs(g).max() <= self._gradient_tol:
            self.stopped = "gradient_tol"
        else:
            self.stopped = reason_to_stop(problem, state)
        if self.after_iteration():
            self.stopped = self.stopped or "callback"
        if self.stopped is not None:
            raise SearchEnded
        self.check()

    def _validation_J(self) -> float:
        problem = self.problem
        if (data := problem.validation_set) is None:
            return math.nan
        X, Y, weights = data
        return float(problem.cost.total(problem.net, forward(problem.net, X), Y, weights, penalty_scale=0.0))

    def _show(self, theta: Array) -> None:
        with np.errstate(over="ignore"):
            self.problem.net.theta[...] = theta
            self._net.theta[...] = theta
