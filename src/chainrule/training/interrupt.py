"""Handling of Ctrl-C during training: it ends the run's `advance` without tearing a step.

`train` imports this module when it is called: signal and threading would be a twentieth of ``import chainrule``.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupt:
    """A context in which the first Ctrl-C only sets ``has_come`` and calls ``stop``; a second one interrupts as usual.

    It replaces Python's own handler alone; a program that has set its own handler keeps it.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self.has_come = False
        self._stop = stop
        self._previous: Any = None

    def __enter__(self) -> Interrupt:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.has_come = True
        self._stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
