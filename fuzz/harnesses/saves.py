"""A save that fails, is interrupted or is killed, alone or at the end of ``chainrule train``.

Whatever happens, the file is the older one or the complete new one; an error names the file and the reason; and the
next save removes what was left beside it. A command that is asked to end saves what it has, or says that it has none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from support import injection
from support.command import table, write_csv

import chainrule as cr
from chainrule import cli, files
from chainrule.cli.app import run as _loads_the_command_line  # noqa: F401 - before processes fork
from chainrule.cli.signals import RequestToEnd
from chainrule.estimators import NetworkClassifier, NetworkRegressor, load
from fuzz.drawing import Random, pick
from fuzz.harnesses.resources import Lines
from fuzz.processes import forked, wait_at_most

CASE_SECONDS = 120.0
LIBRARY = injection.preloaded()
ERRORS = [errno.ENOSPC, errno.EIO, errno.EINTR, errno.EACCES, errno.EDQUOT, errno.EROFS, errno.ENOLCK, errno.EPERM]
HALF_A_WRITE = 0
ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

environment = injection.environment


def check(rng: Random) -> str:
    """Disturbs a save, or a command that saves, in one way."""
    ways: list[Callable[[Random, Path], str]] = [interrupted, killed, killed, command]
    if LIBRARY is not None:
        ways += [failing_call] * 6
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(pick(rng, ways)(rng, Path(folder)))


# ---- saves -----------------------------------------------------------------------------------------------------------


class Saves:
    """A file with an older content, and a save of a new one."""

    def __init__(self, rng: Random, folder: Path) -> None:
        self.path, self.folder = folder / pick(rng, ["net", "model.safetensors", "ü" * 40]), folder
        old, new = (cr.Network.dense([3, int(rng.integers(1, 300)), 1], seed=seed) for seed in (0, 1))
        self.replaces = bool(rng.random() < 0.8)
        kind = pick(rng, ["network", "state", "bytes"])
        data = rng.bytes(int(2 ** rng.uniform(0, 20)))
        if kind == "state":
            X, Y = np.ones((4, 3)), np.ones((4, 1))
            first, second = (cr.train(net, X, Y, optimizer="adam", epochs=2).state for net in (old, new))
            save_old, self.save = partial(first.save, self.path), partial(second.save, self.path)
        elif kind == "network" and self.replaces:
            save_old, self.save = partial(old.save, self.path), partial(new.save, self.path)
        else:
            save_old = partial(files.write_bytes, self.path, b"old")
            self.save = partial(files.write_bytes, self.path, data, replace=self.replaces)
        self.replaces = self.replaces or kind == "state"
        self.save()
        self.new = self.path.read_bytes()
        self.path.unlink()
        self.old = None
        if self.replaces and rng.random() < 0.8:
            save_old()
            self.old = self.path.read_bytes()

    @property
    def content(self) -> bytes | None:
        """The content of the file, or None if there is none."""
        return self.path.read_bytes() if self.path.exists() else None

    def check_now(self) -> None:
        """Asserts that the file is the older one or the new one, and that others belong to Chainrule."""
        assert self.content in (self.old, self.new), f"{self.content!r:.100}"
        assert all(name.startswith(".chainrule-") and name.endswith(".part") for name in self.others())

    def check_afterwards(self) -> None:
        """Asserts that the next save succeeds and leaves nothing beside the file."""
        if not self.replaces:
            self.path.unlink(missing_ok=True)
        self.save()
        assert self.content == self.new
        assert not self.others(), self.others()

    def others(self) -> set[str]:
        """The names of all other files."""
        return {path.name for path in self.folder.iterdir()} - {self.path.name}


def failing_call(rng: Random, folder: Path) -> str:
    """Lets one or several system calls fail."""
    assert LIBRARY is not None
    LIBRARY.fail_calls.argtypes, LIBRARY.call_names.restype = (
        [ctypes.c_long, ctypes.c_long, ctypes.c_int],
        ctypes.c_char_p,
    )
    saves = Saves(rng, folder)
    reason = pick(rng, [*ERRORS, HALF_A_WRITE])
    # After EINTR, Python calls again.
    LIBRARY.fail_calls(int(rng.integers(14)), 1 if reason == errno.EINTR else pick(rng, [1, 1, 2, 20]), reason)
    raised: OSError | None = None
    try:
        saves.save()
    except OSError as error:
        raised = error
    finally:
        LIBRARY.fail_calls(-1, 1, 0)
    if raised is None:
        assert saves.content == saves.new
    else:
        assert (raised.errno, raised.strerror) == (reason, os.strerror(reason))
        assert (raised.filename, raised.filename2) == (str(saves.path), None)
    saves.check_now()
    saves.check_afterwards()
    return "call: saved" if raised is None else "call: refused"


def interrupted(rng: Random, folder: Path) -> str:
    """Sends Ctrl-C at a random line."""
    saves, outcome = Saves(rng, folder), "saved"
    try:
        with Lines(int(rng.integers(120))):
            saves.save()
    except KeyboardInterrupt:
        outcome = "interrupted"
    if outcome == "saved":
        assert saves.content == saves.new
    saves.check_now()
    saves.check_afterwards()
    return f"Ctrl-C: {outcome}"


def killed(rng: Random, folder: Path) -> str:
    """Kills a process that saves one after the other."""
    path, net = folder / "net", cr.Network.dense([100, int(rng.integers(1, 2000)), 1], initial="zeros")
    net.save(path)

    def save_for_ever() -> int:
        for value in range(1_000_000):
            net.theta[...] = value
            net.save(path)
        return 0

    child = forked(save_for_ever)
    time.sleep(float(rng.uniform(0.0, 0.04)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    values = np.unique(cr.load(path).theta)
    assert len(values) == 1
    left = len(list(folder.iterdir())) - 1
    net.save(path)
    assert [file.name for file in folder.iterdir()] == ["net"]
    return "killed: left a part" if left else "killed: nothing left"


# ---- chainrule train -------------------------------------------------------------------------------------------------


def command(rng: Random, folder: Path) -> str:
    """Ends ``chainrule train`` by a signal at a random moment."""
    is_regression, kills, has_older = (bool(rng.random() < share) for share in (0.5, 0.3, 0.5))
    rows = table(int(rng.integers(30, 300)))
    write_csv(
        folder / "t.csv",
        [row[:3] if is_regression else row for row in rows],
        ["a", "b", "c", "kind"][: 3 if is_regression else 4],
    )
    model, older = folder / "m.safetensors", None
    if has_older:
        kind = NetworkRegressor if is_regression else NetworkClassifier
        kind(epochs=1).fit(np.eye(20, 2), np.arange(20) % 2).save(model)
        older = model.read_bytes()
    arguments = [
        "train", "t.csv", "--target", "c" if is_regression else "kind", "--out", model.name, "--force", "--layers", "8",
        "--preset", pick(rng, ["default", "default", "best"]), "--patience", "1000",
        "--epochs", str(int(2 ** rng.uniform(0, 9))),
    ]  # fmt: skip
    if rng.random() < 0.3:
        arguments.append("--quiet")
    child = forked(lambda: command_in_child(folder, arguments), ASKING)
    seconds = float(rng.uniform(0.0, pick(rng, [0.3, 1.0, 3.0])))
    number = signal.SIGKILL if kills else pick(rng, ASKING)
    ended, is_sent_twice = wait_at_most(child, seconds), not kills and rng.random() < 0.3
    if ended is None:
        os.kill(child, number)
        if is_sent_twice:  # as `timeout` does
            time.sleep(float(rng.uniform(0.0, 0.1)))
            os.kill(child, number)
        ended = os.waitpid(child, 0)[1]
    said = (folder / "err").read_text() if (folder / "err").exists() else ""
    assert "Traceback" not in said, said
    content = model.read_bytes() if model.exists() else None
    is_new = content != older
    if is_new:
        assert load(model).predict(np.zeros((2, 2 if is_regression else 3))).shape == (2,)
    if os.WIFSIGNALED(ended):
        assert kills or is_sent_twice, said  # on a busy machine the second may be handled too late for an echo
        assert os.WTERMSIG(ended) == number, (ended, said)
    else:
        code = os.WEXITSTATUS(ended)
        assert code in (0, 128 + number), (code, said)
        has_nothing = "nothing was saved" in said
        if code == 0 or said:  # or else the signal came before the command began, or after its end
            assert is_new != has_nothing, said
            assert ("Interrupted by" in said) == (code != 0), said
    check_next_save(folder, model)
    return f"{'killed' if kills else 'asked'}: {'new' if is_new else 'older' if has_older else 'none'}"


def check_next_save(folder: Path, model: Path) -> None:
    """Asserts that a save to the same name leaves no part of it beside it."""
    cr.Network.dense([1, 1]).save(model)
    left = [path.name for path in folder.iterdir() if path.name.endswith(".part")]
    own = [name for name in left if name.startswith(f".chainrule-{zlib.crc32(model.name.encode()):08x}")]
    assert not own, own


def command_in_child(folder: Path, arguments: list[str]) -> int:
    """Runs a command with its own files for output. Signals, blocked now, wait until it handles them and after that."""
    os.chdir(folder)
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY), descriptor)
    enter, leave = RequestToEnd.__enter__, RequestToEnd.__exit__

    def enter_first(request: RequestToEnd) -> RequestToEnd:
        enter(request)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)
        return request

    def leave_last(request: RequestToEnd, *raised: object) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)
        leave(request, *raised)

    RequestToEnd.__enter__, RequestToEnd.__exit__ = enter_first, leave_last  # type: ignore[method-assign,assignment]
    code = cli.main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return code
