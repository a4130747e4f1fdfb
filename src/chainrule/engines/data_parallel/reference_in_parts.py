"""The steps of the reference engine in parts, for what the native engine does not make in parts."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import Array
from chainrule.engines.data_parallel.blocks import Subtree, added, block, folded
from chainrule.engines.data_parallel.sums import BlockSums, minibatch_gradient
from chainrule.engines.minibatch_gradient import MinibatchGradient
from chainrule.engines.minibatches import Minibatch
from chainrule.engines.problem import Problem
from chainrule.engines.reference import ReferenceRun
from chainrule.engines.seam import Engine
from chainrule.engines.state import TrainingState
from chainrule.processes.group import Alone, Group


class ReferenceInParts(ReferenceRun):
    """A run of the reference engine in parts, as `RunInParts` says, with the gradients of blocks by an engine."""

    def __init__(
        self, problem: Problem, state: TrainingState, group: Group | Alone, engine: Engine, blocks: int
    ) -> None:
        self._group, self._sums, self._blocks = group, BlockSums(problem, engine), blocks
        self._batch: Minibatch | None = None  # of the next step
        super().__init__(problem, state)

    def begin(self, epochs: int) -> None:
        """Begins a slice of at most ``epochs`` more epochs."""
        self._last_epoch = self._state.epoch + epochs

    @property
    def has_next_step(self) -> bool:
        """True if the slice has another step."""
        return self.stopped is None and self._state.epoch < self._last_epoch

    @property
    def sum_size(self) -> int:
        """The length d of θ, whose order a sum has."""
        return self.problem.net.d

    def sum_blocks(self, first: int, count: int, gradient: Array, numbers: Array) -> None:
        """Computes the sum over a subtree of the next step's blocks."""
        if self._batch is None:
            self._batch = next(self._minibatches)
        n, sums = _length(self._batch), {}
        for k in range(first, first + count):
            sums[k, 1] = self._sums.of(self._batch, block(n, k, self._blocks))
        tree: Subtree = (first, count)
        gradient[:] = folded({each: g for each, (g, _) in sums.items()}, tree)
        numbers[:] = folded({each: pair for each, (_, pair) in sums.items()}, tree)

    def add_sum(self, gradient: Array, other: Array) -> None:
        """Adds another sum's gradient to one."""
        added(gradient, other)

    def take_sum(self, gradient: Array, numbers: Array) -> None:
        """Makes the next step along the sum over all blocks, which it changes."""
        if self._batch is None:  # all blocks are those of other processes
            next(self._minibatches)
        self._batch, self._sum = None, (gradient, numbers)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # each step checks its own results
            self._timed_step()

    def end(self) -> None:
        """Does nothing, since the network's θ is that of the run."""

    def _next_gradient(self) -> MinibatchGradient:
        """Returns ∇J(θ) of the sum."""
        return minibatch_gradient(self.problem, *self._sum)

    def _validation_J(self) -> float | None:
        """Returns the cost over the validation set as the first process has computed it."""
        own = super()._validation_J()
        return None if own is None else float(self._group.gathered(np.array([own]))[0, 0])


def _length(batch: Minibatch) -> int:
    rows = batch.rows
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)
