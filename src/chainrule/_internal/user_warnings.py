"""Warnings that point at the user's own line."""

from __future__ import annotations

import sys
import warnings

BETWEEN = ("chainrule", "sklearn", "joblib")  # packages whose frames lie between the user's line and a warning


def warn(words: str, category: type[Warning]) -> None:
    """Issues a warning for the innermost line that is in none of these packages, however deep the call.

    A thread of such a package has no line of the user; the warning then points at where the thread began.
    """
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and _package(frame.f_globals) in BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(words, category, stacklevel=level)


def _package(module: dict[str, object]) -> str:
    return str(module.get("__name__", "")).partition(".")[0]
