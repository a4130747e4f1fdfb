"""The pieces of a command line that the programs share."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Collection, Iterable


def positive(text: str) -> int:
    """Reads an integer of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {number}")
    return number


def chosen(requested: str | None, known: Collection[str], what: str) -> list[str]:
    """Returns the requested names (all without a request) in the order of the known ones; ends at an unknown name."""
    names = known if requested is None else requested.split(",")
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"unknown {what} {', '.join(unknown)}; known: {', '.join(known)}")
    return [name for name in known if name in names]


def are_installed(packages: Iterable[str]) -> bool:
    """Returns True if every package can be imported."""
    return all(importlib.util.find_spec(package) is not None for package in packages)
