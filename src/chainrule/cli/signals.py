"""Signals that ask a command to end: Ctrl-C, and SIGTERM and SIGHUP, by which a system ends a process in good order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
HANDLED = [signal.SIGINT, signal.SIGTERM, *([] if HANGUP is None else [HANGUP])]
NOTHING = "nothing was saved."
ECHO_SECONDS = 0.5  # `timeout` sends its signal twice, to the process and to its group


class RequestToEnd:
    """A context in which the first of these signals raises KeyboardInterrupt, and a later one ends the process.

    Two within ``ECHO_SECONDS`` are one request. SIGHUP repeats itself later too, when the shell of a closed terminal
    has ended, and asks only once. A signal that the process ignores, as under nohup, or that the program handles
    itself stays as it is.
    """

    def __init__(self) -> None:
        self.number: int | None = None  # of the first signal
        self.what_remains: Callable[[], str] = lambda: NOTHING  # of a command that the signal has ended
        self._came = 0.0  # when
        self._previous: dict[int, Any] = {}
        self._is_postponed: Callable[[], bool] = lambda: False

    def __enter__(self) -> Self:
        self.number, self.what_remains = None, lambda: NOTHING
        if threading.current_thread() is threading.main_thread():
            for number in HANDLED:
                if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        while self._previous:
            signal.signal(*self._previous.popitem())

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number, self._came = number, time.monotonic()
            if not self._is_postponed():
                raise KeyboardInterrupt
        elif number != HANGUP and time.monotonic() - self._came > ECHO_SECONDS:
            self.__exit__()
            signal.raise_signal(number)

    @contextmanager
    def postponed(self, condition: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """In this block the first signal is only noted in ``number`` if it comes when the condition holds."""
        self._is_postponed = condition
        try:
            yield
        finally:
            self._is_postponed = lambda: False

    @property
    def name(self) -> str:
        """The name of the first signal; Ctrl-C for SIGINT."""
        return "Ctrl-C" if self.number in (None, signal.SIGINT) else signal.Signals(self.number).name

    @property
    def exit_code(self) -> int | None:
        """The exit code of a process that the first signal has ended, such as 130 for Ctrl-C; None without one."""
        return None if self.number is None else 128 + self.number


REQUEST = RequestToEnd()  # one for the process, as its signals are
