"""The queue of the networks of one call of `train_many`, those with the most work first."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Lock

import numpy as np

from chainrule.engines.bundle import BundleKind
from chainrule.engines.thread_counts import step_flop
from chainrule.errors import ChainruleError
from chainrule.training.history import History
from chainrule.training.job import Job, Slices, advance
from chainrule.training.several.bundle import Bundle
from chainrule.training.several.on_threads import on_threads
from chainrule.training.several.thread_shares import ThreadShares
from chainrule.training.verdict import Verdict, verdict

MOST_COPIED = 1 << 20  # bytes of copied rows of X, for each network of a bundle


class QueuedJob:
    """The job to be done for one network, and then its history and the verdict on it.

    A job with copies of rows is made once to check its arguments, and again when its turn comes: no more copies exist
    at a time than threads.
    """

    def __init__(self, number: int, make: Callable[[], Job], *, copies_rows: bool) -> None:
        self.number, self._make = number, make  # numbers count from 1
        with named(number):
            job = make()
        problem = job.problem
        self.is_bound_by_python = job.is_bound_by_python
        X = problem.X
        is_large = isinstance(X, np.ndarray) and X.nbytes > MOST_COPIED
        self.bundle_kind = None if copies_rows and is_large else job.bundle_kind
        self.flop = problem.epochs * step_flop(problem.net, problem.data.t, problem.X)
        self.job = None if copies_rows else job
        self.history: History | None = None
        self.verdict = Verdict(None, None)

    def take(self) -> Job:
        """Returns the job."""
        with named(self.number):
            self.job = self.job or self._make()
        return self.job

    def run(self, job: Job) -> None:
        """Does the job."""
        advance(self.slices(job))

    def slices(self, job: Job) -> Slices:
        """Does the job slice by slice, as `Job.slices`, and drops it with its data."""
        with named(self.number):
            self.history = job.begin()
            yield from job.slices()
            self.verdict = verdict(job.problem, self.history)
        self.job = None


class JobQueue:
    """The jobs of all networks, and the threads that do them."""

    def __init__(self, jobs: Sequence[QueuedJob], threads: int) -> None:
        self._jobs = jobs
        parts = sorted(divided(jobs, threads), key=lambda part: sum(queued.flop for queued in part), reverse=True)
        self._waiting = deque(parts)
        free = sum(not part[0].is_bound_by_python for part in parts)
        self._workers = min(threads, max(1, free))
        self._shares = ThreadShares(threads, len(parts), self._workers)
        self._lock = Lock()
        self._is_stopped = False

    def run(self) -> bool:
        """Trains all networks, or as far as ``stop`` allows; then each has its history. Returns True after Ctrl-C."""
        was_interrupted = on_threads(self._work, self._workers, stop=self.stop)
        for queued in self._jobs:
            if queued.history is None:  # it has not begun: an untrained network has a history without epochs
                job = queued.take()
                job.interrupt()
                queued.run(job)
        return was_interrupted

    def stop(self) -> None:
        """Makes each network stop after its current step; safe in signal handlers and threads."""
        self._is_stopped = True
        for queued in self._jobs:
            if (job := queued.job) is not None:
                job.interrupt()

    def _work(self) -> None:
        while (part := self._next()) is not None:
            self._train(part)

    def _next(self) -> Sequence[QueuedJob] | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting and not self._is_stopped else None

    def _train(self, part: Sequence[QueuedJob]) -> None:
        jobs = [queued.take() for queued in part]
        if self._is_stopped:  # `stop` may have come before there was a job
            for job in jobs:
                job.interrupt()
        if len(part) == 1:
            with self._shares.share(jobs[0]):
                part[0].run(jobs[0])
        else:
            bundle = Bundle(stop=self.stop)
            with self._shares.share(bundle):
                bundle.run(queued.slices(job) for queued, job in zip(part, jobs, strict=True))


def divided(jobs: Sequence[QueuedJob], threads: int) -> list[list[QueuedJob]]:
    """Divides the jobs into bundles and those that are done one by one; a bundle's jobs have about the same work."""
    parts, kinds = [], defaultdict[BundleKind | None, list[QueuedJob]](list)
    for queued in sorted(jobs, key=lambda queued: queued.flop, reverse=True):
        kinds[queued.bundle_kind].append(queued)
    for kind, alike in kinds.items():
        rest = iter(alike)
        workers = 1 if alike[0].is_bound_by_python else threads
        sizes = [] if kind is None else kind.sizes(len(alike), workers)
        parts += [list(islice(rest, size)) for size in sizes or [1] * len(alike)]
    return parts


@contextmanager
def named(number: int) -> Iterator[None]:
    """Names the network, by its number from 1, in an error that comes from this context."""
    try:
        yield
    except ChainruleError as error:
        error.args = (f"network {number}: {error}", *error.args[1:])
        raise
    except Exception as error:
        error.add_note(f"This happened to network {number}.")
        raise
