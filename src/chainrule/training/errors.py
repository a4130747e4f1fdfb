"""Errors that end a training run; each carries the history up to that point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from chainrule.errors import ChainruleError
from chainrule.training.history import History


class EndedTraining(BaseException):  # not Exception: `except Exception` must not catch Ctrl-C
    """The part of both errors that holds the history: of the run, and of each network if there are several."""

    def __init__(self, message: str, history: History, histories: Sequence[History] = ()) -> None:
        super().__init__(message)
        self.history = history
        self.histories = list(histories) or [history]

    def __reduce__(self) -> tuple[type[Self], tuple[str, History, list[History]]]:
        return type(self), (str(self), self.history, self.histories)  # pickles the histories too


class DivergenceError(EndedTraining, ChainruleError, FloatingPointError):
    """J has exploded, or J, ∇J(θ), θ or a moment is not finite; θ is finite, ``history`` holds the finished epochs.

    After `train_many` it is the history of the first network that diverged, and ``histories`` has one for each network.

    >>> import chainrule as cr
    >>> try:
    ...     cr.train(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]], optimizer=cr.GradientDescent(9.0))
    ... except cr.DivergenceError as error:
    ...     print(error.history.stopped, error.history.epochs)
    diverged 4
    """


class TrainingInterrupted(EndedTraining, KeyboardInterrupt):
    """Ctrl-C during training; the network holds the latest θ (with ``patience`` the best), ``history`` the epochs.

    After `train_many`, ``histories`` has one for each network, and ``history`` is that of the first.

    >>> import chainrule as cr
    >>> try:
    ...     history = cr.train(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]], epochs=1000)
    ... except cr.TrainingInterrupted as error:  # Ctrl-C was pressed: continue from there, or stop here
    ...     state = error.history.state
    """
