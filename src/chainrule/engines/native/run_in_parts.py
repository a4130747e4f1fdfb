"""A training run of the native engine whose steps are made in parts."""

from __future__ import annotations

from chainrule._internal.checks import Array
from chainrule.engines.native.run import NativeRun
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState


class NativeRunInParts(NativeRun):
    """A run in compiled code whose steps several processes make together, as `RunInParts` says."""

    def __init__(self, problem: Problem, state: TrainingState, blocks: int) -> None:
        super().__init__(problem, state, blocks=blocks)

    def begin(self, epochs: int) -> None:
        """Begins a slice of at most ``epochs`` more epochs."""
        self._run.begin_shared(epochs)

    @property
    def has_next_step(self) -> bool:
        """True if the slice has another step."""
        found: bool = self._run.has_next_step
        return found

    def sum_blocks(self, first: int, count: int, theta: Array, numbers: Array) -> None:
        """Computes the sum over a subtree of the next step's blocks; Σ w is left out, since each process has all w."""
        numbers[0] = self._run.sum_blocks(first, count, theta)

    def take_sum(self, theta: Array, numbers: Array) -> None:
        """Makes the next step along the sum over all blocks."""
        self._run.take_sum(theta, float(numbers[0]))

    def end(self) -> None:
        """Ends the slice."""
        self._run.end()
