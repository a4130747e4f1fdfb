"""The calls of callbacks during a run: when each is due, who it was if it fails, and whether it ends the run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np

from chainrule._internal.checks import as_integer, shown
from chainrule._internal.imports import imported
from chainrule._internal.logger import INFO, logger_at
from chainrule.errors import InputError
from chainrule.training.callbacks.callback import Callback, Function, Interval, PartOfRun, RunCallback, WatchedRun
from chainrule.training.history import History

# The time between two calls of functions that follow the clock. An engine runs without returning to Python for as long,
# and then writes θ back, which takes as long as several steps in a network with millions of parameters.
SLICE_SECONDS = 0.1


def as_callbacks(given: object) -> tuple[Callback, ...]:
    """Returns callbacks as a tuple. Raises InputError for anything but functions and instances of `RunCallback`."""
    callbacks = tuple(given) if isinstance(given, Iterable) else ()
    for callback in callbacks:
        if isinstance(callback, type) and issubclass(callback, RunCallback):
            raise InputError(f"callbacks must be instances; got the class {callback.__name__}. Call it first.")
    if not isinstance(given, Iterable) or not all(
        isinstance(each, RunCallback) or callable(each) for each in callbacks
    ):
        raise InputError(
            f"callbacks must be a list of functions f(history), or of chainrule.callbacks; got {shown(given)}."
        )
    return callbacks


def with_displays(given: object, verbose: object) -> tuple[Callback, ...]:
    """Returns callbacks as `as_callbacks`, with a display as ``verbose`` says, and with the records of a logger.

    1 is a bar, 2 a line for each epoch. There are records if the logger takes them.
    Raises InputError unless ``verbose`` is a bool, 0, 1 or 2.
    """
    callbacks = as_callbacks(given)
    if not isinstance(verbose, (bool, np.bool_, int, np.integer)) or not 0 <= verbose <= 2:
        raise InputError(
            f"verbose must be 0 or False, 1 or True for a bar, or 2 for a line for each epoch; got {shown(verbose)}."
        )
    if any(isinstance(each, PartOfRun) for each in callbacks):
        return callbacks
    if verbose == 1:
        callbacks = (*callbacks, imported("chainrule.training.callbacks.progress").Progress())
    elif verbose == 2:
        callbacks = (*callbacks, imported("chainrule.training.callbacks.epoch_lines").EpochLines())
    if (logger := logger_at(INFO)) is not None:
        callbacks = (*callbacks, imported("chainrule.training.callbacks.log_records").LogRecords(logger))
    return callbacks


def as_interval(epochs: Interval) -> int | None:
    """Returns the epochs between two calls now, None if they follow the clock. Raises InputError for anything else."""
    value = epochs() if callable(epochs) else epochs
    return None if value is None else as_integer(value, "callback_epochs", 1)


def epochs_between(callbacks: Sequence[Callback], epochs: Interval) -> int | None:
    """Returns the least epochs between two calls; None if none depends on them. Raises InputError as `as_interval`."""
    of_functions = as_interval(epochs)
    given = [as_interval(each.epochs) if isinstance(each, RunCallback) else of_functions for each in callbacks]
    return min((interval for interval in given if interval is not None), default=None)


class Call:
    """A function of the History, and the time of its next call: after a number of epochs, or by the clock.

    ``epochs`` is that number, or a function without arguments that returns it and is called before each wait; None
    means every ``seconds`` seconds.
    """

    def __init__(self, callback: Callback, function: Function, epochs: Interval, seconds: float | None = None) -> None:
        self.callback, self.epochs = callback, epochs
        self.seconds = SLICE_SECONDS if seconds is None else seconds
        self._function, self._interval = function, as_interval(epochs)
        self._last_epoch, self._last_time = 0, -math.inf  # of the last call
        self._seen = 0  # epochs, by a call or before the run

    @property
    def name(self) -> str:
        """The name of the callback, as it is written in code."""
        return getattr(self.callback, "__qualname__", None) or shown(self.callback)

    def begin(self, history: History) -> None:
        """Starts to count until the first call, which a resumed run has where an uninterrupted one has it.

        That is so if the interval is a number; a function is asked for the epochs from here.
        """
        self._last_epoch = self._seen = history.epochs
        self._last_time = time.perf_counter()
        if self._interval is not None and not callable(self.epochs):
            self._last_epoch -= history.epochs % self._interval

    def epochs_left(self, history: History) -> float:
        """Returns the epochs to train before the next call; infinity if it follows the clock."""
        return math.inf if self._interval is None else self._last_epoch + self._interval - history.epochs

    def seconds_left(self) -> float:
        """Returns the seconds to train before the next call; infinity if it does not follow the clock."""
        return math.inf if self._interval is not None else self._last_time + self.seconds - time.perf_counter()

    def is_due(self, history: History) -> bool:
        """Returns True if it is time for a call."""
        return self.epochs_left(history) <= 0 or self.seconds_left() <= 0

    def has_missed(self, history: History) -> bool:
        """Returns True if epochs have been finished since the last call, or since the run began."""
        return history.epochs > self._seen

    def make(self, history: History) -> bool:
        """Calls the function, and returns True if it returned True. A note in its exception names the callback."""
        self._last_epoch = self._seen = history.epochs
        try:
            answer = self._function(history)
        except StopIteration as error:  # which would end a generator or a search of SciPy without a word
            raise RuntimeError(
                f"the callback {self.name} raised StopIteration after epoch {history.epochs}. To stop training, return "
                "True."
            ) from error
        except Exception as error:
            if not hasattr(error, "__notes__"):
                error.add_note(f"This was raised by the callback {self.name} after epoch {history.epochs}.")
            raise
        self._last_time = time.perf_counter()
        self._interval = as_interval(self.epochs)
        return isinstance(answer, (bool, np.bool_)) and bool(answer)


class Calls:
    """The calls of all callbacks of one run."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = calls

    def begin(self, history: History) -> None:
        """Starts to count the epochs and the time until the first calls."""
        for call in self._calls:
            call.begin(history)

    def epochs_left(self, history: History) -> float:
        """Returns the number of epochs to train before the next call; infinity if none depends on it."""
        return min((call.epochs_left(history) for call in self._calls), default=math.inf)

    def seconds_left(self) -> float:
        """Returns the seconds to train before the next call; infinity if none depends on them."""
        return min((call.seconds_left() for call in self._calls), default=math.inf)

    def due(self, history: History) -> list[Call]:
        """Returns the calls for which it is time."""
        return [call for call in self._calls if call.is_due(history)]

    def missed(self, history: History) -> list[Call]:
        """Returns the calls without which a function would not see the last epochs of a run that has ended."""
        return [call for call in self._calls if call.has_missed(history)]


def make(calls: Sequence[Call], history: History) -> bool:
    """Makes each of these calls, and returns True if one of them asks to stop."""
    answers = [call.make(history) for call in calls]
    return any(answers)


@contextmanager
def all_runs(callbacks: Sequence[Callback], networks: int) -> Iterator[tuple[Callback, ...]]:
    """A context around all runs of a fit; yields the callbacks that watch each of them."""
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(each.all_runs(networks)) if isinstance(each, RunCallback) else each
            for each in callbacks
        )


@contextmanager
def begun(callbacks: Sequence[Callback], run: WatchedRun, epochs: Interval) -> Iterator[list[Call]]:
    """A context around one run; yields the calls of the callbacks. ``epochs`` is the interval of plain functions."""
    with ExitStack() as stack:
        calls = []
        for each in callbacks:
            if not isinstance(each, RunCallback):
                calls.append(Call(each, each, epochs))
            elif (function := stack.enter_context(each.watch(run))) is not None:
                calls.append(Call(each, function, each.epochs, each.seconds))
        yield calls


@contextmanager
def watching(callbacks: Sequence[Callback], run: WatchedRun, epochs: Interval) -> Iterator[Calls]:
    """A context around the only run of a call of `train` or `minimize`; yields the calls of the callbacks."""
    with all_runs(callbacks, 1) as those, begun(those, run, epochs) as calls:
        yield Calls(calls)
