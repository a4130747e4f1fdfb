"""The processes that work beside this one, whoever has started them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from chainrule._internal.checks import as_integer
from chainrule.processes.peer import Peer


class Beside(NamedTuple):
    """The processes beside this one, and the threads that are for this one then."""

    peers: Sequence[Peer]
    threads: int


_present: list[Beside] = []  # the innermost last


@contextmanager
def present(peers: Sequence[Peer], threads: int) -> Iterator[None]:
    """A context in which these processes work for everything in this one that can use some."""
    _present.append(Beside(peers, threads))
    try:
        yield
    finally:
        _present.pop()


@contextmanager
def beside(workers: int | None, most: int, threads: int, modules: Sequence[str] = ()) -> Iterator[Beside]:
    """A context with the processes that work beside this one: at most ``most`` of them.

    They are those that are `present`; or else ``workers`` processes with this one (None: this one alone), which share
    these threads, and the new ones load ``modules``. Raises InputError for another number.
    """
    wanted = 1 if workers is None else as_integer(workers, "workers", 1)
    new = min(wanted - 1, most)
    if _present:
        peers, own = _present[-1]
        yield Beside([peer for peer in peers if not peer.has_gone][:most], min(own, threads))
    elif new < 1:
        yield Beside((), threads)
    else:
        from chainrule.processes.started import started  # sockets and processes, which few programs need

        share = max(1, threads // (1 + new))
        with started(new, share, modules) as peers:
            yield Beside(peers, share)
