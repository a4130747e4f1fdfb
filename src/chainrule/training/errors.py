"""The errors that end a training run; each carries the history until then."""

from __future__ import annotations

from typing import Self

from chainrule.errors import ChainruleError
from chainrule.training.history import History


class DivergenceError(ChainruleError, FloatingPointError):
    """J, ∇J(θ) or θ stopped being finite in training; θ is the last finite one, ``history`` the epochs until then."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[type[Self], tuple[str, History]]:
        return type(self), (str(self), self.history)  # so that it passes from one process to another


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the network holds the best (else the latest) θ and ``history`` the epochs until then."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> tuple[type[Self], tuple[str, History]]:
        return type(self), (str(self), self.history)  # so that it passes from one process to another
