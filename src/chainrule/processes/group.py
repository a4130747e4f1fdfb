"""The processes of a launcher as a group whose members exchange arrays, and name the one that was lost."""

from __future__ import annotations

import atexit
import os
import socket
import sys
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ProcessLost
from chainrule.processes.launched import store
from chainrule.processes.launcher import Launch, share

NOTE_SECONDS = 3.0  # within which the others report that they failed too, or why they left
LEFT, FAILED = "left: ", "failed"

Result = TypeVar("Result")
_groups: list[Group] = []  # one at most: a process has one place


class Alone:
    """The group of one process."""

    rank, size = 0, 1

    def gather(self, every: NDArray[Any]) -> None:
        """Does nothing: the only row of ``every`` is that of this process."""

    def gathered(self, own: NDArray[Any]) -> NDArray[Any]:
        """Returns the arrays of all processes, stacked by rank."""
        return own[None]

    def objects(self, own: Any) -> list[Any]:
        """Returns the objects of all processes, by rank."""
        return [own]

    def leave(self, reason: str) -> None:
        """Does nothing."""


class Group:
    """The processes that PyTorch's gloo connects; each call must be made by all of them, in the same order."""

    def __init__(self, rank: int, size: int, process_group: Any, notes: Any, timeout: float) -> None:
        import torch

        self.rank, self.size, self.is_of_the_program = rank, size, process_group is not None
        self._world = weakref.ref(torch.distributed.group.WORLD)  # which ends when the program ends it
        self._torch, self._group, self._notes, self._timeout = torch, process_group, notes, timeout
        self._names: list[str] = []
        here = f"process {rank} ({socket.gethostname()}, pid {os.getpid()})"
        self._names = self.objects(here)

    def gathered(self, own: NDArray[Any]) -> NDArray[Any]:
        """Returns the arrays (n,) of all processes, stacked by rank: (size, n). Raises ProcessLost."""
        every = np.empty((self.size, *own.shape), own.dtype)
        every[self.rank] = own
        self.gather(every)
        return every

    def gather(self, every: NDArray[Any]) -> None:
        """Fills the rows of ``every`` (size, n), of which each process has its own, by rank. Raises ProcessLost."""
        self._made(lambda: exchange(self.rank, every, self._group))

    def objects(self, own: Any) -> list[Any]:
        """Returns the objects of all processes, by rank. Raises ProcessLost."""
        every: list[Any] = [None] * self.size
        self._made(lambda: self._torch.distributed.all_gather_object(every, own, group=self._group))
        return every

    @property
    def has_ended(self) -> bool:
        """True if the program has ended the group that it has begun, as Ray and Dask do after a function."""
        world = self._torch.distributed.group.WORLD
        return world is None or world is not self._world()

    def close(self) -> None:
        """Ends the group with its threads, before the interpreter ends.

        A thread of gloo that drops a tensor wants the GIL; if the interpreter is at its end, that aborts the process.
        """
        if not self.has_ended:
            self._torch.distributed.destroy_process_group(self._group)
        self._group = None

    def leave(self, reason: str) -> None:
        """Reports to the other processes the error that ended this one."""
        try:
            self._notes.set(f"note {self.rank}", LEFT + reason)
        except RuntimeError:  # the process with the notes has exited
            return

    def _made(self, exchange: Callable[[], Result]) -> Result:
        try:
            return exchange()
        except RuntimeError as error:
            raise ProcessLost(self._explained(str(error))) from None

    def _explained(self, error: str) -> str:
        """Names the process that was lost: each other one writes a note unless it has exited or hangs."""
        try:
            if not self._notes.check([f"note {self.rank}"]):
                self._notes.set(f"note {self.rank}", FAILED)
            end, others = time.monotonic() + NOTE_SECONDS, set(range(self.size)) - {self.rank}
            found: dict[int, str] = {}
            while len(found) < len(others) and time.monotonic() < end:
                for rank in others - found.keys():
                    if self._notes.check([f"note {rank}"]):
                        found[rank] = self._notes.get(f"note {rank}").decode()
                time.sleep(0.02)
        except RuntimeError:
            return f"{self._name(0)} has exited."
        if left := {rank: note for rank, note in found.items() if note.startswith(LEFT)}:
            rank, note = min(left.items())
            return f"{self._name(rank)} has ended with an error ({note.removeprefix(LEFT)})."
        if missing := sorted(others - found.keys()):
            return f"{self._name(missing[0])} has exited, or has not answered for {self._timeout:g} s."
        return f"an exchange with the other processes has failed ({error.splitlines()[0]})."

    def _name(self, rank: int) -> str:
        return self._names[rank] if self._names else f"process {rank}"


def exchange(rank: int, every: NDArray[Any], group: Any = None) -> None:
    """Fills the rows of ``every`` (size, n), of which each member of a group of PyTorch has its own, by rank.

    Each sends its row to every other one: half of the time of PyTorch's all_gather, without copies.
    """
    import torch

    rows, size, works = list(map(torch.from_numpy, every)), len(every), []
    for k in range(1, size):
        source, target = (rank - k) % size, (rank + k) % size
        works.append(torch.distributed.irecv(rows[source], source, group))
        works.append(torch.distributed.isend(rows[rank], target, group))
    for work in works:
        work.wait()


def joined(timeout: float) -> Group | Alone:
    """Returns the group of this process, which all processes of its launcher must join; `Alone` without a launcher.

    If the program has begun a group of ``torch.distributed`` itself, as Ray and Dask do, its members are the group. A
    process that does not answer within ``timeout`` seconds is lost. Raises InputError, MissingExtra or ProcessLost.
    """
    if _groups and _groups[0].has_ended:
        _groups.clear()
    if not _groups:
        group = _begun_by_the_program(timeout) or _of_the_launcher(timeout)
        if group is None:
            return Alone()
        _groups.append(group)
        atexit.register(group.close)
    return _groups[0]


def rank() -> int:
    """Returns the number of this process among those that may join it, without connecting to them; 0 if it is alone."""
    if (distributed := _torch_group()) is not None:
        found: int = distributed.get_rank()
        return found
    launch = Launch.found()
    return 0 if launch is None else launch.rank


def is_of_the_program() -> bool:
    """Returns True if the program has begun a group of ``torch.distributed`` itself."""
    return _torch_group() is not None and (not _groups or _groups[0].is_of_the_program)


def _torch_group() -> Any:
    """Returns ``torch.distributed`` if the program has begun a group with it, else None, without loading PyTorch."""
    distributed = sys.modules.get("torch.distributed")
    has_begun = distributed is not None and distributed.is_available() and distributed.is_initialized()
    return distributed if has_begun else None


def _begun_by_the_program(timeout: float) -> Group | None:
    """Returns a group of the processes that a group of ``torch.distributed`` has already, or None."""
    if (distributed := _torch_group()) is None:
        return None
    share()
    own = distributed.new_group(backend="gloo", timeout=timedelta(seconds=timeout))
    notes = distributed.PrefixStore("chainrule notes", distributed.distributed_c10d._get_default_store())
    return Group(distributed.get_rank(), distributed.get_world_size(), own, notes, timeout)


def _of_the_launcher(timeout: float) -> Group | None:
    """Connects all processes of the launcher and returns their group; None without one. Raises what `store` does."""
    if (launch := Launch.found()) is None:
        return None
    notes = store(launch)
    import torch.distributed as distributed

    try:
        distributed.init_process_group(
            "gloo", store=notes, rank=launch.rank, world_size=launch.size, timeout=timedelta(seconds=timeout)
        )
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ProcessLost(f"the {launch.size} processes did not connect to each other: {reason}") from None
    return Group(launch.rank, launch.size, None, distributed.PrefixStore("notes", notes), timeout)
