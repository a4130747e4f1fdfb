"""Programs that check an export, run in a process of their own."""

from __future__ import annotations

import re
import subprocess

from chainrule.errors import ChainruleError

LIMIT_S = 120.0  # seconds for a compiler, or for a program with its test rows
ERROR = re.compile(r"\b(fatal )?error: |^\w*Error\b", re.MULTILINE)  # of compilers, and of Python and Node.js


def output_of(*command: str, shown: str) -> str:
    """Runs a command and returns what it prints; messages call it ``shown``.

    Raises ChainruleError with one line of its messages if it fails, or if it takes longer than two minutes.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ChainruleError(f"{shown} did not end within {LIMIT_S:.0f} s, so that the export is not proved.") from None
    if done.returncode:
        raise ChainruleError(f"{shown} fails: {message_of(done.stderr) or f'exit code {done.returncode}'}")
    return done.stdout


def message_of(stderr: str) -> str:
    """Returns the first line that names an error, else the last one.

    >>> message_of("m.c: In function 'f':\\nm.c:1:2: error: expected ';'\\n")
    "m.c:1:2: error: expected ';'"
    >>> message_of("Traceback (most recent call last):\\n  raise KeyError(k)\\nKeyError: 'age'\\n")
    "KeyError: 'age'"
    """
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if ERROR.search(line)), lines[-1] if lines else "")
