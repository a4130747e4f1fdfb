"""Processes of a case: forked ones, which a harness ends by a signal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def forked(function: Callable[[], int]) -> int:
    """Runs a function in a process of its own, whose exit status it returns; returns the number of the process."""
    if child := os.fork():
        return child
    status = 70
    try:
        status = function()
    finally:
        os._exit(status)


def wait_at_most(child: int, seconds: float) -> int | None:
    """Returns the status of a process that ends within this time, or None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number, status = os.waitpid(child, os.WNOHANG)
        if number:
            return status
        time.sleep(0.002)
    return None
