"""Progress is live in a terminal, lines in a pipe, and shows the last state of a training of any length."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from support.command import UNENDING, Terminal, process, table, write_csv
from support.patience import ENDLESS, LIMIT

from chainrule.cli.train import progress
from chainrule.cli.train.progress import Progress

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"  # the cursor
in_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")


@pytest.fixture(autouse=True)
def here(tmp_path: Path) -> Path:
    """A folder with a table."""
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


def last_frame(text: str) -> str:
    """Returns the last frame of the live display: the text between the last erased line and the cursor's return."""
    return text[: text.rindex(SHOW)].rpartition("\x1b[2K")[2]


@in_a_terminal
@pytest.mark.parametrize("no_color", [False, True])
def test_a_terminal_sees_progress(here: Path, no_color: bool) -> None:
    """In a terminal the epoch, J, validation J, rates and the time left are shown live; NO_COLOR leaves colours out."""
    color = {"NO_COLOR": "1"} if no_color else {}
    terminal = Terminal("train", "t.csv", "--target", "kind", "--layers", "8", *UNENDING, cwd=here, **color)
    costs = ("J ", "validation J ", r"best [\d.e-]+ \(epoch \d+\)")
    terminal.read_until(f"epoch [1-9][0-9]*/{ENDLESS}", *costs, "learning rate", "epochs/s", "left", "Ctrl-C")
    terminal.interrupt()
    text = terminal.end()
    assert terminal.process.returncode == 130
    assert "(the learning curves)." in text
    assert ("\x1b[38;" in text) != no_color
    assert text.count(HIDE) == text.count(SHOW) == 1  # the cursor returns
    assert f"/{ENDLESS} (one of 8 networks)" in last_frame(text)
    assert "left" not in last_frame(text)
    assert "Ctrl-C" not in last_frame(text)


@in_a_terminal
@pytest.mark.parametrize(("epochs", "preset", "threads"), [(1, "default", 1), (500, "default", 3), (1, "lecture", 2)])
def test_a_terminal_sees_the_last_epoch(here: Path, epochs: int, preset: str, threads: int) -> None:
    """The last frame has the figures of the last epoch and remains, even if training ends before a frame is due."""
    command = ["train", "t.csv", "--target", "kind", "--layers", 8, "--epochs", epochs, "--preset", preset]
    terminal = Terminal(*command, cwd=here, CHAINRULE_THREADS=str(threads))
    text = terminal.end()
    assert terminal.process.returncode == 0
    networks = "" if preset == "lecture" else " (one of 8 networks)"
    figures = (f"epoch {epochs}/{epochs}{networks}", "J ", "validation J ", "best ", "learning rate ", "epochs/s")
    for figure in figures:
        assert figure in last_frame(text), text
    assert "left" not in last_frame(text)
    assert text.count(HIDE) == text.count(SHOW) == 1
    assert "Preparing" not in last_frame(text)


@pytest.mark.parametrize(("epochs", "threads"), [(1, 1), (500, 3)])
def test_a_pipe_sees_the_last_epoch(here: Path, epochs: int, threads: int) -> None:
    """In a pipe the last line of progress has the figures of the last epoch, even if training ends at once."""
    command = ["train", "t.csv", "--target", "kind", "--layers", 8, "--epochs", epochs]
    out, err = process(*command, cwd=here, CHAINRULE_THREADS=str(threads)).communicate(timeout=LIMIT)
    last = [line for line in err.splitlines() if line.startswith("epoch ")][-1]
    assert last.startswith(f"epoch {epochs}/{epochs} (one of 8 networks)  J ")
    assert "validation J " in last
    assert "left" not in last
    assert "\x1b" not in out + err


@in_a_terminal
def test_the_cursor_returns_after_an_error(here: Path) -> None:
    """If training diverges, the display ends, the cursor returns, and the error is the last line."""
    options = ("--optimizer", "gradient_descent", "--learning-rate", "1e300", "--epochs", "5000")
    terminal = Terminal("train", "t.csv", "--target", "a", *options, cwd=here)
    text = terminal.end()
    assert terminal.process.returncode == 1
    assert text.count(HIDE) == text.count(SHOW) == 1
    assert "training diverged" in text.rpartition(SHOW)[2]


# ---- with a simulated clock and networks -----------------------------------------------------------------------------


def network(epochs: int = 0, stopped: str | None = None) -> Any:
    """Returns a history of this many epochs; the second has the lowest validation J."""
    history = SimpleNamespace(planned_epochs=9, stopped=None)
    reach(history, epochs, stopped)
    return history


def reach(history: Any, epochs: int, stopped: str | None = None) -> None:
    """Sets the history to this number of epochs."""
    history.epochs, history.stopped = epochs, stopped
    history.J = history.seconds = history.learning_rate = np.arange(1.0, epochs + 1)
    history.validation_J = np.abs(np.arange(1.0, epochs + 1) - 2.0)
    history.best_epoch = min(epochs, 2) or None


class Display:
    """A display of two networks in a pipe or a terminal, whose clock the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, terminal: bool = False, **environment: str) -> None:
        self._file, self.now = io.StringIO(), 100.0
        monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: self.now))
        settings = {"TERM": "xterm", **environment}
        console = Console(file=self._file, force_terminal=terminal, width=200, soft_wrap=True, _environ=settings)
        self.progress = Progress(console, 2)

    @property
    def text(self) -> str:
        """The whole output."""
        return self._file.getvalue()

    def epochs(self) -> list[int]:
        """The epochs of all lines."""
        return [int(line.split("/")[0].removeprefix("epoch ")) for line in self.text.splitlines()]


def test_lines_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe there is a line after one second, every five seconds from then on, and at the end."""
    display, history = Display(monkeypatch), network()
    with display.progress:
        for seconds in range(13):
            display.now = 100.0 + 0.5 * seconds
            reach(history, seconds // 2)
            display.progress(history)
        reach(history, 7)
    assert display.epochs() == [1, 6, 7]


def test_a_line_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line is not printed again if it has just been shown."""
    display = Display(monkeypatch)
    with display.progress:
        display.now += 1.0
        display.progress(network(9, "epochs"))
    assert display.epochs() == [9]
    assert display.text.startswith("epoch 9/9 (one of 2 networks)  J 9  validation J 7  best 0 (epoch 2)  learning")


def test_a_network_is_shown_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first network that reports is shown; once it has ended, the next one that reports."""
    display, first, second = Display(monkeypatch), network(), network()
    with display.progress:
        for history, epoch, stopped in (
            (first, 1, None), (second, 3, None), (first, 2, "patience"), (second, 5, None), (second, 6, "epochs"),
        ):  # fmt: skip
            display.now += 5.0
            reach(history, epoch, stopped)
            display.progress(history)
    assert display.epochs() == [1, 2, 5, 6]


def test_without_training_nothing_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no training has begun, nothing remains in a pipe or a terminal."""
    for terminal in (False, True):
        display = Display(monkeypatch, terminal)
        with display.progress:
            pass
        assert "epoch" not in display.text
        assert display.text.count(HIDE) == display.text.count(SHOW) == terminal
        assert display.text.endswith("\x1b[1A\x1b[2K") == terminal  # the only line is erased


def test_the_first_frame_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal a frame is drawn before training, and the first report is drawn at once."""
    display = Display(monkeypatch, terminal=True)
    with display.progress:
        assert "Preparing" in display.text
        display.progress(network())
        assert "the first epoch is running" in display.text


@pytest.mark.parametrize("interrupted_draw", [1, 2], ids=["in training", "at the end"])
def test_the_cursor_always_returns(monkeypatch: pytest.MonkeyPatch, interrupted_draw: int) -> None:
    """Ctrl-C in training, or while the last frame is drawn, leaves no hidden cursor."""
    display = Display(monkeypatch, terminal=True)
    draws: list[None] = []

    def interrupt(*_: object) -> list[list[str]]:
        draws.append(None)
        if len(draws) == interrupted_draw:
            raise KeyboardInterrupt
        return [["a frame"]]

    monkeypatch.setattr(Progress, "_lines", interrupt)
    with pytest.raises(KeyboardInterrupt), display.progress:
        display.progress(network(3))
    assert display.text.count(HIDE) == display.text.count(SHOW) == 1


def test_a_dumb_terminal_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot move its cursor has lines."""
    display = Display(monkeypatch, terminal=True, TERM="dumb")
    with display.progress:
        display.progress(network(9, "epochs"))
    assert display.epochs() == [9]
    assert "\x1b" not in display.text
