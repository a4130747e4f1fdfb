"""``python -m fuzz.child NAME SEED FIRST SECONDS``: runs cases one after another and reports each on a line of JSON.

A line is [case, outcome, null] or [case, null, traceback]; the first line, before any case, and the last one are null.
Whatever a case writes to standard output goes to standard error instead. A case that ends the process leaves its
traceback there too.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from fuzz.harness import Harness


def terminal_signals() -> None:
    """Gives the signals the handlers of a process of a terminal; one started in the background may ignore them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def limit_memory(more: int) -> None:
    """Lets the process take so many bytes more than it has; an allocation beyond them is a MemoryError."""
    try:
        import resource

        taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # not Linux
        return
    resource.setrlimit(resource.RLIMIT_AS, (taken + more, taken + more))


def main(arguments: list[str]) -> None:
    """Runs cases from the first one until the time is over."""
    name, seed, first, seconds = arguments[0], int(arguments[1]), int(arguments[2]), float(arguments[3])
    terminal_signals()
    faulthandler.enable()
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    harness, case = Harness.named(name), first
    if harness.case_bytes is not None:
        limit_memory(harness.case_bytes)
    print("null", file=reports, flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end or case == first:
        outcome = failure = None
        try:
            outcome = harness.outcome(seed, case)
        except BaseException:  # SystemExit and KeyboardInterrupt too: a case may send itself signals
            failure = traceback.format_exc()
        print(json.dumps([case, outcome, failure]), file=reports, flush=True)
        case += 1
    print("null", file=reports, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
