"""Rows in files: the examples of a training set that need not fit into memory."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Array, as_array, as_integer, as_real, as_seed, as_weights, check_rows, shown
from chainrule.costs import TrainingSet
from chainrule.costs.training_set import StoredRows, unpacked
from chainrule.errors import InputError
from chainrule.files.atomic import as_path
from chainrule.rows.correlation import BlockMoments, variance_ratio
from chainrule.rows.packed_file import PackedFile
from chainrule.rows.packing import Form, write_packed
from chainrule.rows.parquet_source import ParquetSource
from chainrule.rows.relabelled import Relabelled
from chainrule.rows.source import Labels, Piece, Record, Source

# Of a window, unless its rows are given: two of them are in memory. Shuffled rows need no large windows, and small ones
# stay in the cache of the processor: 30-32-1 with minibatches of 256 on a busy machine, windows of 33,000 rows against
# one of 2 million: 6.2 against 5.0 million rows a second of CPU.
WINDOW_BYTES, SHUFFLED_WINDOW_BYTES = 1 << 29, 1 << 22
LEAST_MINIBATCHES = 16  # of such a window
LARGEST_WINDOW = 2**32 - 2**24  # rows, which are numbered in 32 bits
PIECE_ROWS = 1 << 16


class Rows(StoredRows):
    """Rows in files: X (t, n), Y (t, m) or classes (t,), and perhaps weights (t,), in blocks that are read as needed.

    `Rows.open` opens a packed file, `Rows.pack` writes one, and `Rows.parquet` opens Parquet files. ``cr.train(net,
    rows, batch_size=…)`` reads rows window by window if they have more than 512 MiB. Every other function that takes
    examples, such as ``cr.gradient``, and ``cr.train`` with fewer rows, reads all of them into memory.

    ``t`` is the number of rows, ``n`` that of inputs; ``columns`` are the names of the inputs, if they have any.

    >>> import chainrule as cr, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = cr.Rows.pack(os.path.join(folder, "line.rows"), [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]])
    ...     net = cr.Network.dense([1, 1], initial="zeros")
    ...     history = cr.train(net, rows, optimizer=cr.GradientDescent(0.2), epochs=2000, tol=0.0)
    >>> rows, net.W[1].round(6)
    (Rows(line.rows: 3 rows, 1 input), array([[2.]]))
    """

    def __init__(self, source: Source, blocks: NDArray[np.intp] | None = None) -> None:
        self._source = source
        self._blocks = np.arange(len(source.sizes)) if blocks is None else blocks
        self.sizes = source.sizes[self._blocks]  # the rows of each block
        self.t, self.n = int(self.sizes.sum()), source.n
        self.columns, self.has_weights = tuple(source.columns), source.has_weights
        self.label_shape = source.label_shape  # (m,), or () for classes
        self._moments = BlockMoments(self.sizes)

    def __repr__(self) -> str:
        name = os.path.basename(self._source.name.rstrip("/")) or self._source.name
        return f"Rows({name}: {self.t} row{'s' * (self.t > 1)}, {self.n} input{'s' * (self.n > 1)})"

    def __len__(self) -> int:
        return self.t

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Rows:
        """Opens a packed file. Raises OSError if it cannot be read, FileFormatError if it is no complete one."""
        return cls(PackedFile(as_path(path)))

    @classmethod
    def parquet(
        cls,
        path: str | os.PathLike[str],
        *,
        target: str | Sequence[str],
        columns: Sequence[str] | None = None,
        weights: str | None = None,
        classes: bool = False,
    ) -> Rows:
        """Opens the numbers of a Parquet file, or of all those of a folder, of which each row group is a block.

        X has the ``columns``, all others by default; Y has the column or the columns ``target``, or with ``classes``
        integer classes; ``weights`` names a column too. Files come in the natural order of their names, those in
        subfolders too, and without those whose names begin with a dot or an underscore. A row group must fit into a
        window; pack larger ones. Needs pyarrow.

        Raises OSError if a file cannot be read, FileFormatError if it is none; InputError for a column that is not
        there, does not hold numbers, or differs between the files. Gaps and infinite values are a RowsError when they
        are read.

        >>> import pyarrow as pa, pyarrow.parquet as pq, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for k in range(3):
        ...         part = pa.table({"a": [1.0, 2.0], "b": [k, k], "y": [3.0, 4.0]})
        ...         pq.write_table(part, os.path.join(folder, f"part-{k}.parquet"))
        ...     rows = Rows.parquet(folder, target="y")
        ...     print(rows.columns, rows.in_memory().X[:, 1])
        ('a', 'b') [0. 0. 1. 1. 2. 2.]
        """
        if not isinstance(classes, bool):
            raise InputError(f"classes must be True or False; got {shown(classes)}.")
        return cls(ParquetSource(as_path(path), target, columns, weights, classes))

    @classmethod
    def pack(
        cls,
        path: str | os.PathLike[str],
        X: ArrayLike | TrainingSet | Rows,
        Y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        columns: Sequence[str] = (),
        shuffle: bool = True,
        seed: int = 0,
    ) -> Rows:
        """Writes rows as one packed file, atomically, and opens it: X (t, n), Y (t, m) and weights (t,) in float32.

        Y may be integer classes (t,) too. The rows may be other `Rows`, of any size: at most some 0.6 GB of them are in
        memory, and beside the file there is room for a second copy meanwhile. They are shuffled, each order being
        equally likely, so that a window is as good a sample as all rows (`variance_ratio`); with ``shuffle=False`` they
        keep their order.

        Raises InputError for rows that are not finite in float32 or do not fit each other, OSError if the file cannot
        be written.

        >>> import tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rows = Rows.pack(os.path.join(folder, "some.rows"), np.eye(4), [0, 1, 1, 0])
        ...     rows.in_memory().Y.sum().item()
        2
        """
        if not isinstance(shuffle, bool):
            raise InputError(f"shuffle must be True or False; got {shown(shuffle)}.")
        chosen = as_seed(seed) if shuffle else None
        if isinstance(X, Rows):
            if Y is not None or weights is not None:
                raise InputError(f"Rows hold Y and weights themselves; got {shown(weights if Y is None else Y)} too.")
            columns = columns or X.columns
            pieces: Iterator[Piece] = X._pieces()
            form, record = Form(X.t, X.n, X.label_shape, X.has_weights), X.record
        else:
            data = _as_examples(*unpacked(X, Y, weights))
            pieces, record = _pieces(data), None
            form = Form(len(data.X), data.X.shape[1], data.Y.shape[1:], data.weights is not None)
        if len(columns) not in (0, form.n) or not all(isinstance(name, str) for name in columns):
            raise InputError(f"columns must be {form.n} names, one for each input; got {shown(columns)}.")
        write_packed(path, form, pieces, columns=columns, seed=chosen, record=record, replace=True)
        return cls.open(path)

    def in_memory(self) -> TrainingSet:
        """Reads all rows: X (t, n) and weights (t,) in float32, Y (t, m), or (t,) int32 for classes.

        Raises RowsError if the file has changed, and OSError if it cannot be read.
        """
        X = np.empty((self.t, self.n), np.float32)
        labels: Any = self.read(range(len(self.sizes)), X)  # Y may hold classes, which a cost encodes
        return TrainingSet(X, labels.Y, labels.weights)

    def split(self, fraction: float, seed: int = 0) -> tuple[Rows, Rows]:
        """Divides the blocks at random: returns the rows of most blocks, and those of this ``fraction`` of the blocks.

        Rows for a validation set come from the same file: ``training, held_out = rows.split(0.01)``. Each part has at
        least one block. Raises InputError for a fraction that is not between 0 and 1, and for rows in a single block.
        """
        share, count = as_real(fraction, "fraction", 0.0, 1.0, open_minimum=True), len(self.sizes)
        if count < 2 or share == 1.0:
            raise InputError(
                f"fraction must be < 1, and the rows in two or more blocks; got {shown(fraction)} of {count}. Read "
                "them with in_memory(), and divide the arrays."
            )
        held_out = min(max(1, round(share * count)), count - 1)
        order = np.random.default_rng(as_seed(seed)).permutation(count)
        first, second = np.sort(order[held_out:]), np.sort(order[:held_out])
        return Rows(self._source, self._blocks[first]), Rows(self._source, self._blocks[second])

    def correlation(self) -> float:
        """Returns ρ, the share of the variance of y that lies between the blocks, the largest one over the labels.

        It is 1 for rows that are sorted by y, and nearly 0 for shuffled ones. Labels that training has not yet read are
        read for it. Raises RowsError and OSError as `in_memory` does.
        """
        for block in self._moments.missing():
            self._moments.take(block, self._source.labels(int(self._blocks[block])).Y)
        return self._moments.correlation()

    def variance_ratio(self, batch_size: int, window: int | None = None) -> float:
        """Returns the variance of the mean of y over a minibatch, divided by that after a shuffle of all rows.

        It is at most 1 + ρ B/G for minibatches of B rows from windows of G blocks (of equal size), with the correlation
        ρ of the labels in a block, the largest one over the labels. Where rows are sorted by y, the minibatches of a
        window are much alike, and training is worse. It is nearly 1 for packed rows, and 1 for rows in one window.

        Raises InputError for sizes that are not positive, or a batch_size beyond a window; RowsError and OSError as
        `in_memory` does.

        Source: W. G. Cochran, Sampling Techniques, 1977, ch. 9.
        """
        size = as_integer(batch_size, "batch_size", 1)
        windows = self.windows(window, size)
        size = as_integer(size, "batch_size", 1, max(1, self.t // windows))
        rho = self.correlation() if windows > 1 else 0.0
        return variance_ratio(rho, size, self.t, len(self.sizes), windows)

    # ---- for training ------------------------------------------------------------------------------------------------

    def windows(self, window: object = None, batch_size: int = 1) -> int:
        """Returns the number of windows of an epoch, of about ``window`` rows each.

        With None, rows of up to 512 MiB are one window. More have windows of as much, or of 4 MiB if they are shuffled,
        or of as many bytes as 16 minibatches have.

        Raises InputError if a block is larger than a window.
        """
        if window is None:
            row_bytes = 4 * (self.n + prod(self.label_shape) + self.has_weights)
            is_small = self.t * row_bytes <= WINDOW_BYTES or not self._source.is_shuffled
            fitting = (WINDOW_BYTES if is_small else SHUFFLED_WINDOW_BYTES) // row_bytes
            rows = min(max(fitting, LEAST_MINIBATCHES * batch_size), LARGEST_WINDOW)
        else:
            rows = as_integer(window, "window", 1, LARGEST_WINDOW)
        largest = int(self.sizes.max())
        if largest > max(rows, 1) and self.t > rows:
            raise InputError(
                f"window must be at least {largest} rows, those of the largest block of {self._source.name}; got "
                f"{rows}. Give a larger window; row groups of Parquet become smaller by packing (chainrule.Rows.pack)."
            )
        return -(-self.t // rows)

    @property
    def moments(self) -> BlockMoments:
        """The moments of the labels of those blocks that have been read."""
        return self._moments

    @property
    def description(self) -> str:
        """The rows in words and their checksum, by which a checkpoint knows them."""
        own = "" if len(self._blocks) == len(self._source.sizes) else f", blocks {_hash(self._blocks)}"
        return f"{self.t} × {self.n} rows in {len(self.sizes)} blocks, CRC-32 {self._source.digest}{own}"

    @property
    def name(self) -> str:
        """The path of the file or the folder."""
        return self._source.name

    @property
    def record(self) -> Record | None:
        """The description of the table that the rows were encoded from; None if they are of no table."""
        return self._source.record

    def total_weight(self) -> float:
        """Returns Σ w over all rows: t if they have no weights; otherwise the weights are read."""
        if not self.has_weights:
            return float(self.t)
        parts = (self._source.labels(block).weights for block in self._blocks.tolist())
        return sum(float(part.sum(dtype=np.float64)) for part in parts if part is not None)

    def read(self, blocks: Sequence[int], X: Array) -> Labels:
        """Writes the inputs of some blocks to X (rows, n); returns their labels and weights, as `Source.read` does."""
        labels = self._source.read(self._blocks[blocks].tolist(), X)
        if not self._moments.is_complete:
            for block, Y in zip(blocks, np.split(labels.Y, np.cumsum(self.sizes[blocks])[:-1]), strict=True):
                self._moments.take(block, Y)
        return labels

    def first_rows(self, count: int) -> Rows:
        """Returns the first blocks, with at least ``count`` ≥ 1 rows, or all."""
        return Rows(self._source, self._blocks[: 1 + int(np.searchsorted(np.cumsum(self.sizes), count))])

    def relabelled(self, encode: Callable[[Labels], Labels], label_shape: tuple[int, ...], has_weights: bool) -> Rows:
        """Returns the rows with other labels and weights, which ``encode`` makes of those of a block (`Relabelled`)."""
        return Rows(Relabelled(self._source, encode, label_shape, has_weights), self._blocks)

    def _pieces(self) -> Iterator[Piece]:
        for block in self._blocks.tolist():
            yield from self._source.pieces(block)


def _hash(blocks: NDArray[np.intp]) -> str:
    return f"{zlib.crc32(blocks.astype('<i8').data):#010x}"


def _as_examples(X: Any, Y: Any, weights: Any) -> TrainingSet:
    """Returns arrays of the same rows. Raises InputError for anything else."""
    inputs = as_array(X, "X", np.float32)
    check_rows(inputs, inputs.shape[1] if inputs.ndim == 2 else 1, "X")
    raw = np.asarray(Y)
    if raw.ndim == 1 and raw.dtype.kind in "iub":
        labels: Any = raw.astype(np.int32)
        if (labels != raw).any() or labels.min(initial=0) < 0:
            raise InputError(f"Y must hold classes from 0 to 2**31 - 1; got {raw.min()} to {raw.max()}.")
    else:
        labels = as_array(Y, "Y", np.float32)
        labels = labels[:, None] if labels.ndim == 1 else labels
    if labels.ndim > 2 or len(labels) != len(inputs):
        raise InputError(f"Y must hold one label per row of X, {len(inputs)}; got shape {labels.shape}.")
    return TrainingSet(inputs, labels, as_weights(weights, len(inputs), np.float32))


def _pieces(data: TrainingSet) -> Iterator[Piece]:
    X: Any = data.X
    for first in range(0, data.t, PIECE_ROWS):
        some = slice(first, first + PIECE_ROWS)
        yield Piece(X[some], data.Y[some], None if data.weights is None else data.weights[some])
