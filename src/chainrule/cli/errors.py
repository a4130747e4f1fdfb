"""What the command line refuses, and the exit code that says so."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import EngineDeclined, InputError, MissingExtra, UnknownName

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


class WrongUsage(InputError):
    """An argument or option that cannot be meant; the files and their rows were not at fault."""


def exit_code(error: Exception) -> int:
    """2 for what another command line would mend, 1 for all else."""
    return WRONG_USAGE if isinstance(error, (WrongUsage, UnknownName, EngineDeclined)) else FAILED


def require_packages(*packages: str) -> None:
    """Raise MissingExtra unless the packages are installed; none is loaded."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(f"this needs {' and '.join(missing)}; pip install 'chainrule[cli]'")


@contextmanager
def option_errors(option: str) -> Iterator[None]:
    """What the library refuses in here came from this option."""
    try:
        yield
    except InputError as error:
        raise WrongUsage(f"{option}: {error}") from None
