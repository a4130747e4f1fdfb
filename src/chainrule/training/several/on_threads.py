"""The same work on several threads at once, while the calling thread handles signals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

POLL_SECONDS = 0.05  # between two looks of the calling thread


def on_threads(
    work: Callable[[], None], count: int, *, stop: Callable[[], None], look: Callable[[], None] | None = None
) -> bool:
    """Calls ``work`` on ``count`` threads, and returns when all have ended: True if Ctrl-C came meanwhile.

    Ctrl-C calls ``stop``, which must make ``work`` return soon; a second one is raised, once all threads have ended. If
    ``work`` raises, ``stop`` is called, and the first exception is raised at the end. Meanwhile the calling thread
    calls ``look`` again and again, which may wait up to POLL_SECONDS for something to do. If the system has fewer
    threads, those do the work; RuntimeError if it has none.
    """
    begin, was_interrupted = threading.Event(), False
    runs: list[Future[None]] = []

    def begun() -> None:
        begin.wait()
        work()

    with ThreadPoolExecutor(count, thread_name_prefix="chainrule") as pool:
        try:
            try:
                _submit(pool, begun, count, runs)
                begin.set()  # now that Ctrl-C can no longer come between two calls of `submit`
                _watch(runs, stop, look)
            except KeyboardInterrupt:
                was_interrupted = True
                stop()
                begin.set()
                _watch(runs, stop, look)
        except BaseException:
            stop()  # no thread outlives this call
            begin.set()
            raise
    for run in runs:
        run.result()
    return was_interrupted


def _submit(pool: ThreadPoolExecutor, work: Callable[[], None], count: int, runs: list[Future[None]]) -> None:
    """Appends a run for each thread that the system grants."""
    for _ in range(count):
        try:
            runs.append(pool.submit(work))
        except RuntimeError:  # it could not be started; its work stays in the pool and ends with that of the others
            if not runs:
                raise
            return


def _watch(runs: Sequence[Future[None]], stop: Callable[[], None], look: Callable[[], None] | None) -> None:
    """Waits for all runs, and stops all of them if one raises an exception."""
    has_failed = False
    while not all(run.done() for run in runs):
        if look is None:
            wait(runs, timeout=POLL_SECONDS, return_when=ALL_COMPLETED if has_failed else FIRST_EXCEPTION)
        else:
            look()
        if not has_failed and any(run.done() and run.exception() is not None for run in runs):
            has_failed = True
            stop()
