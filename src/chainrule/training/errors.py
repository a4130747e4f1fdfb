"""Errors that end a training run; each carries the history up to that point."""

from __future__ import annotations

from typing import Self

from chainrule.errors import ChainruleError
from chainrule.training.history import History


class DivergenceError(ChainruleError, FloatingPointError):
    """J has exploded, or J, ∇J(θ), θ or a moment is not finite; θ is finite, ``history`` holds the finished epochs.

    >>> import chainrule as cr
    >>> try:
    ...     cr.train(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]], optimizer=cr.GradientDescent(9.0))
    ... except cr.DivergenceError as error:
    ...     print(error.history.stopped, error.history.epochs)
    diverged 4
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[type[Self], tuple[str, History]]:
        return type(self), (str(self), self.history)  # pickles the history too


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the network holds the latest θ (with ``patience`` the best), ``history`` the epochs.

    >>> import chainrule as cr
    >>> try:
    ...     history = cr.train(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]], epochs=1000)
    ... except cr.TrainingInterrupted as error:  # Ctrl-C was pressed: go on from there, or stop here
    ...     state = error.history.state
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[type[Self], tuple[str, History]]:
        return type(self), (str(self), self.history)  # pickles the history too
