"""Errors that end a training run; each carries the history up to that point."""

from __future__ import annotations

from typing import Self

from chainrule.errors import ChainruleError
from chainrule.training.history import History


class DivergenceError(ChainruleError, FloatingPointError):
    """J has exploded, or J, ∇J(θ), θ or a moment is not finite; θ is finite, ``history`` holds the finished epochs."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[type[Self], tuple[str, History]]:
        return type(self), (str(self), self.history)  # pickles the history too


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the network holds the latest θ (with ``patience`` the best), ``history`` the epochs."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[type[Self], tuple[str, History]]:
        return type(self), (str(self), self.history)  # pickles the history too
