"""A run that may continue as a new run of the engine, with another plan or another learning rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chainrule.engines import TrainingRun
from chainrule.engines.state import TrainingState


class RenewedRun:
    """A training run around a run of the engine: ``_continue_in`` replaces that by one that starts from its state.

    A subclass advances it, and sets ``_is_interrupted`` to False at the end of `advance`.
    """

    _run: TrainingRun

    def __init__(self) -> None:
        self._most_threads: int | None = None
        self._is_interrupted = False

    def _continue_in(self, run: TrainingRun) -> None:
        self._run = run
        if self._most_threads is not None:  # read when `limit_threads` in another thread already finds the run
            run.limit_threads(self._most_threads)

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None."""
        return self._run.stopped

    @property
    def records(self) -> Mapping[str, Sequence[float]]:
        """The records, one number per finished epoch under each name."""
        return self._run.records

    def take_theta(self) -> None:
        """Continues from the network's θ, which may have been changed since ``advance`` returned."""
        self._run.take_theta()

    def limit_threads(self, limit: int) -> None:
        """Makes later steps use at most ``limit`` threads."""
        self._most_threads = limit
        self._run.limit_threads(limit)

    def interrupt(self) -> None:
        """Makes ``advance`` return soon."""
        self._is_interrupted = True
        self._run.interrupt()

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        return self._run.state()

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, as `TrainingRun.finish` says."""
        return self._run.finish()
