"""A worker as the parent sees it: a process that is asked for one timed run at a time and stands still in between."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A process ended instead of answering; the message is the last line that it wrote to standard error."""

    def __init__(self, status: int, errors: str) -> None:
        lines = errors.strip().splitlines() or ["it said nothing"]
        super().__init__(f"the process ended with status {status}: {lines[-1]}")


class Run(NamedTuple):
    """A timed run: its seconds, and the number by which its result is checked."""

    seconds: float
    value: float


class Participant(Protocol):
    """Something that can be asked for one timed run after another."""

    note: str
    versions: dict[str, str]

    def run(self) -> Run:
        """One timed run; raises Failed."""


class Process:
    """A persistent ``python -m module``, that says hello with a line of JSON and answers each line with another.

    Between its turns it is stopped, so that threads that spin while they wait (OpenMP's, ONNX Runtime's) take no time
    from the one whose turn it is. Raises Failed if it cannot get ready.
    """

    def __init__(
        self, python: str, module: str, arguments: list[str], environment: dict[str, str] | None = None
    ) -> None:
        self._errors = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115 (open as long as the worker; close() closes it)
        self._process = subprocess.Popen(
            [python, "-m", module, *arguments], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip

        try:
            self.hello = self._answer()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def ask(self, line: str) -> dict[str, Any]:
        """The answer to a line; raises Failed if the process ends instead."""
        assert self._process.stdin is not None
        self._signal("SIGCONT")
        with contextlib.suppress(BrokenPipeError):  # it has ended; the lack of an answer says why
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._errors.seek(0)
            raise Failed(status, self._errors.read())
        self._signal("SIGSTOP")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _signal(self, name: str) -> None:
        if hasattr(signal, name) and self._process.poll() is None:  # Windows has neither; there a worker idles
            os.kill(self._process.pid, getattr(signal, name))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, stopped or not: it has nothing to lose."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()


class Worker(Process):
    """A peer with a workload in hand: ``python -m benchmarks.worker``."""

    def __init__(self, python: str, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        super().__init__(python, "benchmarks.worker", arguments, environment)
        self.note: str = self.hello["note"]
        self.versions: dict[str, str] = self.hello["versions"]
        self.start: float = self.hello["start"]  # J(θ₀) of a training run

    def run(self) -> Run:
        """One timed run."""
        return Run(**self.ask("run"))
