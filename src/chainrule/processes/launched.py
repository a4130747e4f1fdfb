"""The processes that a launcher has started: the first one gives the others their work."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

from chainrule.errors import MissingExtra, ProcessLost
from chainrule.processes.arrivals import Arrivals
from chainrule.processes.launcher import Launch, share
from chainrule.processes.peer import Peer
from chainrule.processes.worker import serve

MEETING_SECONDS = 120.0  # within which all processes must connect


def store(launch: Launch) -> Any:
    """Returns the store of PyTorch through which all processes find each other, with keys of this attempt alone.

    After a restart the store of torchrun still holds the keys of processes that have exited; a process that read
    them would wait for those. Raises MissingExtra without PyTorch, ProcessLost if the other processes do not connect.
    """
    launch.require_meeting_point()
    share()
    try:
        import torch.distributed as distributed
    except ImportError:
        raise MissingExtra(
            f"processes that {launch.launcher} has started meet through PyTorch; install with: pip install "
            "'chainrule[torch]'"
        ) from None
    try:
        plain = distributed.TCPStore(
            launch.address, launch.port, launch.size, is_master=launch.rank == 0 and not launch.has_store,
            timeout=timedelta(seconds=MEETING_SECONDS), wait_for_workers=False,
        )  # fmt: skip
    except RuntimeError as error:
        raise ProcessLost(
            f"process {launch.rank} of {launch.size} cannot reach the others at {launch.address}:{launch.port}: "
            f"{str(error).splitlines()[0]}"
        ) from None
    return distributed.PrefixStore(f"chainrule/{launch.attempt}", plain)


@contextmanager
def gathered(launch: Launch) -> Iterator[list[Peer]]:
    """A context, in the first process, with all others, which connect a little later and end with it.

    Raises what `store` does, and ProcessLost if the name of this machine has no address.
    """
    meeting = store(launch)
    is_alone = launch.local_size == launch.size  # on this machine
    host = "127.0.0.1" if is_alone else socket.gethostname()
    try:
        arrivals = Arrivals((host, 0))
    except OSError as error:
        raise ProcessLost(
            f"the other processes cannot connect to this machine by its name {host!r}: {error.strerror}. Give the name "
            "an address, in /etc/hosts for example."
        ) from None
    peers = [Peer(rank, launch.threads) for rank in range(1, launch.size)]
    for peer in peers:
        arrivals.expect(peer)
    meeting.set("address", json.dumps([*arrivals.address, arrivals.secret.hex()]))
    try:
        yield peers
    finally:
        for peer in peers:
            peer.wait(MEETING_SECONDS)  # one that could not connect would exit with an error
            peer.close()
        arrivals.close()


def work(launch: Launch, modules: Sequence[str]) -> None:
    """Lets this process load modules, and work for the first one until that one ends; raises what `store` does."""
    for name in modules:
        import_module(name)
    try:
        host, port, secret = json.loads(store(launch).get("address"))
    except RuntimeError as error:
        raise ProcessLost(
            f"process 0 did not connect within {MEETING_SECONDS:.0f} s: {str(error).splitlines()[0]}"
        ) from None
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the first one ends this one, also if the launcher ends all
    serve((host, port), bytes.fromhex(secret), launch.rank)
