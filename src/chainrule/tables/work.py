"""Work on a large table in parts: on several threads, and with a bar if it lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO, TypeVar

from chainrule._internal.checks import as_integer
from chainrule._internal.durations import duration
from chainrule.engines.thread_counts import all_threads
from chainrule.training.callbacks.displays import Display, Frame, LinesDisplay, chosen_display

LEAST = 1 << 19  # numbers or texts, from which threads pay
ROWS_OF_A_PART = 1 << 16
SHOWN_AFTER = 1.0  # seconds

Part = TypeVar("Part")
Result = TypeVar("Result")


class Bar:
    """The progress of the work that lasts more than a second; in a file or a pipe nothing is shown."""

    def __init__(self, file: TextIO | None) -> None:
        self._file, self._began, self._is_over = file, time.perf_counter(), threading.Event()
        self._what, self._share = "preparing the rows", 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def show(self, what: str, share: float) -> None:
        """Shows from now on which work is done, and which share of it."""
        self._what, self._share = what, share

    def close(self) -> None:
        """Removes the bar."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        if self._is_over.wait(SHOWN_AFTER):
            return
        display = chosen_display(self._file)
        if isinstance(display, LinesDisplay):
            return
        try:
            self._draw(display)
        finally:
            display.close(None)

    def _draw(self, display: Display) -> None:
        elapsed = 0.0
        while not self._is_over.wait(display.pause(elapsed)):
            elapsed = time.perf_counter() - self._began
            display.show(Frame(self._share, True, ((self._what, duration(elapsed)),)))


_threads: ContextVar[int | None] = ContextVar("threads", default=None)
_bar: ContextVar[Bar | None] = ContextVar("bar", default=None)


@contextmanager
def at_work(threads: int | None = None, *, is_shown: bool = False, file: TextIO | None = None) -> Iterator[None]:
    """A context in which `each` uses at most this many threads, and the work is shown on ``file``, by default stderr.

    Raises InputError if ``threads`` is no number of threads.
    """
    most = _threads.set(None if threads is None else as_integer(threads, "threads", 1))
    bar = Bar(file) if is_shown else None
    shown = _bar.set(bar)
    try:
        yield
    finally:
        _threads.reset(most)
        _bar.reset(shown)
        if bar is not None:
            bar.close()


def begin(what: str) -> None:
    """Shows that this work begins, of which the share is not known."""
    if (bar := _bar.get()) is not None:
        bar.show(what, 0.0)


def each(what: str, size: int, function: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Returns f(part) for each part of a table, in order; on several threads if ``size``, of all parts, is large.

    f issues no warning, and writes nothing that another part needs. The first exception is raised.

    >>> each("adding", 10, sum, [[1, 2], [3, 4]])
    [3, 7]
    """
    count = min(all_threads(_threads.get()), len(parts)) if size >= LEAST else 1
    if count < 2:
        return _watched(what, map(function, parts), len(parts))
    with ThreadPoolExecutor(count) as pool:
        return _watched(what, pool.map(function, parts), len(parts))


def parts_of(t: int, rows: int = ROWS_OF_A_PART) -> list[slice]:
    """Returns t rows as slices of this many rows."""
    return [slice(first, min(first + rows, t)) for first in range(0, t, rows)]


def _watched(what: str, results: Iterable[Result], count: int) -> list[Result]:
    bar, done = _bar.get(), list[Result]()
    for result in results:
        done.append(result)
        if bar is not None:
            bar.show(what, len(done) / count)
    return done
