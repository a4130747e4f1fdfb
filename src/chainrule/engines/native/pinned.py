"""Arrays whose memory compiled code uses while Python code may run: NumPy does not resize them meanwhile."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule._internal.checks import Array


def pinned(data: Any) -> list[weakref.ref[Array]]:
    """Returns weak references to the arrays in nested tuples, and to the arrays whose memory these use.

    As long as an array has one, its ``resize`` raises ValueError, also with ``refcheck=False``, where it would free the
    memory.

    >>> X = np.ones((4, 3))
    >>> pins = pinned((X[1:], None))
    >>> X.resize((1, 3), refcheck=False)
    Traceback (most recent call last):
    ValueError: cannot resize an array that references or is referenced
    by another object in this way.
    Use the np.resize function to get a new resized copy or
     set refcheck=False to disable this check
    """
    return [weakref.ref(array) for array in _arrays(data)]


def _arrays(data: Any) -> Iterator[Array]:
    if isinstance(data, tuple):
        for part in data:
            yield from _arrays(part)
    while isinstance(data, np.ndarray):
        yield data
        data = data.base
