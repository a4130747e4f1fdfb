"""Names of a package that are imported at first use, and attributes that are computed then."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")


def imported(package: str, name: str, defined_in: Mapping[str, str]) -> Any:
    """Returns what a package calls ``name``, from the module that defines it. Raises AttributeError if there is none.

    >>> imported("chainrule.tables", "load", {"load": "chainrule.tables.model"}).__name__
    'load'
    """
    if name not in defined_in:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    return getattr(import_module(defined_in[name]), name)


class cached_property(functools.cached_property[T]):  # noqa: N801  # as that of functools
    """An attribute that is computed at first use and kept: `functools.cached_property`, without its lock.

    Until Python 3.11 that has one lock for all objects of a class. Threads that train networks would wait for each
    other, and a process that is forked meanwhile would wait for ever. Two threads may compute the attribute at the same
    time; both get the same.
    """

    def __init__(self, func: Callable[[Any], T]) -> None:
        super().__init__(func)
        self.lock = nullcontext()
