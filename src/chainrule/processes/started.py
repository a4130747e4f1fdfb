"""Processes on this machine that work for this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from chainrule.processes.arrivals import Arrivals
from chainrule.processes.messages import packed
from chainrule.processes.peer import Peer

PROGRAM = (  # the first line of its stdin is the path of modules, so that it finds the same ones
    "import sys, json; sys.path[:] = json.loads(sys.stdin.buffer.readline()); "
    "from chainrule.processes.worker import main; main()"
)
SECONDS_TO_END = 1.0


@contextmanager
def started(count: int, threads: int, modules: Sequence[str] = ()) -> Iterator[list[Peer]]:
    """A context with ``count`` new processes of ``threads`` threads each, which connect a little later and end with it.

    They load these modules first. They are new interpreters, which run nothing of the program itself: it needs no
    ``if __name__ == "__main__"``.
    """
    path = json.dumps([os.path.abspath(folder) for folder in sys.path]).encode() + b"\n"
    with ExitStack() as stack:
        arrivals = Arrivals()
        stack.callback(arrivals.close)
        peers = []
        for rank in range(1, count + 1):
            child = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE)
            peer = Peer(rank, threads, partial(_is_alive, child), shares_memory=True)
            stack.callback(_end, child, peer)
            assert child.stdin is not None
            with child.stdin as stdin:
                stdin.write(path + packed((arrivals.address, arrivals.secret, rank, modules)))
            arrivals.expect(peer)
            peers.append(peer)
        yield peers


def _is_alive(child: subprocess.Popen[bytes]) -> bool:
    return child.poll() is None


def _end(child: subprocess.Popen[bytes], peer: Peer) -> None:
    """Ends a process, which exits by itself once its connection is closed."""
    has_answered = peer.has_answered
    peer.close()
    try:
        child.wait(timeout=SECONDS_TO_END if has_answered else 0.0)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
