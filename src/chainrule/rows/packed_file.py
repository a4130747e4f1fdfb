"""Packed files of rows, ``.rows``: safetensors with X (t, n), Y and weights, read block by block, each with a checksum.

The tensors are X (t, n) float32; Y (t, m) float32, or (t,) int32 for classes; weights (t,) float32, if there are any;
and block_crc32 (b,) uint32, the CRC-32 of the bytes of X, Y and weights of each block. A block has ``block_rows`` rows,
the last one perhaps fewer. Rows that were encoded from a table have a `Record` of it, whose tensors come last. Any
reader of safetensors can map such a file into memory.

Blocks are read into the arrays of a window, not mapped: where a mapped file is cut short or its disk fails, the
operating system ends the process without an error that can be caught.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.errors import FileFormatError, RowsError
from chainrule.files import field
from chainrule.files.refused import reading
from chainrule.files.safetensors import of_other_kind, read_header
from chainrule.rows.source import Labels, Piece, Record

KIND = "rows"
CHECKSUMS = "block_crc32"
ROWS = ("X", "Y", "weights")  # the tensors with a row for each example
NUMBERS = {
    name: np.dtype(kind)
    for name, kind in (("F32", "<f4"), ("I32", "<i4"), ("U32", "<u4"), ("F64", "<f8"), ("I64", "<i8"))
}


class Part(NamedTuple):
    """The place of a tensor in a file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int  # in bytes

    def bytes_before(self, row: int) -> int:
        """Returns the place of a row in the file."""
        return self.start + row * self.row_bytes

    @property
    def row_bytes(self) -> int:
        """The bytes of a row."""
        return int(self.dtype.itemsize * prod(self.shape[1:]))


class PackedFile:
    """A `Source` that is one packed file. Raises OSError and FileFormatError for another file."""

    def __init__(self, path: str) -> None:
        self.name = os.path.abspath(path)
        with reading(path):
            mode = os.stat(self.name).st_mode
        if not stat.S_ISREG(mode):
            raise FileFormatError(f"{path} is not a regular file.")
        self._signature = _signature(self.name)
        with open(self.name, "rb") as file:
            header, tensors, start = read_header(file, path)
            if header.get("kind") != KIND:
                raise of_other_kind(path, header, KIND)
            try:
                field(header, "header_crc32", int)  # which read_header has verified
                self._parts = {key: _part(key, what, start) for key, what in tensors.items()}
                rows, self.columns = field(header, "block_rows", int), field(header, "columns", list)
                self._require_consistent(rows)
            except FileFormatError as error:
                raise FileFormatError(f"{path} is not a complete file of rows: {error}") from None
            small = {key: _whole(file, part) for key, part in self._parts.items() if key not in ROWS}
        for key, array in small.items():
            if zlib.crc32(array.data) != header.get("crc32", {}).get(key):
                raise FileFormatError(f"{path} is damaged: {key} is not what was saved. Use another copy.")
        self._checksums = small.pop(CHECKSUMS)
        about = header.get("record")
        self.record = Record(about, small) if isinstance(about, dict) else None
        self.digest = f"{zlib.crc32(self._checksums.data):#010x}"
        self._verified = np.zeros(len(self.sizes), np.bool_)  # blocks with the right checksum, in this process
        self.is_shuffled = header.get("is_shuffled") is True

    def _require_consistent(self, block_rows: int) -> None:
        """Raises FileFormatError unless the tensors fit each other and the length of the file."""
        parts = self._parts
        for key, dimensions, dtypes in (("X", (2,), "F32"), ("Y", (1, 2), "F32 I32"), (CHECKSUMS, (1,), "U32")):
            if key not in parts or len(parts[key].shape) not in dimensions:
                raise FileFormatError(f"the tensor {key} is missing, or has the wrong number of dimensions.")
            if parts[key].dtype not in [NUMBERS[dtype] for dtype in dtypes.split()]:
                raise FileFormatError(f"the tensor {key} must be {dtypes}; got {parts[key].dtype}.")
        t, self.n = parts["X"].shape
        self.label_shape, self.has_weights = parts["Y"].shape[1:], "weights" in parts
        if t < 1 or self.n < 1 or block_rows < 1 or len(self.columns) not in (0, self.n):
            raise FileFormatError("it has no rows, no columns, or names for some of its columns.")
        starts = np.arange(0, t, block_rows)
        self.sizes = np.minimum(block_rows, t - starts).astype(np.int64)
        self._starts = starts
        if {parts[key].shape[0] for key in ROWS if key in parts} != {t} or parts[CHECKSUMS].shape != (len(starts),):
            raise FileFormatError("its tensors have different numbers of rows.")
        end = max(part.bytes_before(part.shape[0]) for part in parts.values())
        if end > self._signature[0]:
            raise FileFormatError(f"it has {self._signature[0]} of {end} bytes; its end is missing.")

    def read(self, blocks: Sequence[int], X: Array) -> Labels:
        """Writes the inputs of some blocks to X (rows, n), and returns their labels and weights."""
        into = X if X.dtype == self._parts["X"].dtype and X.flags.c_contiguous else np.empty(X.shape, np.float32)
        arrays = {"X": into, **{key: self._empty(key, len(X)) for key in self._keys_of_labels}}
        at = 0
        with self._opened() as file:
            for block in blocks:
                end = at + int(self.sizes[block])
                own = {key: array[at:end] for key, array in arrays.items()}
                for key, array in own.items():
                    self._read_into(file, self._parts[key], block, array)
                if not self._verified[block]:
                    self._verify(block, own.values())
                at = end
        if into is not X:
            X[...] = into
        return Labels(arrays["Y"], arrays.get("weights"))

    def labels(self, block: int) -> Labels:
        """Reads the labels and the weights of a block alone."""
        arrays = {key: self._empty(key, int(self.sizes[block])) for key in self._keys_of_labels}
        with self._opened() as file:
            for key, array in arrays.items():
                self._read_into(file, self._parts[key], block, array)
        return Labels(arrays["Y"], arrays.get("weights"))

    def pieces(self, block: int) -> Iterator[Piece]:
        """Yields the rows of a block, all at once."""
        X = np.empty((int(self.sizes[block]), self.n), np.float32)
        yield Piece(X, *self.read([block], X))

    @property
    def _keys_of_labels(self) -> tuple[str, ...]:
        return ("Y", "weights") if self.has_weights else ("Y",)

    def _empty(self, key: str, rows: int) -> Array:
        """Returns memory for some rows of a tensor."""
        part = self._parts[key]
        return np.empty((rows, *part.shape[1:]), part.dtype)

    def _verify(self, block: int, arrays: Iterable[Array]) -> None:
        """Raises RowsError unless the rows of a block, in the order of the file, have its checksum."""
        checksum = 0
        for array in arrays:
            checksum = zlib.crc32(array.data, checksum)
        if checksum != self._checksums[block]:
            raise RowsError(
                f"{self.name} is damaged: block {block} of {len(self.sizes)} is not the one that was saved. Use "
                "another copy of the file."
            )
        self._verified[block] = True

    def _require_unchanged(self) -> None:
        """Raises RowsError unless the file is the one that was opened."""
        try:
            now: object = _signature(self.name)
        except OSError as error:
            raise RowsError(f"{self.name} cannot be read any more: {error.strerror}. Put the file back.") from None
        if now != self._signature:
            raise RowsError(f"{self.name} has changed since it was opened. Put the same file back.")

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        self._require_unchanged()
        try:
            file = open(self.name, "rb", buffering=0)  # noqa: SIM115 - closed below
        except OSError as error:
            raise RowsError(f"{self.name} cannot be read any more: {error.strerror}. Put the file back.") from None
        with file:
            yield file
        self._require_unchanged()

    def _read_into(self, file: Any, part: Part, block: int, out: Array) -> None:
        file.seek(part.bytes_before(int(self._starts[block])))
        view, done = out.data.cast("B"), 0
        while done < len(view):
            try:
                count = file.readinto(view[done:])
            except OSError as error:
                raise RowsError(f"{self.name} cannot be read any more: {error.strerror}.") from None
            if not count:
                raise RowsError(f"{self.name} has been cut short since it was opened. Put the same file back.")
            done += count


def _whole(file: Any, part: Part) -> Array:
    """Reads a small tensor."""
    file.seek(part.start)
    array: Array = np.frombuffer(file.read(part.dtype.itemsize * prod(part.shape)), part.dtype).reshape(part.shape)
    return array


def _signature(name: str) -> tuple[int, int]:
    """Returns what changes when a file is written to: its size and its time."""
    found = os.stat(name)
    return found.st_size, found.st_mtime_ns


def _part(key: str, what: Any, start: int) -> Part:
    """Returns the place of a tensor from the words of the header. Raises FileFormatError if they are wrong."""
    try:
        dtype, shape = NUMBERS[what["dtype"]], tuple(what["shape"])
        first, end = what["data_offsets"]
        is_valid = all(type(size) is int and size >= 0 for size in (*shape, first, end))
    except (KeyError, TypeError, ValueError):
        is_valid = False
    if not is_valid or end - first != dtype.itemsize * prod(shape):
        raise FileFormatError(f"the header of the tensor {shown(key)} is wrong: {shown(what)}.")
    return Part(dtype, shape, start + first)
