"""Several training runs that one thread makes together, so that an engine can make the steps of those of one kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from chainrule.engines.bundle import BundleKind
from chainrule.training.job import RunSlice, Slices, raised_in


class Bundle:
    """Runs in progress: those of one kind are advanced together, and their slice ends when something is due for one.

    ``stop`` makes all runs end soon; it is called when one raises an exception.
    """

    def __init__(self, *, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._in_progress: dict[Slices, RunSlice] = {}  # the next slice of each
        self._failure: BaseException | None = None

    def run(self, all_slices: Iterable[Slices]) -> None:
        """Advances all runs to their ends. The first exception is raised when all have ended."""
        for slices in all_slices:
            self._proceed(slices)
        while self._in_progress:
            for together in self._groups():
                self._advance(together)
        if self._failure is not None:
            raise self._failure

    def limit_threads(self, limit: int) -> None:
        """Does nothing: a bundle has one thread."""

    def _groups(self) -> Iterable[Sequence[Slices]]:
        """Returns the runs in progress, those that are advanced together in one list."""
        groups = defaultdict[BundleKind | int, list[Slices]](list)
        for slices, part in self._in_progress.items():
            groups[part.kind or id(slices)].append(slices)
        return [
            alike[first : first + most]
            for kind, alike in groups.items()
            for most in [kind.most if isinstance(kind, BundleKind) else 1]
            for first in range(0, len(alike), most)
        ]

    def _advance(self, together: Sequence[Slices]) -> None:
        """Advances runs of one kind, and does what is then due for each."""
        parts = [self._in_progress[slices] for slices in together]
        kind = parts[0].kind
        with raised_in(*self._in_progress):
            if kind is None or len(parts) < kind.least:
                for part in parts:
                    part.run.advance(part.epochs, part.seconds)
            else:
                runs = [part.run for part in parts]
                kind.advance(runs, min(part.epochs for part in parts), min(part.seconds for part in parts))
        for slices in together:
            self._proceed(slices)

    def _proceed(self, slices: Slices) -> None:
        """Does what is due for one run, up to its next slice."""
        self._in_progress.pop(slices, None)
        try:
            part = next(slices, None)
        except BaseException as error:
            if self._failure is None:
                self._failure = error
                self._stop()
        else:
            if part is not None:
                self._in_progress[slices] = part
