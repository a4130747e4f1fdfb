"""Access to the fields of a file's JSON header by name and type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from chainrule._internal.checks import shown
from chainrule.errors import FileFormatError

T = TypeVar("T")

JSON_NAMES = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def field(where: Mapping[str, Any], key: str, kind: type[T]) -> T:
    """Returns ``where[key]``, which must have the type ``kind`` (an integer counts as a float, a bool as neither).

    Raises FileFormatError if it is missing or has another type.
    """
    value = where.get(key)
    if kind is float and type(value) is int and abs(value) < 2**1000:
        value = float(value)
    if type(value) is not kind:
        got = shown(value) if key in where else "nothing"
        raise FileFormatError(f"{key!r} must be {JSON_NAMES[kind]}; got {got}.")
    return value
