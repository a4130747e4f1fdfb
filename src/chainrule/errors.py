"""The errors that Chainrule raises, each with one meaning; `chainrule.training.errors` has those of a training run."""

from __future__ import annotations

from typing import Self


class ChainruleError(Exception):
    """Base class of every error that Chainrule raises on purpose."""


class InputError(ChainruleError, ValueError):
    """Something handed in is wrong: the message names the symbol, what was expected, what came, and what to do."""


class UnknownName(InputError):
    """A name that no catalogue holds; the message gives the nearest known one."""


class ActivationRefused(InputError):
    """An activation whose derivative is not that of its map; ``z`` is the counterexample, where there is one."""

    def __init__(self, message: str, z: object = None) -> None:
        super().__init__(message)
        self.z = z

    def __reduce__(self) -> tuple[type[Self], tuple[str, object]]:
        return type(self), (str(self), self.z)  # so that it passes from one process to another


class EngineDeclined(InputError):
    """The engine asked for by name cannot run this problem; the message says why and names one that can."""


class MissingExtra(ChainruleError, ImportError):
    """A package that this needs is not installed; the message says what to install."""


class DataWarning(UserWarning):
    """Something in a table that was left out or taken in another way; the message names the column and a remedy."""


class FileFormatError(ChainruleError, ValueError):
    """A file that is not what it says it is: truncated, malformed, of another format or of a later version."""
