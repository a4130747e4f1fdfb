"""Keys of rows by their content, so that a row of several calls is recognised."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows

Keys = NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ / golden ratio, and the multipliers of SplitMix64
MIXERS = (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB))


def row_keys(X: Rows, Y: Array) -> Keys:
    """Returns a key (t,) for each row of X (t, n) and Y (t, m); the k-th of several equal rows has one of its own.

    >>> X, Y = np.array([[1.0], [2.0], [1.0]]), np.zeros((3, 1))
    >>> keys, again = row_keys(X, Y), row_keys(X[:2], Y[:2])
    >>> len(set(keys.tolist())), keys[:2].tolist() == again.tolist()
    (3, True)

    Source: G. Steele, D. Lea & C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (the mixing).
    """
    checksums = (zlib.crc32(y, zlib.crc32(x)) for x, y in zip(_contents(X), Y, strict=True))
    sums = np.fromiter(checksums, np.uint64, len(Y))
    with np.errstate(over="ignore"):
        keys: Keys = sums + (_occurrences(sums) + np.uint64(1)) * GOLDEN
        for shift, factor in MIXERS:
            keys = (keys ^ (keys >> shift)) * factor
    return keys ^ (keys >> np.uint64(31))


def _contents(X: Rows) -> Iterator[bytes]:
    """Yields the bytes of each row."""
    if isinstance(X, SparseRows):
        for a, b in pairwise(X.indptr.tolist()):
            yield X.indices[a:b].tobytes() + X.data[a:b].tobytes()
    else:
        for row in X:
            yield row.tobytes()


def _occurrences(values: Keys) -> Keys:
    """Returns for each value how many equal ones come before it (t,)."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    is_first = np.ones(len(values), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    place = np.arange(len(values))
    counts = np.empty(len(values), dtype=np.uint64)
    counts[order] = place - np.maximum.accumulate(np.where(is_first, place, 0))
    return counts
