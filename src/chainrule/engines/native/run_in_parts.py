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

    @property
    def sum_size(self) -> int:
        """The length of a sum, in the packed layout of the kernel set (native/src/kernels.hpp)."""
        found: int = self._run.sum_size
        return found

    def sum_blocks(self, first: int, count: int, gradient: Array, numbers: Array) -> None:
        """Computes the sum over a subtree of the next step's blocks; Σ w is left out, since each process has all w."""
        numbers[0] = self._run.sum_blocks(first, count, gradient)

    def add_sum(self, gradient: Array, other: Array) -> None:
        """Adds another sum's gradient to one; subnormal numbers are zero."""
        self._run.add_sum(gradient, other)

    def take_sum(self, gradient: Array, numbers: Array) -> None:
        """Makes the next step along the sum over all blocks, which it changes."""
        self._run.take_sum(gradient, float(numbers[0]))

    def end(self) -> None:
        """Ends the slice."""
        self._run.end()
