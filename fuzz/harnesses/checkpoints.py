"""A training run with a checkpoint that is killed, asked to end, or cannot write, at random moments.

Whatever happens, the file is a whole run that is no shorter than before, and a network; the resumed run ends with the
bits of an uninterrupted one; and nothing is left beside the file. A file that is cut short is refused.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from support import injection

import chainrule as cr
from fuzz.drawing import Random, pick
from fuzz.processes import forked
from fuzz.work import Work, random_work, same

CASE_SECONDS = 120.0
LIBRARY = injection.preloaded()
INTERRUPTED = 3  # the exit status of a process that Ctrl-C has ended
LEAST_SECONDS, MOST_SECONDS = 0.02, 0.5  # of an uninterrupted run

environment = injection.environment


def check(rng: Random) -> str:
    """Disturbs a run with a checkpoint in one way, once or a few times, and resumes it."""
    ways: list[Callable[[Case, Random], str]] = [ended, ended, ended, full, cut]
    if LIBRARY is not None:
        ways.append(failing_call)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(pick(rng, ways)(Case(rng, Path(folder)), rng))


class Case:
    """A training run, what it gives when nothing happens, and its checkpoint."""

    def __init__(self, rng: Random, folder: Path) -> None:
        self.path = folder / "run.safetensors"
        self.work, self.whole, self.seconds = lasting_work(rng)
        few = self.work.settings["epochs"] // 40 + 1  # each write waits for the disk
        interval = pick(rng, [{"epochs": few}, {"epochs": 5 * few}, {"seconds": 0.01}, {}])
        self.settings: dict[str, Any] = {"checkpoint": cr.Checkpoint(self.path, **interval), "resume": True}
        self.reached = -1

    def run(self, **settings: Any) -> Any:
        """Runs, or resumes, with another θ if there is a run to resume."""
        net = self.work.new()
        if self.path.exists():
            net.theta = np.zeros(net.d)
        return self.work(net, **self.settings, **settings)

    def check_file(self) -> None:
        """Asserts that the file, if there is one, is a whole run that is no shorter than before, and a network."""
        if not self.path.exists():
            assert self.reached < 0
            return
        state = cr.TrainingState.load(self.path)
        assert state.step >= self.reached
        self.reached = state.step
        assert cr.load(self.path).d == self.work.initial.d

    def check_end(self) -> None:
        """Asserts that the resumed run ends like the uninterrupted one, and that nothing is left beside its file."""
        self.check_file()
        assert same(self.run(), self.whole)
        self.check_file()
        assert os.listdir(self.path.parent) == [self.path.name]
        assert same(self.run(), self.whole)  # a finished run


def lasting_work(rng: Random) -> tuple[Work, Any, float]:
    """Returns training that lasts some hundredths of a second or longer, its result, and its seconds."""
    while True:
        work, seconds, result = random_work(rng, ("train",)), 0.0, None
        try:
            while seconds < LEAST_SECONDS and work.settings["epochs"] < 5_000:
                work.settings["epochs"] *= 4
                began = time.perf_counter()
                result = work(work.new())
                seconds = time.perf_counter() - began
        except cr.DivergenceError:
            continue
        if seconds < MOST_SECONDS:
            return work, result, seconds


def ended(case: Case, rng: Random) -> str:
    """Ends a process that trains by SIGKILL or Ctrl-C at a random moment, up to four times."""
    outcomes = []
    for _ in range(int(rng.integers(1, 5))):
        number = pick(rng, [signal.SIGKILL, signal.SIGKILL, signal.SIGINT])
        child = forked(lambda: in_child(case), {signal.SIGINT})
        time.sleep(float(rng.uniform(0.0, 2.0 * case.seconds + 0.05)))
        os.kill(child, number)
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) in (0, INTERRUPTED), status
        else:
            assert os.WTERMSIG(status) == number
        outcomes.append("killed" if os.WIFSIGNALED(status) else "interrupted" if os.WEXITSTATUS(status) else "ended")
        case.check_file()
    case.check_end()
    return pick(rng, outcomes)  # type: ignore[no-any-return]


def in_child(case: Case) -> int:
    """Runs a case in a process of its own."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        case.run()
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def full(case: Case, rng: Random) -> str:
    """Fills the disk at a random epoch, a small one where it can be mounted, else within a limit of the system."""
    at, folder = int(rng.integers(0, case.work.settings["epochs"] + 1)), case.path.parent
    size = 20_000 + int(2.5 * 8 * 6 * case.work.initial.d) + 400 * case.work.settings["epochs"]
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    way = "full disk" if mounted.returncode == 0 else "file limit"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:

        def fill(history: cr.History) -> None:
            if history.epochs != at:
                return
            if way == "file limit":
                resource.setrlimit(resource.RLIMIT_FSIZE, (int(rng.integers(5000)), limits[1]))
            else:
                fill_disk(folder / "filler", rng)

        failures = 0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert same(case.run(callbacks=[fill]), case.whole)  # a run goes on, and ends as it would
            words = [str(warning.message) for warning in caught if "checkpoint" in str(warning.message)]
            failures = len(words)
        assert all("could not be written after epoch" in text for text in words), words
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        (folder / "filler").unlink(missing_ok=True)
        case.check_end()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        if way == "full disk":
            subprocess.run(["umount", "-l", str(folder)], check=True)
    return f"{way}: {'refused' if failures else 'written'}"


def fill_disk(filler: Path, rng: Random) -> None:
    """Fills a small disk, but for some bytes."""
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
    os.truncate(filler, max(0, filler.stat().st_size - int(rng.integers(8000))))


def failing_call(case: Case, rng: Random) -> str:
    """Lets some system calls of the first writings fail: an error before the first step, a warning afterwards."""
    assert LIBRARY is not None
    LIBRARY.fail_calls.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_int]
    reason = pick(rng, [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
    LIBRARY.fail_calls(int(rng.integers(60)), pick(rng, [1, 2, 20]), reason)
    raised: OSError | None = None
    try:
        assert same(case.run(), case.whole)
    except OSError as error:
        raised = error
    finally:
        LIBRARY.fail_calls(-1, 1, 0)
    assert raised is None or (raised.errno, raised.filename) == (reason, str(case.path))
    case.check_end()
    return "call: trained" if raised is None else "call: refused"


def cut(case: Case, rng: Random) -> str:
    """Cuts the file at every 1,000th byte and at some random ones: each is refused, and θ stays as it is."""
    case.run()
    content = case.path.read_bytes()
    some = rng.integers(len(content), size=20).tolist()
    for length in [*range(0, len(content), max(1000, len(content) // 200)), *some]:
        case.path.write_bytes(content[:length])
        net, refusal = case.work.new(), ""
        try:
            case.work(net, **case.settings)
        except cr.FileFormatError as error:
            refusal = str(error)
        assert str(case.path) in refusal, f"{length} of {len(content)} bytes"
        assert net.theta.tobytes() == case.work.initial.theta.tobytes()
        assert case.path.read_bytes() == content[:length]
    case.path.write_bytes(content)
    case.check_end()
    return "cut"
