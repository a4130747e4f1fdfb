"""The progress of training: a live display in a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chainrule.cli.terminal import duration
from chainrule.training import History

FRAME_SECONDS = 0.1
FIRST_LINE_SECONDS, LINE_SECONDS = 1.0, 5.0


class Progress:
    """A callback of ``cr.train`` that shows the epoch, J, validation J, the rates and the time left.

    In a terminal the display is redrawn about ten times a second, and its last frame, with the figures of the last
    epoch, remains. Elsewhere a line is printed after one second, every five seconds from then on, and at the end: a
    training that ends at once has one line.

    Several networks train at once, on several threads. One of them is shown until it ends, then the next one that
    reports.
    """

    def __init__(self, console: Console, networks: int) -> None:
        self._console, self._networks = console, networks
        self._shown: History | None = None
        self._since = self._next = 0.0  # when the shown network first reported; when to draw again
        self._last_line = ""
        in_place = console.is_terminal and not console.is_dumb_terminal
        opening = Text("Preparing the data and the networks …")
        self._live = Live(opening, console=console, transient=True, auto_refresh=False) if in_place else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start(refresh=True)
        else:
            self._next = time.perf_counter() + FIRST_LINE_SECONDS
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        try:
            if self._shown is not None:
                self._draw(self._shown)
        finally:  # the cursor returns in any case
            if self._live:
                self._live.transient = self._shown is None
                self._live.stop()

    def __call__(self, history: History) -> None:
        """Shows the progress of a network, when the next frame or line is due."""
        now = time.perf_counter()
        if self._shown is None or self._shown.stopped:
            self._shown, self._since = history, now
        if history is self._shown and now >= self._next:
            self._next = now + (FRAME_SECONDS if self._live else LINE_SECONDS)
            self._draw(history)

    def _draw(self, history: History) -> None:
        lines = self._lines(history)
        if self._live:
            self._live.update(_frame(history, lines), refresh=True)
            return
        line = "  ".join(figure for figures in lines for figure in figures)
        if line != self._last_line:
            self._console.print(line)
        self._last_line = line

    def _lines(self, history: History) -> list[list[str]]:
        """Returns the figures as text, in three lines: epoch and time left; costs; rates."""
        done, planned = history.epochs, history.planned_epochs
        several = f" (one of {self._networks} networks)" if self._networks > 1 else ""
        epoch = f"epoch {done}/{planned}{several}"
        if not done:
            return [[epoch, "the first epoch is running", f"{time.perf_counter() - self._since:.0f} s"]]
        costs = [f"J {history.J[-1]:.4g}"]
        if best := history.best_epoch:
            costs += [f"validation J {history.validation_J[-1]:.4g}"]
            costs += [f"best {history.validation_J[best - 1]:.4g} (epoch {best})"]
        rate = done / max(float(history.seconds.sum()), 1e-9)
        rates = [
            f"learning rate {history.learning_rate[-1]:.3g}",
            f"{rate:,.0f} epochs/s" if rate >= 100 else f"{rate:.3g} epochs/s",
        ]
        left = [] if history.stopped else [f"at most {duration((planned - done) / rate)} left"]
        return [[epoch, *left], costs, rates]


def _frame(history: History, lines: list[list[str]]) -> Group:
    """Lays out a progress bar next to the first line, above the others."""
    (epoch, *times), *figures = lines
    top = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=history.planned_epochs, completed=history.epochs, width=30)
    top.add_row(bar, Text(epoch, style="bold"), Text("  ".join(times)))
    if figures and not history.stopped:
        figures[-1].append("Ctrl-C stops training and keeps the best epoch")
    return Group(top, *(Text("   ".join(words)) for words in figures))
