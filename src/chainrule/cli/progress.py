"""The course of training while it goes on: a live display in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chainrule.training import History

LINE_SECONDS = 5.0
LIVE_SECONDS = 0.1


class Progress:
    """A callback of ``cr.train`` that shows the epoch, J, validation J, the rate and the time left.

    Several networks are trained at once, on several threads: those of the first thread are shown, and how many
    networks it has begun tells about how far all are.
    """

    def __init__(self, console: Console, planned_epochs: int, networks: int) -> None:
        self._console, self._planned, self._networks = console, planned_epochs, networks
        self._began = self._last = time.perf_counter()
        self._began_network = self._began
        self._epoch = 0
        self._thread: int | None = None
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, history: History) -> None:
        """Show where the run is."""
        if self._thread is None:
            self._thread = threading.get_ident()
        if self._thread != threading.get_ident():
            return
        now = time.perf_counter()
        if history.epochs < self._epoch:
            self._began_network = now
        self._epoch = history.epochs
        if now - self._last < (LIVE_SECONDS if self._live else LINE_SECONDS):
            return
        self._last = now
        if self._live:
            self._live.update(self._display(history, now - self._began_network), refresh=True)
        else:
            self._console.print("  ".join(self._course(history, now - self._began_network)))

    def _course(self, history: History, seconds: float) -> list[str]:
        """The figures, in words."""
        done = history.epochs
        several = f" of one of {self._networks} networks" if self._networks > 1 else ""
        words = [f"epoch {done}/{self._planned}{several}"]
        if not done:
            return [*words, "the first epoch is under way", f"{seconds:.0f} s"]
        rate = done / max(seconds, 1e-9)
        words += [f"J {history.J[-1]:.4g}", f"validation J {history.validation_J[-1]:.4g}"]
        words += [
            f"learning rate {history.learning_rate[-1]:.3g}",
            f"{rate:,.0f} epochs/s" if rate >= 100 else f"{rate:.3g} epochs/s",
        ]
        return [*words, f"at most {duration((self._planned - done) / rate)} left"]

    def _display(self, history: History, seconds: float) -> Group:
        epoch, *figures, left = self._course(history, seconds)
        line = Table.grid(padding=(0, 2))
        bar = ProgressBar(total=self._planned, completed=history.epochs, width=30)
        line.add_row(bar, Text(epoch, style="bold"), Text(left))
        best = [f"best {history.validation_J.min():.4g} (epoch {history.best_epoch})"] if history.best_epoch else []
        costs, rates = [*figures[:2], *best], [*figures[2:], "Ctrl-C stops and keeps the best network"]
        return Group(line, *(Text("   ".join(words)) for words in (costs, rates)))


def duration(seconds: float) -> str:
    """A time as people say it: 3 s, 2 min 05 s, 1 h 20 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
