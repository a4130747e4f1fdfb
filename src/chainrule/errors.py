"""Errors that Chainrule raises, each with one meaning; `chainrule.training.errors` has those of a training run."""

from __future__ import annotations

from typing import Self


class ChainruleError(Exception):
    """The base class of every error that Chainrule raises on purpose."""


class InputError(ChainruleError, ValueError):
    """A wrong argument: the message names the symbol, what was expected, what was passed, and what to do."""


class UnknownName(InputError):
    """A name that is in no catalogue; the message gives the nearest known one."""


class ActivationRefused(InputError):
    """An activation whose derivative is not that of its map; ``z`` is the counterexample, if there is one."""

    def __init__(self, message: str, z: object = None) -> None:
        super().__init__(message)
        self.z = z

    def __reduce__(self) -> tuple[type[Self], tuple[str, object]]:
        return type(self), (str(self), self.z)  # pickles the counterexample too


class GradientRefused(InputError):
    """A gradient that is not that of J; ``check`` is the whole comparison, a table of every array."""

    def __init__(self, message: str, check: object = None) -> None:
        super().__init__(message)
        self.check = check

    def __reduce__(self) -> tuple[type[Self], tuple[str, object]]:
        return type(self), (str(self), self.check)


class EngineDeclined(InputError):
    """An engine that was requested by name and cannot run the problem; the message says why and names one that can."""


class MissingExtra(ChainruleError, ImportError):
    """A required optional package that is not installed; the message says what to install."""


class DataWarning(UserWarning):
    """Data in a table that were ignored or reinterpreted; the message names the column and a remedy."""


class TrainingWarning(UserWarning):
    """A problem with training that the user should know; the message names the cause and a remedy."""


class FileFormatError(ChainruleError, ValueError):
    """A file that is truncated, malformed, of another format or of a later version."""
