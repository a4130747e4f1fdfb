"""Handling of Ctrl-C during training: it ends the run's `advance` without tearing a step.

`train` imports this module when it is called: signal and threading would be a twentieth of ``import chainrule``.
"""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar

SOON = 2.0  # seconds within which a second Ctrl-C is for the program, though the training has ended by the first


class Interrupt:
    """A context in which the first Ctrl-C only sets ``has_come`` and calls ``stop``; a second one interrupts as usual.

    It replaces Python's own handler alone; a program that has set its own handler keeps it.
    """

    _last: ClassVar[float] = -math.inf  # when a training was interrupted, by `time.monotonic`

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

    @staticmethod
    def should_return_history() -> bool:
        """Returns True if the interrupted call should return its history, which an exception would lose for the user.

        That is so in an interactive session, unless Ctrl-C has ended another training within the last two seconds: a
        loop of trainings can so be left.
        """
        now = time.monotonic()
        is_first, Interrupt._last = now - Interrupt._last >= SOON, now
        return hasattr(sys, "ps1") and is_first
