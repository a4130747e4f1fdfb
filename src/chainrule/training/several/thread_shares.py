"""The division of threads among the jobs in progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any, Protocol, TypeAlias

from chainrule.network import Network
from chainrule.training.history import History
from chainrule.training.job import Job, RunSlice, new_job
from chainrule.training.verdict import pronounce, verdict

Share: TypeAlias = Callable[[Job], AbstractContextManager[object]]  # gives a job its threads


class Limited(Protocol):
    """Something in progress that can use several threads."""

    def limit_threads(self, limit: int) -> None:
        """Makes it use at most ``limit`` threads."""


class ThreadShares:
    """A number of threads for a number of jobs: equal shares for those in progress, more when fewer are left.

    ``most`` jobs are in progress at a time, as long as that many are left.
    """

    def __init__(self, threads: int, jobs: int, most: int) -> None:
        self._threads, self._most, self._left = threads, most, jobs  # which have not ended
        self._in_progress: list[Limited] = []
        self._lock = Lock()

    @contextmanager
    def share(self, job: Limited) -> Iterator[None]:
        """Gives the job its share as long as the context lasts; at its end the job has ended."""
        with self._lock:
            self._in_progress.append(job)
            self._divide()
        try:
            yield
        finally:
            with self._lock:
                self._in_progress.remove(job)
                self._left -= 1
                self._divide()

    def _divide(self) -> None:
        jobs = max(1, min(self._most, self._left))
        for i, job in enumerate(self._in_progress):
            job.limit_threads(self._threads * (i + 1) // jobs - self._threads * i // jobs)


def train_with_share(share: Share, net: Network, X: Any, Y: Any, **settings: Any) -> Generator[RunSlice, None, History]:
    """Trains a network as `train` does, with its share of the threads; all settings of `new_job` must be given.

    "auto" takes no GPU here: it is chosen for all networks, or for none. The caller advances the run through the slices
    that are yielded.
    """
    job = new_job(net, X, Y, asks_for_gpu=False, **settings)
    with share(job):
        history = job.begin()
        yield from job.slices()
    pronounce(verdict(job.problem, history))
    return history
