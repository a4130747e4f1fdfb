"""A training run whose gradients several processes compute together; θ and the moments are the same in each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.engines.data_parallel.blocks import Subtree, folded, share, subtrees
from chainrule.engines.seam import RunInParts
from chainrule.engines.state import TrainingState
from chainrule.network import Network
from chainrule.processes.group import Alone, Group

SUMS, NUMBERS = 2, 4  # beside a gradient: Σ w ℓ, Σ w; and whether a process is interrupted or its time is up
REASONS = ("callback", "time_limit", "interrupted")  # to end that one process may have; the last one counts most


@dataclass(frozen=True)
class Division:
    """The subtrees of blocks that each process computes, and how many there are at most."""

    blocks: int
    of_process: tuple[tuple[Subtree, ...], ...]

    @classmethod
    def of(cls, size: int, blocks: int) -> Division:
        """Returns the division of the blocks of a minibatch among this many processes."""
        return cls(blocks, tuple(tuple(subtrees(share(rank, size, blocks), blocks)) for rank in range(size)))

    @property
    def most(self) -> int:
        """The largest number of subtrees of a process."""
        return max(map(len, self.of_process))


class Messages:
    """The sums of the subtrees of all processes, as an array of bytes (processes, n) that holds those of each in a row.

    A row has gradients (most, size), and then numbers (most, 4).
    """

    def __init__(self, size: int, dtype: np.dtype[Any], division: Division) -> None:
        most = division.most
        row = np.dtype([("gradients", dtype, (most, size)), ("numbers", np.float64, (most, NUMBERS))])
        rows = np.zeros(len(division.of_process), row)
        self.bytes = rows.view(np.uint8).reshape(len(rows), -1)
        self.numbers = rows["numbers"]
        places = {
            tree: (rank, slot) for rank, trees in enumerate(division.of_process) for slot, tree in enumerate(trees)
        }
        self.gradient_of = {tree: rows["gradients"][place] for tree, place in places.items()}
        self.sums_of = {tree: self.numbers[place][:SUMS] for tree, place in places.items()}


class DataParallelRun:
    """The steps of a run in parts, each along a sum to which all processes contribute.

    Each step has one exchange, which also says whether a process is interrupted or its time is up: all of them end
    after the same step.
    """

    def __init__(self, run: RunInParts, net: Network, group: Group | Alone, blocks: int) -> None:
        self._run, self._group = run, group
        self.division = Division.of(group.size, blocks)
        self._messages = Messages(run.sum_size, net.dtype, self.division)
        self._has_ended = self._is_interrupted = False

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None."""
        return self._run.stopped

    @property
    def records(self) -> Mapping[str, Sequence[float]]:
        """The records, one number per finished epoch under each name."""
        return self._run.records

    def begin(self, epochs: int) -> None:
        """Begins a slice of as many epochs as the process that asks for the fewest."""
        self._run.begin(min(self._group.objects(epochs)))

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps until the first of all processes has had this many epochs or seconds, or is interrupted."""
        end, should_end = time.perf_counter() + seconds, False
        self.begin(epochs)
        try:
            while self._run.has_next_step and not should_end:
                should_end = self.step(end)
        finally:
            self._run.end()
        self._is_interrupted = False

    def step(self, end: float) -> bool:
        """Makes one step with all others; returns True if one of them is interrupted, or has reached ``end``."""
        messages, rank, root = self._messages, self._group.rank, (0, self.division.blocks)
        for tree in self.division.of_process[rank]:
            self._run.sum_blocks(*tree, messages.gradient_of[tree], messages.sums_of[tree])
        messages.numbers[rank, 0, SUMS:] = self._is_interrupted, time.perf_counter() >= end
        self._group.gather(messages.bytes)
        self._run.take_sum(folded(messages.gradient_of, root, self._run.add_sum), folded(messages.sums_of, root))
        return bool(messages.numbers[:, 0, SUMS:].any())

    def take_theta(self) -> None:
        """Continues from the network's θ, which may have been changed since ``advance`` returned."""
        self._run.take_theta()

    def limit_threads(self, limit: int) -> None:
        """Makes later steps use at most ``limit`` threads in this process."""
        self._run.limit_threads(limit)

    def interrupt(self) -> None:
        """Makes ``advance`` return in all processes after the current step."""
        self._is_interrupted = True

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        return self._run.state()

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
        return self._run.finish()
