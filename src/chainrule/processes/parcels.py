"""Objects for other processes, in pickled form, with their arrays apart: processes of one machine share those."""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple

from chainrule._internal.at_first_use import cached_property

ALIGNMENT = 64  # of each array, in bytes


class Mapped(NamedTuple):
    """Arrays in memory that another process of this machine holds; it is freed with the last process that uses it.

    It is a file without a name, which that process has opened (Linux), so that nothing is left when all are killed.
    """

    path: str
    lengths: tuple[int, ...]

    def buffers(self) -> list[memoryview]:
        """Maps the arrays, copied only where this process changes them. Raises OSError if they no longer exist."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            memory = memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY))
        finally:
            os.close(descriptor)
        starts = _starts(self.lengths)
        return [memory[start : start + length] for start, length in zip(starts, self.lengths, strict=False)]


class Parcel:
    """An object as pickled bytes, and its arrays, which must not change until it is closed."""

    def __init__(self, content: bytes, arrays: Sequence[pickle.PickleBuffer] = ()) -> None:
        self.content, self._arrays = content, arrays
        self._lock = Lock()  # several peers may take the parcel at once, and its memory is made once

    def whole(self) -> list[bytes]:
        """Returns copies of the arrays, for a process of another machine."""
        return [bytes(array.raw()) for array in self._arrays]

    def shared(self) -> Mapped | list[bytes]:
        """Returns the arrays for a process of this machine, as copies where the system has no such memory."""
        lengths = tuple(array.raw().nbytes for array in self._arrays)
        with self._lock:
            memory = self._memory if any(lengths) else None
        return self.whole() if memory is None else Mapped(f"/proc/{os.getpid()}/fd/{memory}", lengths)

    def close(self) -> None:
        """Releases the shared memory; processes that have mapped it keep it."""
        if (memory := vars(self).pop("_memory", None)) is not None:
            os.close(memory)

    @cached_property
    def _memory(self) -> int | None:
        """A descriptor of memory with all arrays, or None."""
        if not hasattr(os, "memfd_create"):
            return None
        try:
            descriptor = os.memfd_create("chainrule")
        except OSError:  # no descriptor is left
            return None
        try:
            self._write(descriptor)
        except OSError:  # not enough memory
            os.close(descriptor)
            return None
        return descriptor

    def _write(self, descriptor: int) -> None:
        """Writes all arrays to a file. Raises OSError."""
        *starts, size = _starts([array.raw().nbytes for array in self._arrays])
        os.ftruncate(descriptor, size)
        with mmap.mmap(descriptor, size) as memory:
            for start, array in zip(starts, self._arrays, strict=True):
                memory[start : start + array.raw().nbytes] = array.raw()


def opened(content: bytes, arrays: Mapped | list[bytes]) -> Any:
    """Returns the object of a parcel, which only processes with this program's secret can have sent.

    Raises AttributeError or ImportError for functions and classes that this process does not know, OSError if the
    process with the arrays has exited.
    """
    buffers = arrays.buffers() if isinstance(arrays, Mapped) else [bytearray(array) for array in arrays]
    return pickle.loads(content, buffers=buffers)  # noqa: S301 - the connection has asked for the secret


def _starts(lengths: Sequence[int]) -> list[int]:
    """Returns the place of each array, and the end of all."""
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + -(-length // ALIGNMENT) * ALIGNMENT)
    return starts
