"""A server as a process, and what the system says about it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.harness.paths import ROOT

READY = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Served:
    """``python -m module`` that prints its address to stderr when it accepts connections."""

    def __init__(self, *command: str) -> None:
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "CHAINRULE_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = READY.search(line)
        if found is None:
            raise SystemExit(line + self.process.communicate()[1])
        self.port = int(found[1])
        self.start_seconds, self.start_cpu = time.perf_counter() - start, self.cpu_seconds()

    def connected(self) -> socket.socket:
        """Returns a connection."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def cpu_seconds(self) -> float:
        """Returns the CPU time of the process so far, of all its threads, in nanoseconds' resolution (Linux)."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    def megabytes(self) -> float:
        """Returns the memory that the process has at hand (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.terminate()
        self.process.communicate()
