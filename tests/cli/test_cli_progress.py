"""Progress is live in a terminal, lines in a pipe, and shows the last state of a training of any length."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from support.command import UNENDING, Terminal, process, table, write_csv
from support.patience import ENDLESS, LIMIT

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
    assert text.count(HIDE) == text.count(SHOW) > 0  # the cursor returns, also after a bar for slow preparations
    assert re.search(rf"/{ENDLESS} \(network \d of 8\)", last_frame(text))
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
    networks = "" if preset == "lecture" else r" \(network \d of 8\)"
    assert re.search(rf"epoch \d+/{epochs}{networks}", last_frame(text)), text  # a network may have stopped earlier
    figures = ("J ", "validation J ", "best ", "learning rate ", "epochs/s")
    for figure in figures:
        assert figure in last_frame(text), text
    assert "left" not in last_frame(text)
    assert text.count(HIDE) == text.count(SHOW) > 0
    assert "Preparing" not in last_frame(text)


@pytest.mark.parametrize(("epochs", "threads"), [(1, 1), (500, 3)])
def test_a_pipe_sees_the_last_epoch(here: Path, epochs: int, threads: int) -> None:
    """In a pipe the last line of progress has the figures of the last epoch, even if training ends at once."""
    command = ["train", "t.csv", "--target", "kind", "--layers", 8, "--epochs", epochs]
    out, err = process(*command, cwd=here, CHAINRULE_THREADS=str(threads)).communicate(timeout=LIMIT)
    last = [line for line in err.splitlines() if line.startswith("epoch ")][-1]
    assert re.match(rf"epoch \d+/{epochs} \(network \d of 8\)  J ", last)  # a network may have stopped earlier
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
    assert text.count(HIDE) == text.count(SHOW) > 0
    assert "training diverged" in text.rpartition(SHOW)[2]
