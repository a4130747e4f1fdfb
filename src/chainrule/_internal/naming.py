"""Lookup of names at the public border, with an error that suggests the nearest known name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from chainrule._internal.checks import shown
from chainrule.errors import UnknownName

T = TypeVar("T")


def resolve(kind: str, name: object, known: Mapping[str, T]) -> T:
    """Returns the object called ``name`` in ``known``, a catalogue of objects of this ``kind``.

    Raises UnknownName with the nearest known name.

    >>> resolve("activation", "relu", {"relu": max})
    <built-in function max>
    """
    if isinstance(name, str) and name in known:
        return known[name]
    import difflib  # imported only when a name is misspelt, to keep `import chainrule` fast

    near = difflib.get_close_matches(name.lower(), known, n=1) if isinstance(name, str) else []
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise UnknownName(f"unknown {kind} {shown(name)}{hint} Known: {', '.join(sorted(known))}.")


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean …?" with the nearest known name, or an empty string if no name is near.

    >>> nearest("Price", ["price", "rooms"])
    "; did you mean 'price'?"
    """
    import difflib

    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """Returns at most ``most`` names in quotes, as 'a', 'b', …, and the number of the others.

    >>> listed(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(shown, found[:most])) + more
