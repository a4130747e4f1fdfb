"""Endless work and generous time limits, which make tests independent of the machine's speed.

A test whose work must last lets it go on until it has seen what it waits for, and then ends it. A limit of time only
ends a test that has failed: it costs nothing when the event comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

ENDLESS = 2_000_000_000  # epochs: 20 minutes for the fastest network, at 0.6 µs each; fits in 32 bits
LIMIT = 1800.0  # seconds


def wait_until(happened: Callable[[], bool]) -> None:
    """Returns once ``happened()`` is true, and fails after LIMIT."""
    end = time.monotonic() + LIMIT
    while not happened():
        assert time.monotonic() < end, f"it has not happened within {LIMIT:.0f} s"
        time.sleep(0.001)
