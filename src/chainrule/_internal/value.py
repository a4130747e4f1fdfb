"""Settings as values: frozen, equal if class and fields are equal, and printed as they are written in code."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Value:
    """The base class of settings, which are declared ``@dataclass(frozen=True, eq=False, repr=False)``.

    ``dataclass`` would compile these methods again for each class, which adds about 10 ms to ``import chainrule``. For
    the same reason a subclass without fields of its own is not decorated; it inherits everything.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _numbers(self) == _numbers(other)

    def __hash__(self) -> int:
        return hash((type(self), *_numbers(self)))

    def __repr__(self) -> str:
        own = sorted(_fields(self), key=lambda f: f.kw_only is True)  # the class's own fields, then the shared ones
        given = (f"{f.name}={getattr(self, f.name)!r}" for f in own if getattr(self, f.name) != f.default)
        return f"{type(self).__name__}({', '.join(given)})"


def _fields(value: Any) -> tuple[Field[Any], ...]:
    instance: DataclassInstance = value
    return fields(instance)


def _numbers(value: object) -> tuple[object, ...]:
    return tuple(getattr(value, f.name) for f in _fields(value) if f.compare)
