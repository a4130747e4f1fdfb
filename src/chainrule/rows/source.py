"""The interface between rows and the files that hold them: blocks of rows, read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array


class Labels(NamedTuple):
    """The labels of some rows, numbers (rows, m) or integer classes (rows,), and their weights (rows,) or None."""

    Y: NDArray[np.generic]
    weights: Array | None


def concatenated(parts: Sequence[Labels]) -> Labels:
    """Returns the labels and the weights of all parts, which have either all weights or none."""
    weights = [part.weights for part in parts if part.weights is not None]
    return Labels(np.concatenate([part.Y for part in parts]), np.concatenate(weights) if weights else None)


class Piece(NamedTuple):
    """Some rows: X (k, n) float32, and their labels and weights as in `Labels`."""

    X: Array
    Y: NDArray[np.generic]
    weights: Array | None


class Record(NamedTuple):
    """The description of the table that the rows of a file were encoded from: JSON, and the arrays beside it."""

    header: Mapping[str, Any]
    tensors: Mapping[str, Array]


class Source(Protocol):
    """Files with rows in blocks. It holds no open file and no rows, so that it may be copied to other processes.

    A file that was changed or removed since it was opened, or cannot be read any more, is a RowsError.
    """

    name: str  # of the file or the folder, for messages
    sizes: NDArray[np.int64]  # the rows of each block
    n: int
    label_shape: tuple[int, ...]  # (m,), or () for classes
    has_weights: bool
    is_shuffled: bool  # True if the rows are in random order
    digest: str  # the same for the same rows in the same blocks
    record: Record | None  # of the table that the rows were encoded from

    @property
    def columns(self) -> Sequence[str]:
        """The names of the inputs; empty if they have none."""

    def read(self, blocks: Sequence[int], X: Array) -> Labels:
        """Writes the inputs of some blocks to X (rows, n), and returns their labels and weights, all in this order."""

    def labels(self, block: int) -> Labels:
        """Reads the labels and the weights of a block alone."""

    def pieces(self, block: int) -> Iterator[Piece]:
        """Yields the rows of a block, some at a time."""
