"""The reference engine: the lecture in plain NumPy, and the definition against which other engines are tested."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, all_finite
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.backprop import Gradient, backpropagate
from chainrule.costs import Cost
from chainrule.engines.minibatch_gradient import MinibatchGradient, minibatch_gradient
from chainrule.engines.minibatches import minibatches, window_reader
from chainrule.engines.problem import Problem
from chainrule.engines.seam import InNumPy
from chainrule.engines.state import TrainingState
from chainrule.engines.stopping import reason_to_stop
from chainrule.network import Network
from chainrule.network.forward import forward
from chainrule.network.rates import RATE
from chainrule.network.theta import at_every_parameter
from chainrule.optimizers import Optimizer, clip
from chainrule.optimizers.optimizer import can_clip
from chainrule.rows.order import position, stream_at


class ReferenceEngine(InNumPy):
    """An engine for any σ, any cost, any optimizer, and complex θ."""

    name = "reference"
    releases_gil = False
    trains_together = False

    def declines(
        self,
        net: Network,
        cost: Cost | None,
        optimizer: Optimizer | None,
        shuffle: bool = True,
        X: Rows | None = None,
        jacobian: bool = False,
    ) -> None:
        """Returns None: it can run every problem."""

    def bundle_kind(self, problem: Problem) -> None:
        """Returns None: runs are advanced one by one."""

    def outputs(self, net: Network, X: Rows, threads: int | None = None) -> Array | None:
        """Computes N(x) for each row of X (Lecture, Def. 4.4), or returns None if X is not finite."""
        is_finite = isinstance(X, SparseRows) or all_finite(X)
        return forward(net, X).a[net.r] if is_finite else None

    def gradient(
        self,
        net: Network,
        cost: Cost,
        X: Rows,
        Y: Array,
        weights: Array | None,
        penalty_scale: float | None = None,
        threads: int | None = None,
    ) -> Gradient:
        """Computes ∇J(θ) by backpropagation (Lecture, L14 – L17)."""
        return backpropagate(net, cost, forward(net, X), Y, weights, penalty_scale)

    def start(self, problem: Problem, state: TrainingState | None) -> ReferenceRun:
        """Returns a training run that starts from the network's θ, or from ``state``."""
        problem = problem.in_memory()
        if state is None:
            return ReferenceRun(problem, TrainingState.start(problem, problem.optimizer.start(problem.net.theta)))
        return ReferenceRun(problem, state.copy())


class ReferenceRun:
    """Gradient descent and related optimizers, one step at a time (Lecture, L12)."""

    def __init__(self, problem: Problem, state: TrainingState) -> None:
        self.problem, self._state = problem, state
        problem.net.theta = state.theta
        state.theta = problem.net.theta  # the state shares the network's vector
        net = problem.net
        self._decayed = at_every_parameter(net.layout, (layer.decay for layer in net.layers), net.dtype)
        self._rate: Array | float = 1.0
        self._frozen: NDArray[np.bool_] | None = None  # True where the rate is 0: these entries stay bitwise the same
        if any(layer.rate != RATE for layer in net.layers):
            self._rate = at_every_parameter(net.layout, (layer.rate for layer in net.layers), net.dtype)
            self._frozen = self._rate == 0.0
        state.order = problem.order
        self._reader = window_reader(problem)
        self._diverged = self._interrupted = False
        self._begin_epoch()

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None."""
        return "diverged" if self._diverged else reason_to_stop(self.problem, self._state)

    @property
    def records(self) -> dict[str, list[float]]:
        """The records, one number per finished epoch under each name."""
        return self._state.records

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        return self._state.copy()

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, as `TrainingRun.finish` says."""
        last = self.state()
        if self.problem.patience is not None and last.best_theta is not None:
            self.problem.net.theta = last.best_theta
        if self._reader is not None:
            self._reader.close()
        return lambda: last

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps until ``epochs`` more epochs are finished, ``seconds`` have passed, or the run has stopped."""
        state, last_epoch, end = self._state, self._state.epoch + epochs, time.perf_counter() + seconds
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # each step checks its own results
            while self.stopped is None and state.epoch < last_epoch and not self._interrupted:
                self._timed_step()
                if time.perf_counter() >= end:
                    break
        self._interrupted = False

    def take_theta(self) -> None:
        """Does nothing, since the state shares the network's θ."""

    def limit_threads(self, limit: int) -> None:
        """Does nothing, since NumPy itself chooses the threads of its products."""

    def interrupt(self) -> None:
        """Makes ``advance`` return after the current step."""
        self._interrupted = True

    def _begin_epoch(self) -> None:
        """Prepares the minibatches of the current epoch that are left."""
        state = self._state
        self._stream = stream_at(*state.stream)
        self._minibatches = minibatches(self.problem, self._stream, state.epoch, state.batch, self._reader)

    def _timed_step(self) -> None:
        """Takes one step, and ends the epoch if it was the last one."""
        began = time.perf_counter()
        self._step()
        self._state.partial_seconds += time.perf_counter() - began
        if self._state.batch == self.problem.steps_per_epoch:
            self._end_epoch()

    def _next_gradient(self) -> MinibatchGradient:
        """Computes ∇J(θ) over the next minibatch, and its part of the J of an epoch."""
        return minibatch_gradient(self.problem.net, self.problem, *next(self._minibatches))

    def _validation_J(self) -> float | None:
        """Computes the cost over the validation set, without penalties; None if there is none."""
        problem, net = self.problem, self.problem.net
        if (data := problem.validation_set) is None:
            return None
        X, Y, weights = data
        return float(problem.cost.total(net, forward(net, X), Y, weights, penalty_scale=0.0))

    def _step(self) -> None:
        """Takes one optimizer step over one minibatch.

        Keeps θ and the moments and diverges if J, ∇J, a ‖∇J‖ to be clipped, the next θ or a moment is not finite.
        """
        problem, state = self.problem, self._state
        net, optimizer = problem.net, problem.optimizer_at(state.run_step)
        g, part_of_J = self._next_gradient()
        is_finite = math.isfinite(g.J) and bool(np.isfinite(g.theta).all())
        self._gradient_norm = clip(g.theta, optimizer.clip_norm)
        if not (is_finite and can_clip(self._gradient_norm, optimizer.clip_norm, net.dtype)):
            self._diverged = True
            return
        last_finite = net.theta.copy()
        last_moments = {name: moment.copy() for name, moment in state.moments.items()}
        alpha = problem.alpha(state.run_step) * self._rate
        optimizer.step(net.theta, g.theta, state.moments, alpha, state.step + 1, self._decayed)
        if self._frozen is not None:
            np.copyto(net.theta, last_finite, where=self._frozen)
        # α times a finite ∇J may overflow, and so may its squares, and a sum of finite J.
        partial_J = state.partial_J + part_of_J
        if not (math.isfinite(partial_J) and all(map(all_finite, (net.theta, *state.moments.values())))):
            net.theta[...] = last_finite
            state.moments = last_moments
            self._diverged = True
            return
        state.partial_J = partial_J
        state.step += 1
        state.batch += 1

    def _end_epoch(self) -> None:
        """Evaluates the validation set, records the epoch, and begins the next one."""
        problem, net = self.problem, self.problem.net
        self._state.end_epoch(
            problem, self._validation_J(), self._gradient_norm, position(self._stream), lambda: net.theta.copy()
        )
        self._begin_epoch()


ENGINE = ReferenceEngine()
