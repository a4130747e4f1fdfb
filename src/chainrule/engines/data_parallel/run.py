"""A training run whose gradients several processes compute together; θ and the moments are the same in each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.engines.data_parallel.blocks import Subtree, folded, share, subtrees
from chainrule.engines.data_parallel.blocks import block as rows_of_block
from chainrule.engines.data_parallel.sums import BlockSums, minibatch_gradient
from chainrule.engines.minibatch_gradient import MinibatchGradient
from chainrule.engines.minibatches import Minibatch
from chainrule.engines.problem import Problem
from chainrule.engines.reference import ReferenceRun
from chainrule.engines.seam import Engine
from chainrule.engines.state import TrainingState
from chainrule.processes.group import Alone, Group

NUMBERS = 4  # beside a gradient: Σ w ℓ, Σ w, and whether a process is interrupted or its time is up
INTERRUPTED, TIME_IS_UP = 2, 3
REASONS = ("callback", "time_limit", "interrupted")  # to end that one process may have; the last one counts most


@dataclass(frozen=True)
class Division:
    """The subtrees of blocks that each process computes, and how many there are at most."""

    blocks: int
    of_process: tuple[tuple[Subtree, ...], ...]

    @classmethod
    def of(cls, size: int, blocks: int) -> Division:
        """Returns the division of the blocks of a minibatch among so many processes."""
        return cls(blocks, tuple(tuple(subtrees(share(rank, size, blocks), blocks)) for rank in range(size)))

    @property
    def most(self) -> int:
        """The largest number of subtrees of a process."""
        return max(map(len, self.of_process))


class DataParallelRun(ReferenceRun):
    """The steps of the reference engine, with the gradient of each minibatch from all processes.

    Each step has one exchange, which also says whether a process is interrupted or its time is up: all of them end
    after the same step.
    """

    def __init__(
        self, problem: Problem, state: TrainingState, group: Group | Alone, engine: Engine, blocks: int
    ) -> None:
        self._group, self._sums = group, BlockSums(problem, engine)
        self._division = Division.of(group.size, blocks)
        self._end = 0.0
        self._should_end = self._has_ended = False
        super().__init__(problem, state)

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps until the first of all processes has had so many epochs or seconds, or is interrupted."""
        state, self._end, self._should_end = self._state, time.perf_counter() + seconds, False
        least = min(self._group.objects(epochs))
        last_epoch = state.epoch + least
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            while self.stopped is None and state.epoch < last_epoch and not self._should_end:
                self._timed_step()
        self._interrupted = False

    def agreed(self, reason: str | None) -> str | None:
        """Returns the reason to end that counts most among those of all processes, which must ask at the same time."""
        given: list[str | None] = self._group.objects(reason)
        found = max(given, key=lambda each: REASONS.index(each) if each in REASONS else -1)
        self._has_ended = found is not None or self.stopped is not None
        return found

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run here; if the others do not end it, they are told the reason."""
        if not self._has_ended and self.stopped is None:
            error = sys.exception()
            self._group.leave(f"{type(error).__name__}: {error}" if error else "its training has ended")
        return super().finish()

    def _minibatch_gradient(self, batch: Minibatch) -> MinibatchGradient:
        """Computes the blocks of this process, and adds all blocks in the order of the tree."""
        problem, division, d = self.problem, self._division, self.problem.net.d
        own = division.of_process[self._group.rank]
        n = _length(batch)
        theta, numbers = np.zeros((division.most, d), problem.net.dtype), np.zeros((division.most, NUMBERS))
        for slot, (first, count) in enumerate(own):
            found = {
                (k, 1): self._sums.of(batch, rows_of_block(n, k, division.blocks)) for k in range(first, first + count)
            }
            theta[slot] = folded({tree: g for tree, (g, _) in found.items()}, (first, count))
            numbers[slot, :2] = folded({tree: pair for tree, (_, pair) in found.items()}, (first, count))
        numbers[0, INTERRUPTED:] = self._interrupted, time.perf_counter() >= self._end
        return self._added(theta, numbers)

    def _added(self, theta: Array, numbers: NDArray[np.float64]) -> MinibatchGradient:
        """Exchanges the sums of all processes in one message, and adds them."""
        message = np.concatenate([theta.ravel().view(np.uint8), numbers.ravel().view(np.uint8)])
        every = self._group.gathered(message)
        split = theta.nbytes
        thetas: dict[Subtree, Array] = {}
        all_numbers: dict[Subtree, Array] = {}
        for rank, trees in enumerate(self._division.of_process):
            theirs = every[rank, :split].view(theta.dtype).reshape(theta.shape)
            beside = every[rank, split:].view(np.float64).reshape(numbers.shape)
            self._should_end |= bool(beside[0, INTERRUPTED:].any())
            for slot, tree in enumerate(trees):
                thetas[tree], all_numbers[tree] = theirs[slot], beside[slot, :INTERRUPTED]
        root = (0, self._division.blocks)
        return minibatch_gradient(self.problem, folded(thetas, root).copy(), folded(all_numbers, root))

    def _validation_J(self) -> float | None:
        """Returns the cost over the validation set as the first process has computed it."""
        own = super()._validation_J()
        return None if own is None else float(self._group.gathered(np.array([own]))[0, 0])


def _length(batch: Minibatch) -> int:
    rows = batch.rows
    return rows.stop - rows.start if isinstance(rows, slice) else len(rows)
