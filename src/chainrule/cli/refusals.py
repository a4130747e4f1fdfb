"""What the command line refuses, and the exit code that says so."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from chainrule.errors import ChainruleError, EngineDeclined, InputError, UnknownName

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


class WrongUsage(InputError):
    """An argument or option that cannot be meant; the files and their rows were not at fault."""


class MissingExtra(ChainruleError):
    """A package of the extra ``cli`` is not installed."""


def exit_code(error: Exception) -> int:
    """2 for what another command line would mend, 1 for all else."""
    return WRONG_USAGE if isinstance(error, (WrongUsage, UnknownName, EngineDeclined)) else FAILED


def need(*packages: str) -> None:
    """Raise MissingExtra unless the packages are installed; none is loaded."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(f"this needs {' and '.join(missing)}; pip install 'chainrule[cli]'")


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean …?" with the nearest of the known names, or nothing."""
    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


@contextmanager
def usage(option: str) -> Iterator[None]:
    """What the library refuses in here came from this option."""
    try:
        yield
    except InputError as error:
        raise WrongUsage(f"{option}: {error}") from None
