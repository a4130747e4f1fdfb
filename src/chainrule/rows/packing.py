"""The writing of packed files: rows are shuffled once, in two passes with bounded memory.

The first pass gives each row to one of several buckets by chance, each small enough for memory; the second one shuffles
each bucket and writes it. Each order of the rows is equally likely: the buckets are a random division, and within each
all orders are equally likely (P. Sanders, Random permutations on distributed, external and hierarchical memory, 1998).
"""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from math import prod
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import all_finite
from chainrule.errors import InputError
from chainrule.files.atomic import as_path, write_parts
from chainrule.files.safetensors import VERSION, header_text
from chainrule.rows.packed_file import CHECKSUMS, KIND, NUMBERS
from chainrule.rows.source import Piece, Record

BUCKET_BYTES = 1 << 28  # of rows that are shuffled together
BLOCK_BYTES = 1 << 18  # of the inputs in a block, at most
LARGEST = 2**32 - 1  # checksum
TYPES = {dtype.str: name for name, dtype in NUMBERS.items()}


class Form(NamedTuple):
    """The form of all rows: their number, the inputs and labels of each, and whether they have weights."""

    t: int
    n: int
    label_shape: tuple[int, ...]  # (m,), or () for classes
    has_weights: bool

    @property
    def tensors(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """The type and the shape of each tensor, in the order of the file."""
        kind = "F32" if self.label_shape else "I32"
        found = {"X": ("F32", (self.t, self.n)), "Y": (kind, (self.t, *self.label_shape))}
        if self.has_weights:
            found["weights"] = ("F32", (self.t,))
        return found | {CHECKSUMS: ("U32", (-(-self.t // self.block_rows),))}

    @property
    def block_rows(self) -> int:
        """The rows of a block: a power of two with which X of a block has at most 256 KiB."""
        return 1 << max(0, (BLOCK_BYTES // (4 * self.n)).bit_length() - 1)

    @property
    def record(self) -> np.dtype[Any]:
        """The type of a row in a bucket."""
        parts: list[Any] = [("X", "<f4", (self.n,)), ("Y", "<f4" if self.label_shape else "<i4", self.label_shape)]
        return np.dtype(parts + [("weights", "<f4")] * self.has_weights)


def write_packed(
    path: str | os.PathLike[str],
    form: Form,
    pieces: Iterable[Piece],
    *,
    columns: Sequence[str] = (),
    seed: int | None,
    are_random: bool = False,
    record: Record | None = None,
    replace: bool = False,
) -> None:
    """Writes ``pieces``, of ``form.t`` rows in all, as one packed file, atomically; with ``seed`` None in their order.

    ``are_random`` says that they come in random order, and ``record`` is about the table that they were encoded from.

    Buckets lie beside the file, and take as much room on the disk. Raises InputError for rows that are not finite, and
    for another number of rows; OSError if the file cannot be written.
    """
    folder = os.path.dirname(os.path.realpath(as_path(path)))
    header = {"block_rows": form.block_rows, "columns": list(columns), "is_shuffled": are_random or seed is not None}
    if record is not None:
        header["record"] = record.header
    table = {} if record is None else {key: np.ascontiguousarray(array) for key, array in record.tensors.items()}
    with ExitStack() as stack:
        if form.t * form.record.itemsize <= BUCKET_BYTES:
            buckets: Iterable[NDArray[Any]] = _one_bucket(form, pieces, seed)
        else:
            stack_folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=".chainrule-rows-", dir=folder))
            buckets = _shuffled_buckets(form, pieces, seed, stack_folder)
        write_parts(path, lambda file: _write(file, form, buckets, header, table), replace=replace)


def _records(form: Form, pieces: Iterable[Piece]) -> Iterator[NDArray[Any]]:
    """Yields pieces as records. Raises InputError unless they are finite, and there are as many as was said."""
    done = 0
    for piece in pieces:
        records = np.empty(len(piece.X), form.record)
        for key, values in zip(("X", "Y", "weights"), piece, strict=True):
            if values is not None:
                with np.errstate(over="ignore"):
                    records[key] = values
                if records[key].dtype.kind == "f" and not all_finite(records[key]):
                    raise InputError(
                        f"{key} must be finite in float32; rows {done} to {done + len(records) - 1} are not all. "
                        "Replace or drop missing and infinite values."
                    )
        done += len(records)
        yield records
    if done != form.t:
        raise InputError(f"there must be {form.t} rows; got {done}.")


def _one_bucket(form: Form, pieces: Iterable[Piece], seed: int | None) -> Iterator[NDArray[Any]]:
    records = np.concatenate(list(_records(form, pieces)))
    yield records if seed is None else records[np.random.default_rng(seed).permutation(len(records))]


def _shuffled_buckets(form: Form, pieces: Iterable[Piece], seed: int | None, folder: str) -> Iterator[NDArray[Any]]:
    """Yields the buckets one after the other; without a seed the rows keep their order, and there are no files."""
    if seed is None:
        yield from _records(form, pieces)
        return
    rng, count = np.random.default_rng(seed), -(-form.t * form.record.itemsize // BUCKET_BYTES)
    names = [os.path.join(folder, f"{k}") for k in range(count)]
    for records in _records(form, pieces):
        of_bucket = rng.integers(count, size=len(records))
        order = np.argsort(of_bucket, kind="stable")
        ends = np.searchsorted(of_bucket[order], np.arange(count), side="right")
        for name, own in zip(names, np.split(order, ends[:-1]), strict=True):
            with open(name, "ab") as file:
                file.write(records[own].tobytes())
    for name in names:
        bucket = np.fromfile(name, form.record)
        os.unlink(name)
        yield bucket[rng.permutation(len(bucket))]


def _write(
    file: BinaryIO,
    form: Form,
    buckets: Iterable[NDArray[Any]],
    header: Mapping[str, Any],
    table: Mapping[str, NDArray[Any]],
) -> None:
    """Writes the tensors part by part, those of the table last, and then the header, which has room before them."""
    longest = len(_outer_header(form, header, table, LARGEST)) + len(str(LARGEST))  # with any checksums
    length = -(-(longest + 8) // 64) * 64 - 8  # so that the tensors begin at a multiple of 64 bytes
    starts, at = {}, 8 + length
    for key, (_, shape) in form.tensors.items():
        starts[key] = at
        at += 4 * prod(shape)
    checksums = _Checksums(form)
    done = 0
    for bucket in buckets:
        for key in bucket.dtype.names or ():
            part = np.ascontiguousarray(bucket[key])
            file.seek(starts[key] + done * 4 * prod(part.shape[1:]))
            file.write(part.data)
        checksums.add(bucket)
        done += len(bucket)
    numbers = np.array(checksums.finished(), np.dtype("<u4"))
    file.seek(starts[CHECKSUMS])
    for array in (numbers, *table.values()):
        file.write(array.data)
    file.seek(0)
    file.write(length.to_bytes(8, "little"))
    file.write(_outer_header(form, header, table, zlib.crc32(numbers.data)).ljust(length))


def _outer_header(form: Form, header: Mapping[str, Any], table: Mapping[str, NDArray[Any]], checksum: int) -> bytes:
    """Returns the header of the safetensors file, with the checksum of the checksums."""
    offset, outer = 0, {}
    others = {key: (TYPES[array.dtype.str], array.shape) for key, array in table.items()}
    for key, (dtype, shape) in {**form.tensors, **others}.items():
        end = offset + NUMBERS[dtype].itemsize * prod(shape)
        outer[key] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    checksums = {CHECKSUMS: checksum} | {key: zlib.crc32(array.data) for key, array in table.items()}
    whole = {"format": "chainrule", "kind": KIND, "version": VERSION, **header, "crc32": checksums}
    return json.dumps({"__metadata__": {"chainrule": header_text(whole)}, **outer}).encode()


class _Checksums:
    """The CRC-32 of each block, of X, then Y, then weights, over rows that come in parts of any length."""

    def __init__(self, form: Form) -> None:
        self._rows, self._rest = form.block_rows, np.empty(0, form.record)
        self._done: list[int] = []

    def add(self, records: NDArray[Any]) -> None:
        """Takes the next rows."""
        first = min(self._rows - len(self._rest), len(records)) if len(self._rest) else 0
        if first:
            self._rest = np.concatenate([self._rest, records[:first]])
            if len(self._rest) < self._rows:
                return
            self._finish(self._rest)
        end = first + (len(records) - first) // self._rows * self._rows
        for start in range(first, end, self._rows):
            self._finish(records[start : start + self._rows])
        self._rest = records[end:].copy()

    def finished(self) -> list[int]:
        """Returns the checksums, with that of a last block of fewer rows."""
        if len(self._rest):
            self._finish(self._rest)
        return self._done

    def _finish(self, records: NDArray[Any]) -> None:
        checksum = 0
        for key in records.dtype.names or ():
            checksum = zlib.crc32(np.ascontiguousarray(records[key]).data, checksum)
        self._done.append(checksum)
