"""Programs in several processes, as a launcher starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from support.patience import LIMIT


class Ended(NamedTuple):
    """The end of a process, and what it printed."""

    code: int
    out: str
    err: str


def free_port() -> int:
    """A port of this machine that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def begun(size: int, arguments: Sequence[object], cwd: Path, **environment: str) -> list[subprocess.Popen[str]]:
    """Starts ``python ARGUMENTS`` in so many processes, which know of each other by the variables of mpirun."""
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    processes = []
    for rank in range(size):
        place = {
            "OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": str(size),
            "OMPI_COMM_WORLD_LOCAL_SIZE": str(size),
        }  # fmt: skip
        processes.append(
            subprocess.Popen(
                [sys.executable, *map(str, arguments)],
                cwd=cwd,
                env={**os.environ, **meeting, **place, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        )
    return processes


def ended(processes: Sequence[subprocess.Popen[str]]) -> list[Ended]:
    """Waits for the end of all."""
    answers = []
    for process in processes:
        out, err = process.communicate(timeout=LIMIT)
        answers.append(Ended(process.returncode, out, err))
    return answers
