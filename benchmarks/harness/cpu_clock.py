"""A clock that counts the CPU time of the process, so that time limits mean the same on a busy machine (Linux)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.harness.paths import BUILD

SOURCE, LIBRARY = Path(__file__).with_suffix(".c"), BUILD / "cpu_clock.so"
PRELOAD = "LD_PRELOAD"


def restart(module: str, arguments: list[str]) -> None:
    """Starts ``python -m module`` again, on one thread and with this clock, in place of this process; once only."""
    if os.environ.get(PRELOAD) == str(LIBRARY):
        return
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(LIBRARY), str(SOURCE), "-ldl"], check=True)
    own = {PRELOAD: str(LIBRARY), "CHAINRULE_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], {**os.environ, **own})
