"""The CPU time of processes that work beside this one; they import this file."""

from __future__ import annotations

import time
from collections.abc import Sequence

from chainrule.processes.peer import Peer
from chainrule.processes.worker import Link


def cpu_seconds(others: Sequence[Peer]) -> float:
    """Returns the CPU time of this process and the others so far."""
    return time.process_time() + sum(float(peer.call(_there)) for peer in others)


def _there(link: Link) -> float:
    """Returns that of this process."""
    return time.process_time()
