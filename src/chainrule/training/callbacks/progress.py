"""The progress of training: one bar in place for all networks, or a line now and then."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from chainrule._internal.durations import duration
from chainrule.training.callbacks.callback import FitCallback, Function, RunCallback, WatchedRun
from chainrule.training.callbacks.displays import Display, Frame, chosen_display
from chainrule.training.callbacks.figures import RunFigures
from chainrule.training.history import History


class Progress(FitCallback):
    """Shows the progress of training: epochs, J, validation J, learning rate, and the time left at most.

    In a terminal and in a notebook one bar changes in place, and its last figures remain; in a terminal Rich draws it,
    if that is installed. In a file or a pipe there is a line after one second, then every five seconds, later rarer,
    and at the end. Several networks have one bar, with the figures of one of them.

    It is written to ``file``, by default stderr. ``cr.train(…, verbose=True)`` is the short form.

    >>> import chainrule as cr, io
    >>> text, net = io.StringIO(), cr.Network.dense([1, 1], initial="zeros")
    >>> history = cr.train(net, [[1.0]], [[2.0]], epochs=50, callbacks=[cr.callbacks.Progress(text)])
    >>> text.getvalue().split("  ")[:1]
    ['epoch 50/50']
    """

    needs_records_alone = True

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file

    def __repr__(self) -> str:
        return "Progress()"

    @contextmanager
    def all_runs(self, networks: int) -> Iterator[RunCallback]:
        """Opens and closes the display."""
        bar = _Bar(chosen_display(self.file), networks)
        try:
            yield bar
        finally:
            bar.close()


class _Bar(RunCallback):
    """The display of all runs of a fit, each of which reports in its own thread."""

    needs_records_alone = True

    def __init__(self, display: Display, networks: int) -> None:
        self._display, self._networks, self._lock = display, networks, threading.Lock()
        self._runs: list[RunFigures] = []
        self._shown: RunFigures | None = None
        self._began = time.perf_counter()
        self._next = self._began + display.pause(0.0)  # when to draw again

    def __repr__(self) -> str:
        return "Progress()"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Shows the run, if no other is shown, until it ends."""
        figures = RunFigures(run, time.perf_counter())
        self._runs.append(figures)

        def look(history: History) -> None:
            with self._lock:
                now = time.perf_counter()
                figures.update(history, now)
                if self._shown is None or self._shown.has_ended:
                    self._shown = figures
                if figures is self._shown and now >= self._next:
                    self._next = now + self._display.pause(now - self._began)
                    self._display.show(self._frame(figures, now))

        try:
            yield look
        finally:
            figures.has_ended = True

    def close(self) -> None:
        """Shows the last figures, which remain."""
        frame = None
        try:
            if self._shown is not None:
                frame = self._frame(self._shown, time.perf_counter(), is_last=True)
        finally:  # the cursor returns in any case
            self._display.close(frame)

    def _frame(self, shown: RunFigures, now: float, is_last: bool = False) -> Frame:
        """Returns the figures of one run, and the share and the time left of all.

        Networks take their numbers in turn, so that those which were passed over are not to come.
        """
        passed_over = max(0, max(run.run.number for run in self._runs) - len(self._runs))
        done = sum(run.share for run in self._runs)
        gained = done - sum(run.first_share for run in self._runs)
        to_come = self._networks - passed_over - done
        elapsed = now - self._runs[0].began
        left = min(elapsed * to_come / gained if gained > 0 else math.inf, self._runs[0].run.deadline - now)
        is_last = is_last or sum(run.has_ended for run in self._runs) == self._networks - passed_over
        epoch, *others = shown.lines()
        if self._networks > 1:
            epoch += f" (network {shown.run.number} of {self._networks})"
        times = [] if is_last or left == math.inf or left <= 0.0 else [f"at most {duration(left)} left"]
        return Frame(1.0 - to_come / self._networks, is_last, ((epoch, *times), *others))
