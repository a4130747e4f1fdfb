"""Ctrl-C while a network trains: it is noted, and ends the run's `advance`, with no step torn.

A module of its own, which `train` loads when it is called: signal and threading would be a twentieth of
``import chainrule``.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupt:
    """While it is entered, the first Ctrl-C only sets ``came`` and calls ``tell``; a second one is as ever."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self.came = False
        self._tell = tell
        self._previous: Any = None

    def __enter__(self) -> Interrupt:
        in_main = threading.current_thread() is threading.main_thread()
        if (
            in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):  # leave a program's own handler alone
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self._tell()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
