"""Functions and scorers that run in another process, for tests of `chainrule.processes`."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule._internal.user_warnings import warn
from chainrule.errors import InputError, TrainingWarning
from chainrule.processes.worker import Link
from support.patience import LIMIT, wait_until


class Unrestorable:
    """An object whose pickle lacks what its class needs."""

    def __init__(self, size: str) -> None:
        self.size = size

    def __reduce__(self) -> tuple[type[Unrestorable], tuple[()]]:
        return Unrestorable, ()


def doubled(link: Link, x: float) -> float:
    """Returns 2x."""
    return 2 * x


def pid(link: Link) -> int:
    """Returns the number of the process."""
    return os.getpid()


def told(link: Link, words: list[str]) -> int:
    """Reports each word, and issues a warning."""
    for word in words:
        link.report(word)
    warn("a warning", TrainingWarning)
    return len(words)


def refused(link: Link) -> None:
    """Raises an error of Chainrule."""
    raise InputError("not this")


def until_stopped(link: Link) -> str:
    """Returns when it is asked to."""
    link.report("begun")
    return "stopped" if link.stop.wait(LIMIT) else "forgotten"


def killed(link: Link) -> None:
    """Kills its process."""
    os.kill(os.getpid(), signal.SIGKILL)


def changed(link: Link, key: int) -> tuple[float, list[str]]:
    """Adds 1 to all numbers of an array; returns their sum, and the names of the memory that holds it."""
    x = link.held(key)
    x += 1
    at = x.ctypes.data
    regions = [line.split() for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()]
    bounds = [(tuple(int(end, 16) for end in region[0].split("-")), " ".join(region[5:])) for region in regions]
    return float(x.sum()), [name for (first, last), name in bounds if first <= at < last]


def length(link: Link, key: int) -> int:
    """Returns the length of an object that the process holds."""
    return len(link.held(key))


@dataclass(frozen=True)
class MeetingScorer:
    """The accuracy as a scorer, whose first call in process ``home`` waits until another process has begun too.

    With ``kills`` that one is killed then, and with ``interrupts`` the first one gets Ctrl-C.
    """

    flag: Path
    home: int
    kills: bool = False
    interrupts: bool = False

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        """Returns the accuracy."""
        if os.getpid() != self.home and not self.flag.exists():
            self.flag.write_text(str(os.getpid()))
            if self.kills:
                os.kill(os.getpid(), signal.SIGKILL)
        elif os.getpid() == self.home:
            wait_until(self.flag.exists)
            if self.interrupts and not (sent := self.flag.with_suffix(".sent")).exists():
                sent.touch()
                os.kill(self.home, signal.SIGINT)
        return float((estimator.predict(X) == y).mean())
