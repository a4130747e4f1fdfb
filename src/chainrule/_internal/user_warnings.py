"""Warnings that point at the user's own line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BETWEEN = ("chainrule", "sklearn", "joblib")  # packages whose frames lie between the user's line and a warning


_noted: ContextVar[tuple[list[str], ...]] = ContextVar("noted", default=())


@contextmanager
def noted() -> Iterator[list[str]]:
    """A context that yields a list of the warnings issued in it by `warn`, in this thread, whatever filters there are.

    >>> with warnings.catch_warnings(), noted() as notes:
    ...     warnings.simplefilter("ignore")
    ...     warn("a column is left out", UserWarning)
    >>> notes
    ['a column is left out']
    """
    notes: list[str] = []
    token = _noted.set((*_noted.get(), notes))
    try:
        yield notes
    finally:
        _noted.reset(token)


def warn(words: str, category: type[Warning]) -> None:
    """Issues a warning for the innermost line that is in none of these packages, however deep the call.

    A thread of such a package has no line of the user; the warning then points at where the thread began.
    """
    for notes in _noted.get():
        notes.append(words)
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and _package(frame.f_globals) in BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(words, category, stacklevel=level)


def _package(module: dict[str, object]) -> str:
    return str(module.get("__name__", "")).partition(".")[0]
