"""Several groups of processes, one after the other, forked from one that has imported PyTorch once.

``python -m support.several_processes.forked`` reads {name: [number of processes, arguments of `data_parallel.main`]} as
JSON, and prints {name: [[exit code, output] of each process]}.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import IO

import torch.distributed  # noqa: F401 - once for all

from support.several_processes import data_parallel
from support.several_processes.launched import free_port


def group(size: int, arguments: Sequence[str]) -> list[tuple[int, str]]:
    """Runs `data_parallel.main` in so many processes, and returns how each ended."""
    port, children = free_port(), []
    for rank in range(size):
        output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open until it has been read
        sys.stdout.flush()
        if (pid := os.fork()) == 0:
            os.environ |= {
                "OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": str(size),
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
            }  # fmt: skip
            sys.stdout = output
            code = 0
            try:
                data_parallel.main(*arguments)
            except SystemExit as end:
                code = int(end.code or 0)
            except BaseException:
                code = 1
                traceback.print_exc(file=output)
            output.flush()
            os._exit(code)
        children.append((pid, output))
    return [ended(pid, output) for pid, output in children]


def ended(pid: int, output: IO[str]) -> tuple[int, str]:
    """Waits for a process."""
    status = os.waitpid(pid, 0)[1]
    output.seek(0)
    return os.waitstatus_to_exitcode(status), output.read().strip()


if __name__ == "__main__":
    json.dump({name: group(*scenario) for name, scenario in json.load(sys.stdin).items()}, sys.stdout)
