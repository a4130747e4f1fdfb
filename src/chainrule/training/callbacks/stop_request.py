"""A request to stop training, from another thread or a handler."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.training.callbacks.callback import RunCallback, WatchedRun


class StopRequest(RunCallback):
    """Stops every training that it watches when ``set`` is called, from any thread and in mid-epoch.

    ``history.stopped`` is then "callback". A training that begins after ``set`` ends before its first step; ``clear``
    takes the request back. Copies of an estimator share the request.

    >>> import chainrule as cr, threading
    >>> net, stop = cr.Network.dense([1, 1], seed=0), cr.callbacks.StopRequest()
    >>> threading.Timer(0.1, stop.set).start()
    >>> cr.train(net, [[1.0]], [[2.0]], epochs=10**9, callbacks=[stop]).stopped
    'callback'
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may call `set` while the same thread holds the lock
        self._runs: list[WatchedRun] = []
        self._is_set = False

    def __deepcopy__(self, memo: dict[int, Any]) -> StopRequest:
        return self

    def set(self) -> None:
        """Asks all trainings to stop."""
        with self._lock:
            self._is_set = True
            for run in self._runs:
                run.stop()

    def clear(self) -> None:
        """Takes the request back, for trainings that begin from now on."""
        self._is_set = False

    def is_set(self) -> bool:
        """Returns True if there is a request to stop."""
        return self._is_set

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[None]:
        """Lets ``set`` stop this run, which needs no calls."""
        with self._lock:
            self._runs.append(run)
            if self._is_set:
                run.stop()
        try:
            yield
        finally:
            with self._lock:
                self._runs.remove(run)
