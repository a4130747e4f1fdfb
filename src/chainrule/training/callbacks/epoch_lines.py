"""A line for each epoch, and one at the end of each run."""

from __future__ import annotations

import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from chainrule._internal.durations import duration
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun
from chainrule.training.callbacks.displays import is_notebook
from chainrule.training.callbacks.figures import RunFigures
from chainrule.training.history import History


class RunLines(RunCallback):
    """Writes one line for each epoch of a run, and one when the run ends."""

    needs_records_alone = True

    @abstractmethod
    def write_epoch(self, line: str) -> None:
        """Takes the line of an epoch."""

    @abstractmethod
    def write_end(self, line: str) -> None:
        """Takes the line of a run that has ended."""

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Writes the lines of a run."""
        began, last = time.perf_counter(), None
        figures = RunFigures(run, began)

        def look(history: History) -> None:
            nonlocal last
            last = history
            figures.update(history, time.perf_counter())
            if self.epochs == 1:
                epoch, *others = figures.lines()
                self.write_epoch("  ".join((f"{_name(run)}{epoch}", *(figure for line in others for figure in line))))

        try:
            yield look
        finally:
            taken = duration(time.perf_counter() - began)
            self.write_end(f"{_name(run)}{_end(figures, last, taken)}")


class EpochLines(RunLines):
    """Writes a line for each epoch: J, validation J, the best one so far, the learning rate, epochs per second.

    A last line says how training ended. The lines are written to ``file``, by default stderr, and in a notebook the
    output of the cell. ``cr.train(…, verbose=2)`` is the short form.

    >>> import chainrule as cr, io
    >>> text, net = io.StringIO(), cr.Network.dense([1, 1], initial="zeros")
    >>> history = cr.train(net, [[1.0]], [[2.0]], epochs=3, callbacks=[cr.callbacks.EpochLines(text)])
    >>> [line.split("  ")[0] for line in text.getvalue().splitlines()]
    ['epoch 1/3', 'epoch 2/3', 'epoch 3/3', '3 of 3 epochs']
    """

    epochs = 1

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file
        self._lock = threading.Lock()  # networks are trained in several threads

    def __repr__(self) -> str:
        return "EpochLines()"

    def write_epoch(self, line: str) -> None:
        """Writes the line."""
        stream = self.file or (sys.stdout if is_notebook() else sys.stderr)
        if stream is not None:  # a program without a console has no stderr
            with self._lock:
                print(line, file=stream, flush=True)

    write_end = write_epoch


def _name(run: WatchedRun) -> str:
    return f"network {run.number} of {run.networks}  " if run.networks > 1 else ""


def _end(figures: RunFigures, history: History | None, taken: str) -> str:
    """Returns "120 of 256 epochs  stopped: patience  J 0.1  validation J 0.2  best 0.19 (epoch 90)  2.1 s"."""
    if history is None:
        return f"no further epoch  {taken}"
    reason = history.stopped or "ended by an error"
    _, costs, _ = figures.lines()
    done = f"{history.epochs} of {history.planned_epochs} epochs"
    return "  ".join((done, *([] if reason == "epochs" else [f"stopped: {reason}"]), *costs, taken))
