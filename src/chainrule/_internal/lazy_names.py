"""Names of a package that are imported on first use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def imported(package: str, name: str, defined_in: Mapping[str, str]) -> Any:
    """Returns what a package calls ``name``, from the module that defines it. Raises AttributeError if there is none.

    >>> imported("chainrule.tables", "load", {"load": "chainrule.tables.model"}).__name__
    'load'
    """
    if name not in defined_in:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    return getattr(import_module(defined_in[name]), name)
