"""Programs that run with the libraries of injection.c and io_faults.c preloaded, which refuse what they ask for."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support.patience import LIMIT

SOURCES = [Path(__file__).with_name(name) for name in ("injection.c", "io_faults.c")]
NAME = "chainrule-injection.so"


@functools.cache
def _compiled() -> tuple[str, tempfile.TemporaryDirectory[str]] | None:
    """Compiles the library, or returns None where that is not possible; its folder lasts as long as this process."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if sys.platform != "linux" or compiler is None:
        return None
    folder = tempfile.TemporaryDirectory()
    library = os.path.join(folder.name, NAME)
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, *SOURCES, "-ldl"], check=True)
    return library, folder


def environment() -> dict[str, str]:
    """Returns what a process needs in its environment to have the library preloaded.

    That is nothing where it cannot be, or where this process has it, since others inherit it. Behind a sanitizer the
    library cannot refuse memory, and counts no poll.
    """
    if preloaded() is not None or (compiled := _compiled()) is None:
        return {}
    return {"LD_PRELOAD": " ".join([*os.environ.get("LD_PRELOAD", "").split(), compiled[0]])}


def preloaded() -> ctypes.CDLL | None:
    """Returns the library if this process has it preloaded."""
    for path in os.environ.get("LD_PRELOAD", "").split():
        if os.path.basename(path) == NAME:
            return ctypes.CDLL(path)
    return None


def output_with_faults(program: str, **variables: str) -> str:
    """Runs a Python program, in which ``injection`` is the library, and returns what it prints.

    The process gets these further variables of the environment.
    """
    preload = environment()
    if not preload and preloaded() is None:
        pytest.skip("needs Linux and a C compiler, to preload a library")
    start = "from support.injection import preloaded\ninjection = preloaded()"
    answer = subprocess.run(
        [sys.executable, "-c", f"{start}\n{program}"],
        env={
            **os.environ,
            **preload,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OMP_NUM_THREADS": "",  # the program says how many threads it takes
            **variables,
        },
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, (answer.returncode, answer.stderr)
    return answer.stdout
