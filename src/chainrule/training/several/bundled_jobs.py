"""The jobs of several networks of one shape, which one thread does together."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.engines.bundle import BundleKind
from chainrule.training.job import Job, Slices, raised_in


class BundledJobs:
    """Jobs whose runs are advanced as one bundle: a slice ends when something is due for one of them."""

    def __init__(self, kind: BundleKind) -> None:
        self._kind = kind
        self._in_progress: dict[Slices, tuple[Job, tuple[int, float]]] = {}  # with the limits of the next slice
        self._failure: BaseException | None = None

    def run(self, jobs: Iterable[tuple[Slices, Job]]) -> None:
        """Does all jobs. If one raises an exception, the others are interrupted, and it is raised at the end."""
        for slices, job in jobs:
            self._proceed(slices, job)
        while self._in_progress:
            self._advance()
            for slices, (job, _) in list(self._in_progress.items()):
                self._proceed(slices, job)
        if self._failure is not None:
            raise self._failure

    def limit_threads(self, limit: int) -> None:
        """Does nothing: a bundle has one thread."""

    def _proceed(self, slices: Slices, job: Job) -> None:
        """Does what is due for one job, up to its next slice."""
        self._in_progress.pop(slices, None)
        try:
            if self._failure is not None:
                job.interrupt()
            limits = next(slices, None)
        except BaseException as error:
            self._failure = self._failure or error
        else:
            if limits is not None:
                self._in_progress[slices] = job, limits

    def _advance(self) -> None:
        runs = [job.engine_run for job, _ in self._in_progress.values()]
        limits = [limits for _, limits in self._in_progress.values()]
        with raised_in(*self._in_progress):
            if len(runs) >= self._kind.least:
                self._kind.advance(runs, min(epochs for epochs, _ in limits), min(seconds for _, seconds in limits))
            else:
                for run, (epochs, seconds) in zip(runs, limits, strict=True):
                    run.advance(epochs, seconds)
