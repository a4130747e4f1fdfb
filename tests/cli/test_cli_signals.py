"""Ctrl-C, SIGTERM and SIGHUP end a command in good order: what there is of a model is saved, and stderr says so."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.command import UNENDING, Terminal, chainrule, process, table, write_csv
from support.patience import ENDLESS, LIMIT, wait_until

from chainrule.cli import main, models, signals
from chainrule.cli.signals import ECHO_SECONDS, RequestToEnd

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="no signals to another process")
TRAIN = ("train", "t.csv", "--target", "kind", "--layers", "8", *UNENDING)
ENDS = [
    # the signal, its name in the message, the exit code
    ("SIGINT", "Ctrl-C", 130),
    ("SIGTERM", "SIGTERM", 143),
    ("SIGHUP", "SIGHUP", 129),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with a table."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


def wait_for(command: subprocess.Popen[str], pattern: str) -> None:
    """Reads stderr to a line that begins with this regular expression; a command that writes none is killed."""
    assert command.stderr is not None
    timer = threading.Timer(LIMIT, command.kill)
    timer.start()
    try:
        assert any(re.match(pattern, line) for line in command.stderr)
    finally:
        timer.cancel()


@on_unix
@pytest.mark.parametrize(("name", "words", "code"), ENDS)
def test_a_request_to_end_keeps_the_best_networks(here: Path, name: str, words: str, code: int) -> None:
    """During training each signal ends it with its exit code; the best networks are measured and saved, intact."""
    command = process(*TRAIN, cwd=here)
    wait_for(command, "epoch [1-9]")
    command.send_signal(getattr(signal, name))
    out, err = command.communicate(timeout=LIMIT)
    assert command.returncode == code, err
    assert "(interrupted); kept" in err  # one thread trains one network at a time
    assert err.endswith(f"(the learning curves).\nInterrupted by {words}.\n")
    assert "accuracy" in out
    training = models.load_model("t.safetensors").about["training"]
    assert training["stopped"] == "interrupted"
    assert np.max(training["best_epoch"]) <= training["epochs"] < ENDLESS
    assert chainrule("evaluate", "t.safetensors", "t.csv").code == 0
    assert (here / "t.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(path.name for path in here.iterdir()) == ["t.csv", "t.png", "t.safetensors"]


HANG = """
import sys, time
import {module} as module
from chainrule.cli import main

def hang(*given, **named):
    print("here", file=sys.stderr, flush=True)
    while True:
        time.sleep(0.001)

module.{function} = hang
sys.exit(main())
"""


@on_unix
@pytest.mark.parametrize(("name", "words", "code"), ENDS)
def test_before_the_first_epoch_nothing_is_saved(here: Path, name: str, words: str, code: int) -> None:
    """While the table is read, each signal ends the command with one line on stderr and leaves no file."""
    command = process(*TRAIN, cwd=here, code=HANG.format(module="chainrule.cli.train.command", function="read_source"))
    wait_for(command, "here")
    command.send_signal(getattr(signal, name))
    out, err = command.communicate(timeout=LIMIT)
    assert (command.returncode, out, err) == (code, "", f"Interrupted by {words}; nothing was saved.\n")
    assert [path.name for path in here.iterdir()] == ["t.csv"]


@on_unix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_later_signal_ends_at_once(here: Path, name: str) -> None:
    """If a command that was asked to end does not, as here while it tests the model, the same signal ends it."""
    program = (
        "import chainrule.cli.train.phases; " + HANG.format(module="chainrule.cli.models", function="results").lstrip()
    )
    command = process(*TRAIN[:-4], "--epochs", 1, cwd=here, code=program)
    wait_for(command, "here")

    def has_ended() -> bool:
        command.send_signal(getattr(signal, name))
        return command.poll() is not None

    wait_until(has_ended)
    command.communicate(timeout=LIMIT)
    assert command.returncode in ((130, -signal.SIGINT) if name == "SIGINT" else (-signal.SIGTERM,))
    assert sorted(path.name for path in here.iterdir()) == ["t.csv", "t.png", "t.safetensors"]


@on_unix
def test_passes_over_new_rows_are_kept(here: Path) -> None:
    """Ctrl-C during the passes of --from ends them; the best one is measured and saved, intact."""
    assert chainrule(*TRAIN[:-4], "--epochs", 2, "--quiet", "--out", "old.safetensors").code == 0
    command = process("train", "t.csv", "--from", "old.safetensors", "--epochs", ENDLESS, cwd=here)
    wait_for(command, "epoch [1-9]")
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=LIMIT)
    assert command.returncode == 130, err
    assert err.endswith("(the learning curves).\nInterrupted by Ctrl-C.\n")
    assert "after" in out
    training = models.load_model("t.safetensors").about["training"]
    assert re.search(rf"Trained {training['passes_over_new_rows']} passes over the new rows; ", err)
    assert "scores" in training
    assert sorted(path.name for path in here.iterdir()) == [
        "old.png", "old.safetensors", "t.csv", "t.png", "t.safetensors",
    ]  # fmt: skip


@on_unix
@pytest.mark.parametrize("options", [(), ("--from", "old.safetensors")], ids=["train", "train --from"])
def test_a_model_is_saved_before_it_is_measured(here: Path, options: tuple[str, ...]) -> None:
    """While the test rows are evaluated, the model lies in its file, which even the death of the process leaves."""
    assert chainrule(*TRAIN[:-4], "--epochs", 2, "--quiet", "--out", "old.safetensors").code == 0
    program = (
        "import chainrule.cli.train.phases, chainrule.cli.train.continuing; "
        + HANG.format(module="chainrule.cli.models", function="results").lstrip()
    )
    arguments = "train", "t.csv", *(options or TRAIN[2:-4]), "--epochs", 2
    command = process(*arguments, cwd=here, code=program)
    wait_for(command, "here")
    command.send_signal(signal.SIGINT)
    command.kill()
    command.communicate(timeout=LIMIT)
    training = models.load_model("t.safetensors").about["training"]
    assert training["passes_over_new_rows" if options else "epochs"] == 2
    assert "scores" not in training
    assert (here / "t.png").exists()
    assert chainrule("predict", "t.safetensors", "t.csv").code == 0


@on_unix
def test_a_first_pass_that_is_interrupted_saves_nothing(here: Path) -> None:
    """Before the first pass is finished there is no new model, and the old one stays as it is."""
    assert chainrule(*TRAIN[:-4], "--epochs", 2, "--quiet", "--out", "old.safetensors").code == 0
    program = HANG.format(module="chainrule.estimators.network.base", function="train_one_epoch")
    command = process("train", "t.csv", "--from", "old.safetensors", cwd=here, code=program)
    wait_for(command, "here")
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=LIMIT)
    assert command.returncode == 130
    assert err.endswith("Interrupted by Ctrl-C; nothing was saved.\n")
    assert sorted(path.name for path in here.iterdir()) == ["old.png", "old.safetensors", "t.csv"]


@on_unix
def test_a_closed_terminal_does_not_cost_the_model(here: Path) -> None:
    """If the terminal goes away, the display has nowhere to write; the model is saved all the same."""
    terminal = Terminal(*TRAIN, cwd=here)
    terminal.read_until("epoch [1-9]")
    terminal.close()
    assert terminal.process.wait(LIMIT) == 129
    assert models.load_model("t.safetensors").about["training"]["stopped"] == "interrupted"
    assert (here / "t.png").exists()


@on_unix
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_the_cursor_returns(here: Path, name: str, code: int) -> None:
    """In a terminal the live display ends, and the cursor is shown again."""
    terminal = Terminal(*TRAIN, cwd=here)
    terminal.read_until("epoch [1-9]")
    terminal.process.send_signal(getattr(signal, name))
    text = terminal.end()
    assert terminal.process.returncode == code
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") > 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A clock that the test sets. The signals have their usual handlers, also under nohup, and have them afterwards."""
    usual: dict[int, Any] = {
        **dict.fromkeys(signals.HANDLED, signal.SIG_DFL),
        signal.SIGINT: signal.default_int_handler,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(signals, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    yield now
    after = {number: signal.signal(number, handler) for number, handler in before.items()}
    assert after == usual


def test_a_signal_that_is_sent_twice_is_one_request(clock: SimpleNamespace) -> None:
    """`timeout` signals the process and its group: the second signal is no second request. Later Ctrl-C is one."""
    with RequestToEnd() as request:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        clock.seconds = ECHO_SECONDS
        signal.raise_signal(signal.SIGTERM)
        clock.seconds *= 2
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert (request.name, request.exit_code) == ("SIGTERM", 143)


@on_unix
def test_a_second_hangup_is_ignored(clock: SimpleNamespace) -> None:
    """The shell of a closed terminal sends SIGHUP to its jobs, and the system again when the shell has ended."""
    with RequestToEnd() as request:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        clock.seconds = 100.0
        signal.raise_signal(signal.SIGHUP)
    assert request.exit_code == 129


def test_a_signal_in_a_postponed_part_is_noted(clock: SimpleNamespace) -> None:
    """While a model is saved, the first signal only determines the exit code."""
    with RequestToEnd() as request:
        with request.postponed():
            signal.raise_signal(signal.SIGTERM)
        assert request.exit_code == 143


@pytest.mark.parametrize("name", ["__enter__", "__exit__"])
def test_a_signal_outside_of_the_command(clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A signal just before the command begins, or when it has ended, gives its exit code and no traceback."""
    method = getattr(RequestToEnd, name)

    def interrupted(request: RequestToEnd, *raised: object) -> Any:
        if name == "__exit__" and request.number is None:
            signal.raise_signal(signal.SIGTERM)
        result = method(request, *raised)
        if name == "__enter__":
            signal.raise_signal(signal.SIGTERM)
        return result

    monkeypatch.setattr(RequestToEnd, name, interrupted)
    assert main(["--version"]) == 143


def test_handlers_of_the_program_stay(clock: SimpleNamespace) -> None:
    """A signal that is ignored, as under nohup, or handled by the program itself is left alone."""
    for own in (signal.SIG_IGN, lambda number, frame: None):
        before = signal.signal(signal.SIGTERM, own)
        try:
            with RequestToEnd() as request:
                signal.raise_signal(signal.SIGTERM)
                assert signal.getsignal(signal.SIGTERM) is own
            assert request.exit_code is None
        finally:
            signal.signal(signal.SIGTERM, before)
