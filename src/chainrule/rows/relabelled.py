"""Rows whose labels and weights are mapped as they are read."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

from chainrule._internal.checks import Array
from chainrule.rows.source import Labels, Piece, Source


class Relabelled:
    """A `Source` with the rows of another one, whose labels and weights are mapped block by block.

    ``encode``, which has a repr of its own and can be copied to other processes, returns labels of ``label_shape``.
    """

    def __init__(
        self, source: Source, encode: Callable[[Labels], Labels], label_shape: tuple[int, ...], has_weights: bool
    ) -> None:
        self._source, self._encode = source, encode
        self.name, self.sizes, self.n, self.record = source.name, source.sizes, source.n, source.record
        self.is_shuffled, self.label_shape, self.has_weights = source.is_shuffled, label_shape, has_weights
        self.digest = f"{source.digest} with labels {zlib.crc32(repr(encode).encode()):#010x}"

    @property
    def columns(self) -> Sequence[str]:
        """The names of the inputs."""
        return self._source.columns

    def read(self, blocks: Sequence[int], X: Array) -> Labels:
        """Writes the inputs of some blocks to X (rows, n), and returns their labels and weights."""
        return self._encode(self._source.read(blocks, X))

    def labels(self, block: int) -> Labels:
        """Reads the labels and the weights of a block alone."""
        return self._encode(self._source.labels(block))

    def pieces(self, block: int) -> Iterator[Piece]:
        """Yields the rows of a block, some at a time."""
        for piece in self._source.pieces(block):
            yield Piece(piece.X, *self._encode(Labels(piece.Y, piece.weights)))
