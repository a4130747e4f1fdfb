"""The command line for tests: in this process, or as a process of its own; and tables to train on."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from chainrule.cli import main
from support.patience import ENDLESS, LIMIT

UNENDING = ("--epochs", str(ENDLESS), "--patience", str(ENDLESS))
QUICK = ("--layers", "8", "--epochs", "30", "--learning-rate", "0.1")
HEADER = ["a", "b", "c", "kind"]


class Answer(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


def chainrule(*arguments: object) -> Answer:
    """Runs ``chainrule ARGUMENTS`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


def piped(data: bytes, *arguments: object) -> Answer:
    """Runs ``chainrule ARGUMENTS`` with this data as standard input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return chainrule(*arguments)


def _heed_signals() -> None:
    """Lets a child process end by these signals, although this one may ignore them, as under nohup."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


IN_CHILD = _heed_signals if os.name == "posix" else None


def process(*arguments: object, cwd: Path, code: str | None = None, **environment: str) -> subprocess.Popen[str]:
    """Starts ``python -m chainrule ARGUMENTS``, or the program ``code``, with pipes."""
    command = ["-c", code] if code else ["-m", "chainrule"]
    return subprocess.Popen(
        [sys.executable, *command, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=IN_CHILD,
    )


class Terminal:
    """``python -m chainrule ARGUMENTS`` in a pseudo-terminal."""

    def __init__(self, *arguments: object, cwd: Path, **environment: str) -> None:
        import pty  # not on Windows

        self._ours, theirs = pty.openpty()
        self._seen = b""
        inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chainrule", *map(str, arguments)],
            cwd=cwd,
            env={**inherited, "TERM": "xterm-256color", **environment},
            stdout=theirs,
            stderr=theirs,
            preexec_fn=IN_CHILD,
        )
        os.close(theirs)

    def read_until(self, *patterns: str) -> None:
        """Reads until all regular expressions have matched."""
        while not all(re.search(pattern, self._text) for pattern in patterns):
            assert self._read(), self._text

    def interrupt(self) -> None:
        """Sends SIGINT."""
        self.process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Closes the terminal's window: the process gets SIGHUP, and can write to the terminal no more."""
        os.close(self._ours)
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> str:
        """Waits for the end of the process and returns its whole output."""
        with self.process:
            while self._read():
                pass
        os.close(self._ours)
        return self._text

    @property
    def _text(self) -> str:
        return self._seen.decode(errors="ignore")  # the last letter may be incomplete

    def _read(self) -> bool:
        """Reads the available output; returns False at the end."""
        assert select.select([self._ours], [], [], LIMIT)[0], self._text
        try:
            part = os.read(self._ours, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self._seen += part
        return bool(part)


def table(t: int = 80, seed: int = 0) -> list[list[object]]:
    """Rows of three numbers and a class, "yes" where a + b > 0."""
    X = np.random.default_rng(seed).normal(size=(t, 3)).round(4)
    return [[*x, "yes" if x[0] + x[1] > 0 else "no"] for x in X.tolist()]


def write_csv(path: Path, rows: list[list[object]], header: list[str] | None = None, delimiter: str = ",") -> Path:
    """Writes the column names and the rows to a CSV file."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([header or HEADER, *rows])
    return path


def read_csv(text: str) -> list[dict[str, str]]:
    """The rows of a CSV text, one dictionary per row."""
    return list(csv.DictReader(io.StringIO(text)))
