"""The training of k networks on a device: it loads their states, makes some steps at a time, and stores the states."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from chainrule._internal.checks import Array
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.engines.torch.batches import Sizes
from chainrule.engines.torch.evaluation import Evaluation
from chainrule.engines.torch.examples import on_host
from chainrule.engines.torch.parts.dropout import dropout_table
from chainrule.engines.torch.parts.optimizers import coefficient_table
from chainrule.engines.torch.recorded import STEPS_OF_A_GRAPH, recorded
from chainrule.engines.torch.step import TrainingStep
from chainrule.rows.compiled_shuffle import shuffled
from chainrule.rows.order import Position, position, stream_at

SLICE_SECONDS = 0.05  # between two looks at the device, and at interruptions


class Trainer:
    """A training of k networks that are at the same step of the same epoch; ``step`` has their tensors."""

    def __init__(self, problems: Sequence[Problem], device: Any, compute: Any) -> None:
        self.problems = problems
        self.step = TrainingStep(problems, device, compute)
        self._replays: dict[tuple[Sizes, int], Callable[[], None]] = {}
        self._seconds: dict[Sizes, float] = {}  # of a step
        self._drawn: dict[int, tuple[Position, Position]] = {}  # of the streams, before and after an epoch
        sets = [problem.validation for problem in problems if problem.validation is not None]
        first, step = problems[0], self.step
        self._validation = Evaluation(sets, first.net, step.passes, first.cost.mean, step.theta) if sets else None

    # ---- the states --------------------------------------------------------------------------------------------------

    def load(self, states: Sequence[TrainingState], numbers: Sequence[int] | None = None) -> None:
        """Takes θ and moments of the states, of all networks or of these numbers = 0, 1, …

        The others make steps too, which nothing follows from.
        """
        step, self._has_begun_epoch = self.step, False
        self._states = dict(zip(numbers or range(len(self.problems)), states, strict=True))
        for j, state in self._states.items():
            step.theta[j].copy_(on_host(state.theta))
            for name, moment in step.moments.items():
                moment[j].copy_(on_host(state.moments[name]))
            step.J[j] = state.partial_J
        step.watch.zero_()

    def store(self) -> None:
        """Writes θ and moments into the arrays of the states."""
        for j, state in self._states.items():
            state.theta[...] = self.theta(j)
            for name, moment in self.step.moments.items():
                state.moments[name][...] = moment[j].cpu().numpy()

    def theta(self, j: int) -> Array:
        """Returns a copy of θ of network j = 0, 1, …"""
        copy: Array = np.array(self.step.theta[j].cpu().numpy())
        return copy

    # ---- training ----------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> list[int]:
        """Makes at least one step, and at most those of the epoch or of ``seconds``; ends the epoch after its last one.

        Returns the numbers of the networks whose next step diverges. These keep their state; the others may have made
        one step more.
        """
        if not self._has_begun_epoch:
            self.begin_epoch()
        batch = self._first.batch
        sizes = self.step.batches.sizes(batch)
        count = self._count(batch, sizes, seconds)
        began = time.perf_counter()
        before = [tensor.clone() for tensor in self.step.state]
        diverged: list[int] = []
        try:
            self._make(sizes, count)
            J, is_finite = self._read()
            if not is_finite[list(self._states)].all():
                self._restore(before)
                count, J, diverged = self._make_carefully(sizes, count)
        except BaseException:
            self._restore(before)
            raise
        spent = time.perf_counter() - began
        self._seconds[sizes] = spent / max(count, 1)
        for j, state in self._states.items():
            own = count - 1 if j in diverged else count
            state.step += own
            state.batch += own
            state.partial_J = float(J[j])
            state.partial_seconds += spent
        if batch + count == self.problems[0].steps_per_epoch:
            self._end_epoch(diverged)
        return diverged

    @property
    def _first(self) -> TrainingState:
        """The state of one network, whose steps are counted as those of all."""
        return next(iter(self._states.values()))

    def _count(self, batch: int, sizes: Sizes, seconds: float) -> int:
        """Returns the number of steps with minibatches of these sizes that fit into the epoch and the time."""
        left, known = self.step.batches.left(batch), self._seconds.get(sizes)
        return 1 if known is None else max(1, min(left, int(min(seconds, SLICE_SECONDS) / known)))

    def _make(self, sizes: Sizes, count: int) -> None:
        for length in (STEPS_OF_A_GRAPH, 1):
            for _ in range(count // length):
                self.replay(sizes, length)()
            count %= length

    def replay(self, sizes: Sizes, length: int) -> Callable[[], None]:
        """Returns a function that makes ``length`` steps over minibatches of these sizes."""
        if (sizes, length) not in self._replays:
            self._replays[sizes, length] = recorded(functools.partial(self.step, sizes), length, self.step.state)
        return self._replays[sizes, length]

    def _read(self) -> tuple[Array, Array]:
        """Returns J and whether J, every ∇J, θ and the moments are finite, each (k,): one reading of the device."""
        step, watch = self.step, self.step.watch
        for tensor in (step.theta, *step.moments.values()):
            watch = watch + tensor.sum(1, dtype=torch.float64)
        J, sums = torch.stack((step.J, watch)).cpu().numpy()
        return J, np.isfinite(J) & np.isfinite(sums)

    def _make_carefully(self, sizes: Sizes, count: int) -> tuple[int, Array, list[int]]:
        """Makes the steps one by one up to the first that diverges; returns their number, J, and who diverges.

        The sums of `_read` may overflow without a number that is not finite: here each number is looked at.
        """
        step, made, diverged = self.step, 0, list[int]()
        while made < count and not diverged:
            made += 1
            step.watch.zero_()
            before = [tensor.clone() for tensor in step.state]
            self._make(sizes, 1)
            is_finite = torch.isfinite(step.J)
            for tensor in (step.theta, step.gradient, *step.moments.values()):
                is_finite = is_finite & torch.isfinite(tensor).all(1)
            diverged = [j for j in torch.nonzero(~is_finite)[:, 0].tolist() if j in self._states]
            for tensor, values in zip(step.state, before, strict=True):
                if tensor is not step.counter:
                    tensor[diverged] = values[diverged]
        step.watch.zero_()
        return made, step.J.cpu().numpy(), diverged

    def _restore(self, before: Sequence[Any]) -> None:
        for tensor, values in zip(self.step.state, before, strict=True):
            tensor.copy_(values)

    # ---- epochs ------------------------------------------------------------------------------------------------------

    def begin_epoch(self) -> None:
        """Draws the order of the rows and the keys of dropout, and computes the coefficients of the epoch's steps."""
        step, problem, steps = self.step, self.problems[0], self.problems[0].steps_per_epoch
        for j, state in self._states.items():
            if j in self._drawn and self._drawn[j][0] == state.stream:  # a slice has ended in mid-epoch
                continue
            own, stream = self.problems[j], stream_at(*state.stream)
            if not own.full_batch:
                order = np.arange(own.data.t) if own.in_order else shuffled(stream, own.data.t)
                step.batches.arrange(j, order.astype(np.int64, copy=False))
            if own.has_dropout:
                step.keys[j].copy_(on_host(stream.random_raw(steps).view(np.int64)))
            self._drawn[j] = state.stream, position(stream)
        first, state = self._first.batch, self._first
        table = coefficient_table(problem, state.step - first, state.run_step - first, steps)
        step.table.copy_(on_host(table))
        if problem.has_dropout:
            limits, factors = dropout_table(problem, state.run_step - first, steps)
            step.limits.copy_(on_host(limits))
            step.factors.copy_(on_host(factors))
        step.counter.fill_(first)
        self._has_begun_epoch = True

    def _end_epoch(self, diverged: Sequence[int]) -> None:
        """Records the epoch, with J of the validation sets, for all networks but those that diverge."""
        norms = self.step.gradient_norms().cpu().numpy()
        costs = None if self._validation is None else self._validation.J().tolist()
        for j, state in self._states.items():
            if j in diverged:
                continue
            problem, validation_J = self.problems[j], None if costs is None else costs[j]
            state.end_epoch(problem, validation_J, float(norms[j]), self._drawn[j][1], functools.partial(self.theta, j))
        self.step.J.zero_()
        self._has_begun_epoch = False
