"""A harness running for some time in a child process, which is started again after a crash or a hang."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fuzz.harness import Harness, command
from fuzz.processes import cpu_seconds

ROOT = Path(__file__).resolve().parents[1]
STARTING = 600.0  # seconds to import a harness and what it tests, on a machine as busy as may be
TAIL = 6000  # characters of standard error that a crash is shown with


@dataclass(frozen=True)
class Failure:
    """A case that broke a promise, with the traceback or the way in which the process ended."""

    command: str
    text: str

    @property
    def place(self) -> str:
        """The last line of code in the traceback, which failures of one kind share."""
        places = [line for line in self.text.splitlines() if line.lstrip().startswith("File ")]
        return places[-1].strip() if places else self.text


@dataclass
class Tally:
    """The result of a harness: how many cases, of which outcomes, with which failures, in how many seconds."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def cases(self) -> int:
        """The number of cases that ended, in whatever way."""
        return self.outcomes.total() + len(self.failures)

    def add(self, seed: int, case: int, outcome: str | None, failure: str | None, seconds: float) -> None:
        """Counts a case that ended after so many seconds of the harness."""
        self.seconds = seconds
        if failure is None:
            self.outcomes[str(outcome)] += 1
        else:
            self.failures.append(Failure(command(self.name, seed, case), failure))


class Died(Exception):
    """The process of a harness ended, or was ended, within a case."""


class Child:
    """A process that runs cases from ``first`` on, with the lines that it reports and its standard error."""

    def __init__(self, harness: Harness, seed: int, first: int, seconds: float) -> None:
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.child", harness.name, str(seed), str(first), str(seconds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True, encoding="utf-8",
            env={
                **os.environ,
                **harness.environment(),
                "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            },
            start_new_session=True,  # Ctrl-C is for the parent; and a case may start processes of its own
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.lines.put(line)
        self.lines.put("")  # the process has ended

    def report(self, patience: float) -> tuple[int, str | None, str | None] | None:
        """Returns the next report, or None before the first and after the last one.

        Raises Died if the process ends, or reports nothing for so many seconds: of CPU time while it computes, so that
        a busy machine is no failure.
        """
        begin = seen = cpu_seconds(self.process.pid)
        while True:
            with contextlib.suppress(queue.Empty):
                line = self.lines.get(timeout=patience)
                break
            seen, earlier = cpu_seconds(self.process.pid), seen
            if seen == earlier or seen >= begin + patience:
                self.end(signal.SIGABRT)  # the fault handler shows what each thread is doing
                raise Died(f"no end within {patience:.0f} s\n{self.last_words()}")
        if not line:
            status = self.process.wait()
            by = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            raise Died(f"the process ended with {by}\n{self.last_words()}")
        report: tuple[int, str | None, str | None] | None = json.loads(line)
        return report

    def last_words(self) -> str:
        """Returns the end of what the process wrote to standard error."""
        self.errors.seek(max(0, self.errors.seek(0, os.SEEK_END) - TAIL))
        return self.errors.read().decode("utf-8", "replace")

    def end(self, by: signal.Signals) -> None:
        """Sends a signal to the process and to all that it has started, and waits for its end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)

    def close(self) -> None:
        """Ends the process and all that it has started."""
        self.end(signal.SIGKILL)
        self.reader.join(5.0)
        self.errors.close()


def run(name: str, seconds: float, seed: int, first: int = 0) -> Iterator[Tally]:
    """Runs a harness for some seconds, at least one case; yields its tally, the same object, after each case.

    The time in which a process starts does not count.
    """
    harness = Harness.named(name)
    tally, case = Tally(name), first
    while case == first or tally.seconds < seconds:
        earlier = tally.seconds
        child = Child(harness, seed, case, seconds - earlier)
        start = time.monotonic()
        try:
            child.report(STARTING)
            start = time.monotonic()
            while (report := child.report(harness.case_seconds)) is not None:
                tally.add(seed, *report, earlier + time.monotonic() - start)
                case = report[0] + 1
                yield tally
        except Died as death:
            tally.add(seed, case, None, str(death), earlier + time.monotonic() - start)
            case += 1
            yield tally
        finally:
            child.close()
