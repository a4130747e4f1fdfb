"""Programs that run with the library of injection.c preloaded, which refuses memory or threads."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support.patience import LIMIT

SOURCE = Path(__file__).with_name("injection.c")


@functools.cache
def _library() -> tuple[str, tempfile.TemporaryDirectory[str]]:
    """Compiles the library; its folder lasts as long as this process."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler, to preload a library")
    folder = tempfile.TemporaryDirectory()
    library = os.path.join(folder.name, "injection.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True)
    return library, folder


def output_with_faults(program: str) -> str:
    """Runs a Python program, in which ``injection`` is the library, and returns what it prints."""
    library, _ = _library()
    answer = subprocess.run(
        [sys.executable, "-c", f"import ctypes\ninjection = ctypes.CDLL({library!r})\n{program}"],
        env={**os.environ, "LD_PRELOAD": library},
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, (answer.returncode, answer.stderr)
    return answer.stdout
