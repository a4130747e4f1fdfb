"""Faults of processes that train one network: ``python -m benchmarks.scale.faults [--timeout 5]``.

One of two processes is killed, raises an error, leaves the program or sleeps after an epoch. Printed are the seconds
from then on until the other one raises ProcessLost, and until it has ended, and its words. The goal for the first is
the timeout of an exchange and 5 s more; the second counts the end of an interpreter with PyTorch too.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chainrule as cr
from benchmarks.goals import Verdict, markdown
from benchmarks.scale.restarts import trained

FAULTS = ("kill", "raise", "leave", "sleep")
MORE = 5.0  # seconds
LONG = 600.0  # within which all must have ended


def member(fault: str, timeout: float, place: Path) -> None:
    """Trains as one of the processes; the second one notes the time of its fault in a file."""

    def fail(history: cr.History) -> None:
        if history.epochs < 2 or os.environ["RANK"] == "0":
            return
        place.write_text(str(time.monotonic()), encoding="ascii")
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "raise":
            raise ValueError("a fault")
        if fault == "leave":
            sys.exit(0)
        time.sleep(LONG)

    try:
        trained(cr.engines.DataParallel(timeout=timeout), callbacks=[fail])
    except cr.ProcessLost as lost:
        print(time.monotonic(), lost, flush=True)


def after(fault: str, timeout: float) -> tuple[float, float, str]:
    """Returns the seconds from the fault to the error of the other process, and to its end, and its words."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "time")
        own = ["-m", "benchmarks.scale.faults", "--timeout", str(timeout), "--member", fault, "--place", str(place)]
        shared = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        first, second = (
            subprocess.Popen([sys.executable, *own], text=True, stdout=subprocess.PIPE, env={**shared, "RANK": rank})
            for rank in ("0", "1")
        )
        raised, _, words = first.communicate(timeout=LONG)[0].partition(" ")
        ended, began = time.monotonic(), float(place.read_text(encoding="ascii"))
        second.kill()
        second.communicate()
    return float(raised) - began, ended - began, words.strip()


def main() -> None:
    """Makes each fault, and prints the words and the verdicts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--timeout", type=float, default=5.0)
    parser.add_argument("--member", choices=FAULTS, help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.member is not None:
        member(given.member, given.timeout, given.place)
        return
    verdicts = []
    for fault in FAULTS:
        seconds, end, words = after(fault, given.timeout)
        print(f"{fault}: {words} It has ended after {end:.1f} s.", flush=True)
        name, goal = f"{fault}: until the other process raises ProcessLost", given.timeout + MORE
        verdicts.append(Verdict(name, f"{seconds:.1f} s", f"≤ {goal:g} s", seconds <= goal))
    print("\n" + markdown(verdicts))


if __name__ == "__main__":
    main()
