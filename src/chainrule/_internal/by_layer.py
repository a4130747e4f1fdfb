"""A sequence indexed as the lecture numbers layers: from 1, or from 0 for the outputs a."""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class ByLayer(Sequence[T], Generic[T]):
    """A sequence indexed as in the lecture: z[1] … z[r], or a[0] … a[r].

    >>> z = ByLayer(["z of layer 1", "z of layer 2"])
    >>> z[1], len(z)
    ('z of layer 1', 2)

    W[i] and b[i] are views into θ, so a step can be taken layer by layer (L13):

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    >>> net.W[1] -= 0.5
    >>> net.theta
    array([1.5, 1. ])
    """

    __slots__ = ("_first", "_items")

    def __init__(self, items: Iterable[T], first: int = 1) -> None:
        self._items, self._first = tuple(items), first

    @overload
    def __getitem__(self, i: int) -> T: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[T]: ...
    def __getitem__(self, i: int | slice) -> T | Sequence[T]:
        last = self._first + len(self._items) - 1
        if isinstance(i, slice):
            raise TypeError(f"index one layer at a time, from {self._first} to {last}; list(…) returns all of them.")
        if not self._first <= operator.index(i) <= last:
            raise IndexError(f"layers are numbered from {self._first} to {last} here; got {i}.")
        return self._items[i - self._first]

    def __setitem__(self, i: int, value: T) -> None:
        """Accepts the result of an in-place operation, so that ``net.W[1] -= alpha * g.W[1]`` is a step (L13)."""
        if value is not self[i]:
            raise TypeError(
                f"layer {i} is frozen: change its numbers in place, as in net.W[{i}][...] = value, or build a new one."
            )

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._items)

    def index(self, value: object, start: int = 0, stop: int = sys.maxsize) -> int:
        """Returns the number of the first layer whose entry is ``value``; raises ValueError if there is none."""
        for i, item in enumerate(self._items, self._first):
            if start <= i < stop and (item is value or item == value):
                return i
        raise ValueError(f"no layer has the entry {value!r}.")

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{i}: {item!r}" for i, item in enumerate(self._items, self._first)) + "}"
