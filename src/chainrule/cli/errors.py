"""Errors of the command line and their exit codes."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import EngineDeclined, InputError, MissingExtra, UnknownName

SUCCESS, FAILED, WRONG_USAGE = 0, 1, 2


class WrongUsage(InputError):
    """An invalid argument or option, as opposed to an invalid file."""


def exit_code(error: Exception) -> int:
    """Returns 2 for an error that a different command line would avoid, otherwise 1."""
    return WRONG_USAGE if isinstance(error, (WrongUsage, UnknownName, EngineDeclined)) else FAILED


def describe(error: Exception) -> str:
    """Returns the message of an error; an error of the system names the file and the reason, without a number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename!r}: {error.strerror}." if error.filename else f"{error.strerror}."
    return str(error) or "there is not enough memory."


def require_packages(*packages: str, extra: str = "cli") -> None:
    """Raises MissingExtra unless the packages are installed; does not import them."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"this command needs {' and '.join(missing)}; install with: pip install 'chainrule[{extra}]'"
        )


@contextmanager
def option_errors(option: str) -> Iterator[None]:
    """Turns an InputError in the block into WrongUsage that names this option."""
    try:
        yield
    except InputError as error:
        raise WrongUsage(f"{option}: {error}") from None
