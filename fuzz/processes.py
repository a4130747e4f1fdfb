"""Processes of a case: forked ones, which a harness ends by a signal, and the CPU time that they take."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path


def forked(function: Callable[[], int], held: Iterable[signal.Signals] = ()) -> int:
    """Runs a function in a process of its own, whose exit status it returns; returns the number of the process.

    The signals ``held`` wait until the function unblocks them: a busy machine may let a child begin late.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    if child := os.fork():
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
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


def cpu_seconds(session: int) -> float:
    """Returns the CPU time of all processes of a session, and of those that they have waited for; 0 outside Linux."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0
