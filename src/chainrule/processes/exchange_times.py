"""The time that two processes of this machine need to exchange numbers, as those of a group do in each step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import quantiles
from typing import Any

import numpy as np

from chainrule.errors import MissingExtra, ProcessLost
from chainrule.processes.group import exchange
from chainrule.processes.started import started
from chainrule.processes.worker import Link

FIRST, EXCHANGES = 20, 200  # the first ones are slower and not counted
SECONDS = 60.0  # within which the other process must connect, and an exchange must end


def exchange_times(lengths: Sequence[int]) -> list[float]:
    """Returns the seconds of an exchange of d numbers of 4 bytes with a second process, for each d: the first decile.

    Raises MissingExtra without PyTorch, ProcessLost if the other process does not connect.
    """
    try:
        import torch.distributed as distributed
    except ImportError:
        raise MissingExtra(
            "processes exchange numbers through PyTorch; install with: pip install 'chainrule[torch]'"
        ) from None
    store = distributed.TCPStore("127.0.0.1", 0, 2, is_master=True, wait_for_workers=False)
    with started(1, threads=1) as (peer,), ThreadPoolExecutor(1) as pool:
        if not peer.wait(SECONDS):
            raise ProcessLost("the second process did not connect.")
        there = pool.submit(peer.call, _second, store.port, list(lengths))
        found = _times(0, store, lengths)
        there.result()
    return found


def _second(link: Link, port: int, lengths: Sequence[int]) -> None:
    """Takes part in the second process."""
    import torch.distributed as distributed

    _times(1, distributed.TCPStore("127.0.0.1", port, 2, is_master=False, wait_for_workers=False), lengths)


def _times(rank: int, store: Any, lengths: Sequence[int]) -> list[float]:
    import torch.distributed as distributed

    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2, timeout=timedelta(seconds=SECONDS))
    try:
        found = []
        for d in lengths:
            every, seconds = np.zeros((2, d), np.float32), []
            for _ in range(FIRST + EXCHANGES):
                began = time.perf_counter()
                exchange(rank, every)
                seconds.append(time.perf_counter() - began)
            found.append(quantiles(seconds[FIRST:], n=10)[0])  # slower ones waited for a CPU
        return found
    finally:
        distributed.destroy_process_group()
