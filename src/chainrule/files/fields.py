"""Fields of a file's JSON header, each taken by its name and its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from chainrule._internal.checks import shown
from chainrule.errors import FileFormatError

T = TypeVar("T")

JSON_NAMES = {
    str: "a text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def field(where: Mapping[str, Any], key: str, kind: type[T]) -> T:
    """``where[key]``, which must be of this kind (bool is no number, and an integer is a float too).

    Raises FileFormatError.
    """
    value = where.get(key)
    if kind is float and type(value) is int and abs(value) < 2**1000:
        value = float(value)
    if type(value) is not kind:
        got = shown(value) if key in where else "nothing"
        raise FileFormatError(f"{key!r} must be {JSON_NAMES[kind]}; got {got}.")
    return value
