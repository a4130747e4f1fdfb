"""The worker processes of this one, whoever has started them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from chainrule._internal.checks import as_integer
from chainrule.processes.peer import Peer


class WorkerProcesses(NamedTuple):
    """The worker processes, and the number of threads that this process uses beside them."""

    peers: Sequence[Peer]
    threads: int


_in_use: list[WorkerProcesses] = []  # the innermost last


@contextmanager
def using(peers: Sequence[Peer], threads: int) -> Iterator[None]:
    """A context in which all training in this process uses these worker processes."""
    _in_use.append(WorkerProcesses(peers, threads))
    try:
        yield
    finally:
        _in_use.pop()


@contextmanager
def worker_processes(
    workers: int | None, most: int, threads: int, modules: Sequence[str] = ()
) -> Iterator[WorkerProcesses]:
    """A context with at most ``most`` worker processes.

    Inside `using` they are those of that context. Else there are ``workers`` processes in all, this one included (None:
    this one alone), which share ``threads`` threads; the new ones import ``modules`` first. Raises InputError unless
    ``workers`` is None or a whole number ≥ 1.
    """
    wanted = 1 if workers is None else as_integer(workers, "workers", 1)
    new = min(wanted - 1, most)
    if _in_use:
        peers, own = _in_use[-1]
        yield WorkerProcesses([peer for peer in peers if not peer.is_lost][:most], min(own, threads))
    elif new < 1:
        yield WorkerProcesses((), threads)
    else:
        from chainrule.processes.started import started  # sockets and processes, which few programs need

        share = max(1, threads // (1 + new))
        with started(new, share, modules) as peers:
            yield WorkerProcesses(peers, share)
