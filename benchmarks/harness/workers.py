"""Worker processes: each takes one request at a time and is suspended in between.

A request and its answer are one line each; the answers are JSON. A worker sends a first line, its greeting, when it
is ready. While it is suspended, threads that spin while they wait (those of OpenMP or ONNX Runtime) take no time from
the worker whose turn it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from benchmarks.harness.paths import ROOT


class WorkerError(Exception):
    """A process ended instead of answering; the message holds the last line of its standard error."""

    def __init__(self, status: int, errors: str) -> None:
        lines = errors.strip().splitlines() or ["(no message)"]
        super().__init__(f"the process ended with status {status}: {lines[-1]}")


class Worker:
    """A persistent ``python -m module``, seen from the measuring process. Raises WorkerError if it cannot start."""

    def __init__(
        self, module: str, arguments: list[str], python: str = sys.executable, environment: dict[str, str] | None = None
    ) -> None:
        self._errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 (open as long as the worker; close() closes it)
        self._process = subprocess.Popen(
            [python, "-m", module, *arguments], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        try:
            self.greeting = self._answer()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def ask(self, line: str) -> dict[str, Any]:
        """Returns the answer to a request; raises WorkerError if the process ends instead."""
        assert self._process.stdin is not None
        self._signal("SIGCONT")
        with contextlib.suppress(BrokenPipeError):  # the process has ended; _answer() raises the reason
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._errors.seek(0)
            raise WorkerError(status, self._errors.read())
        self._signal("SIGSTOP")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _signal(self, name: str) -> None:
        if hasattr(signal, name) and self._process.poll() is None:  # Windows has neither signal; there workers idle
            os.kill(self._process.pid, getattr(signal, name))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Kills the process, suspended or not: it holds nothing worth saving."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()


Answer = Callable[[str], dict[str, Any]]


def serve(prepare: Callable[[], tuple[dict[str, Any], Answer]]) -> None:
    """Runs in the worker: prepares, sends the greeting, then answers requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a package prints goes to standard error, where it cannot be taken for an answer
    greeting, answer = prepare()
    print(json.dumps(greeting), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(line)), file=answers, flush=True)
