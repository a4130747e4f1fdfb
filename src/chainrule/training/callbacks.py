"""The callbacks of a training run: functions that are called with its History at regular intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from chainrule._internal.checks import as_integer, shown
from chainrule.errors import InputError
from chainrule.training.history import History

Callback = Callable[[History], object]


class Callbacks:
    """Functions of the History, and the number of epochs between two calls of them (None: a call after each slice).

    ``interval`` is that number, or a function without arguments that returns it and is called before each wait.

    Raises InputError for things that are not functions, or an interval below 1.
    """

    def __init__(self, functions: object, interval: int | Callable[[], int | None] | None) -> None:
        given = tuple(functions) if isinstance(functions, Iterable) else (functions,)
        if not isinstance(functions, Iterable) or not all(map(callable, given)):
            raise InputError(f"callbacks must be a list of functions f(history); got {shown(functions)}.")
        self._functions = given
        self._varies = callable(interval)
        self._next_interval = interval if callable(interval) else lambda: interval
        self._interval = _as_interval(self._next_interval())
        self._last_call = 0  # the number of finished epochs at the last call

    def __bool__(self) -> bool:
        return bool(self._functions)

    @property
    def epochs_between(self) -> int | None:
        """The epochs between two calls, or None if no call depends on them."""
        return self._interval if self._functions else None

    @property
    def follow_the_clock(self) -> bool:
        """True if they are called after each slice, and not after a number of epochs."""
        return bool(self._functions) and self._interval is None

    def begin(self, history: History) -> None:
        """Starts to count the epochs until the first call, which a resumed run has where an uninterrupted one has it.

        That is so if the interval is a number; a function is asked for the epochs from here.
        """
        self._last_call = history.epochs
        if self._interval is not None and not self._varies:
            self._last_call -= history.epochs % self._interval

    def epochs_until_call(self, history: History) -> int:
        """Returns the number of epochs to train before the next call; all of them if no call depends on it."""
        if self._interval is None or not self._functions:
            return history.planned_epochs
        return self._last_call + self._interval - history.epochs

    def are_due(self, history: History) -> bool:
        """Returns True if it is time for a call, which is so at the end of a run in any case."""
        if not self._functions:
            return False
        return (
            self._interval is None or history.epochs >= self._last_call + self._interval or history.stopped is not None
        )

    def ask_to_stop(self, history: History) -> bool:
        """Calls each function with the History, and returns True if any of them returned True."""
        self._last_call = history.epochs
        answers = [function(history) for function in self._functions]
        self._interval = _as_interval(self._next_interval())
        return any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers)


def _as_interval(epochs: object) -> int | None:
    return epochs if epochs is None else as_integer(epochs, "callback_epochs", 1)
