"""The places where progress is shown: a terminal, with Rich or without, a notebook, and a file or pipe."""

from __future__ import annotations

import html
import io
import os
import shutil
import sys
from typing import Any, NamedTuple, Protocol, TextIO

FRAME_SECONDS, NOTEBOOK_SECONDS = 0.1, 0.2
FIRST_LINE_SECONDS, LINE_SECONDS = 1.0, 5.0
LINE_SHARE = 0.05  # of the time so far, at least, lies between two lines: a day has some 150
BAR_WIDTH = 20


class Frame(NamedTuple):
    """The content of a display: the share of the work that is done, from 0 to 1, and lines of figures."""

    share: float
    is_last: bool
    lines: tuple[tuple[str, ...], ...]


class Display(Protocol):
    """A place where frames are shown one after the other."""

    def pause(self, elapsed: float) -> float:
        """Returns the seconds until the next frame, when this many have passed; at 0 those until the first one."""

    def show(self, frame: Frame) -> None:
        """Shows a frame instead of the one before."""

    def close(self, frame: Frame | None) -> None:
        """Shows the last frame, if there is one, which remains."""


def chosen_display(file: TextIO | None = None) -> Display:
    """Returns the display for a file, or if it is None for this session: a notebook, or stderr."""
    if file is None and is_notebook():
        return NotebookDisplay()
    stream = file or sys.stderr or io.StringIO()  # a program without a console has no stderr
    if not stream.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        return LinesDisplay(stream)
    try:
        return RichDisplay(stream)
    except ImportError:
        return PlainDisplay(stream)


def is_notebook() -> bool:
    """Returns True in a kernel of Jupyter, which does not import IPython anew."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")


class LinesDisplay:
    """A file or a pipe, and a terminal that cannot move its cursor: rare lines, and never the same twice."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._last = file, ""

    def pause(self, elapsed: float) -> float:
        """Returns 1 s at the beginning, then 5 s or a share of the time so far."""
        return max(LINE_SECONDS, LINE_SHARE * elapsed) if elapsed else FIRST_LINE_SECONDS

    def show(self, frame: Frame) -> None:
        """Prints a line."""
        line = "  ".join(figure for figures in frame.lines for figure in figures)
        if line != self._last:
            print(line, file=self._file, flush=True)
        self._last = line

    def close(self, frame: Frame | None) -> None:
        """Prints the last line."""
        if frame is not None:
            self.show(frame)


class PlainDisplay:
    """A terminal without Rich: one line, written over."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._length = file, 0

    def pause(self, elapsed: float) -> float:
        """Returns the time between two frames."""
        return FRAME_SECONDS if elapsed else 0.0

    def show(self, frame: Frame) -> None:
        """Writes over the line."""
        done = round(BAR_WIDTH * frame.share)
        bar = "#" * done + "." * (BAR_WIDTH - done)
        line = "  ".join((bar, *(figure for figures in frame.lines for figure in figures)))
        line = line[: shutil.get_terminal_size().columns - 1]
        print(f"\r{line.ljust(self._length)}", end="", file=self._file, flush=True)
        self._length = len(line)

    def close(self, frame: Frame | None) -> None:
        """Writes over the line once more, and ends it."""
        if frame is not None:
            self.show(frame)
            print(file=self._file, flush=True)


class RichDisplay:
    """A terminal with Rich: a bar beside the first line, above the others."""

    def __init__(self, file: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(file=file, markup=False, highlight=False, emoji=False, soft_wrap=True)
        self._live = Live(
            Text("Preparing the training …"), console=console, transient=True, auto_refresh=False,
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),  # in a file, prints stay there
        )  # fmt: skip
        self._live.start(refresh=True)

    def pause(self, elapsed: float) -> float:
        """Returns the time between two frames."""
        return FRAME_SECONDS if elapsed else 0.0

    def show(self, frame: Frame) -> None:
        """Draws a frame."""
        self._live.update(_layout(frame), refresh=True)

    def close(self, frame: Frame | None) -> None:
        """Draws the last frame; without one, nothing remains."""
        try:
            if frame is not None:
                self.show(frame)
        finally:
            self._live.transient = frame is None
            self._live.stop()


def _layout(frame: Frame) -> Any:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    (epoch, *times), *others = frame.lines
    top = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=1.0, completed=frame.share, width=BAR_WIDTH)
    top.add_row(bar, Text(epoch, style="bold", no_wrap=True), Text("  ".join(times), no_wrap=True))
    lines = ["   ".join(figures) for figures in others if figures]
    if not frame.is_last:
        lines[-1] += "   Ctrl-C stops and keeps the network"
    return Group(top, *map(Text, lines))


class NotebookDisplay:
    """The output of a cell, which shows HTML; the notebook keeps the last frame."""

    def __init__(self) -> None:
        from IPython.display import display

        self._handle = display(self._bundle("Preparing the training …", ""), raw=True, display_id=True)

    def pause(self, elapsed: float) -> float:
        """Returns the time between two frames."""
        return NOTEBOOK_SECONDS if elapsed else 0.0

    def show(self, frame: Frame) -> None:
        """Replaces the output of the cell."""
        (epoch, *times), *others = frame.lines
        shown = [
            f'<progress max="1" value="{frame.share:.4f}"></progress> <b>{html.escape(epoch)}</b> {" ".join(times)}'
        ]
        shown += [" &ensp; ".join(map(html.escape, figures)) for figures in others]
        plain = "  ".join(figure for figures in frame.lines for figure in figures)
        self._handle.update(self._bundle(plain, "<br>".join(shown)), raw=True)

    def close(self, frame: Frame | None) -> None:
        """Shows the last frame; without one, nothing remains."""
        if frame is not None:
            self.show(frame)
        else:
            self._handle.update(self._bundle("", ""), raw=True)

    @staticmethod
    def _bundle(plain: str, marked: str) -> dict[str, str]:
        return {"text/plain": plain, "text/html": marked or html.escape(plain)}
