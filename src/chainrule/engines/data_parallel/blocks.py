"""The blocks of a minibatch, and the one order in which their gradients are added, whoever has computed them.

A minibatch of n rows has K blocks, a power of two that belongs to the problem. Their sums are the leaves of one binary
tree. A process has some neighbouring blocks, adds what the tree adds among them, and every process adds the rest: each
sum has the same operands in the same order for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from chainrule._internal.checks import Array

Subtree: TypeAlias = tuple[int, int]  # the first of its blocks, and how many there are, a power of two


def block(n: int, k: int, blocks: int) -> slice:
    """Returns the rows of block k of a minibatch of n rows; a block may be empty.

    >>> [block(10, k, 4) for k in range(4)]
    [slice(0, 2, None), slice(2, 5, None), slice(5, 7, None), slice(7, 10, None)]
    """
    return slice(n * k // blocks, n * (k + 1) // blocks)


def share(rank: int, size: int, blocks: int) -> range:
    """Returns the blocks of a process, which may be none.

    >>> [list(share(rank, 3, 8)) for rank in range(3)]
    [[0, 1], [2, 3, 4], [5, 6, 7]]
    """
    return range(blocks * rank // size, blocks * (rank + 1) // size)


def subtrees(own: range, blocks: int) -> list[Subtree]:
    """Returns the largest subtrees of the tree that cover these neighbouring blocks.

    >>> subtrees(range(2, 8), 8), subtrees(range(0, 8), 8), subtrees(range(3, 5), 8)
    ([(2, 2), (4, 4)], [(0, 8)], [(3, 1), (4, 1)])
    """
    found, first = [], own.start
    while first < own.stop:
        count = first & -first or blocks
        while first + count > own.stop:
            count //= 2
        found.append((first, count))
        first += count
    return found


def added(sums: Array, other: Array) -> None:
    """Adds the other numbers to the sums."""
    np.add(sums, other, out=sums)


def folded(parts: Mapping[Subtree, Array], tree: Subtree, add: Callable[[Array, Array], None] = added) -> Array:
    """Returns the sum of a subtree, from the sums of subtrees that cover it, which it changes: one of them holds it.

    >>> import numpy as np
    >>> folded({(0, 1): np.array([1.0]), (1, 1): np.array([2.0]), (2, 2): np.array([4.0])}, (0, 4))
    array([7.])
    """
    if tree in parts:
        return parts[tree]
    first, half = tree[0], tree[1] // 2
    left, right = folded(parts, (first, half), add), folded(parts, (first + half, half), add)
    add(left, right)
    return left
