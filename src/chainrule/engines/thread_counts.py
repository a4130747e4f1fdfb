"""The number of threads that a piece of work is worth."""

from __future__ import annotations

import os

from chainrule.errors import InputError
from chainrule.network import Network

# Of a step: with less, a second thread may cost more than it brings (16-64-32-1, batch 64, on two machines: 13.1 µs
# against 8.9 with one thread, 11.4 against 13.6). A training run finds out by trying, between these times of it; above,
# trials would cost more than they find, since threads take over each other's work.
FLOP_PER_THREAD = 5e6
LEAST_TRIED, MOST_TRIED = 0.1, 10


def step_flop(net: Network, rows: int) -> float:
    """The floating-point operations of a training step, 6 for each weight and row."""
    return 6.0 * rows * sum(part.entries for part in net.layout)


def thread_count(flop: float, wanted: int | None) -> int:
    """As many threads as the work is worth, at most ``wanted``, CHAINRULE_THREADS, or the CPUs of this process."""
    if wanted is None:
        text = os.environ.get("CHAINRULE_THREADS", "").strip()
        if text and not (text.isdecimal() and int(text) > 0):
            raise InputError(f"CHAINRULE_THREADS must be a whole number ≥ 1; got {text!r}. Unset it to use every CPU.")
        wanted = int(text) if text else _cpus()
    return max(1, min(wanted, int(flop / FLOP_PER_THREAD)))


def first_threads(flop: float, wanted: int | None) -> int:
    """The threads with which a training run begins, before it tries other numbers of them; 0: it takes all, always."""
    surely = thread_count(flop / MOST_TRIED, wanted)
    return 0 if surely == thread_count(1e15, wanted) else thread_count(flop, wanted)


def _cpus() -> int:
    """The CPUs of this process, or fewer: several workers of joblib share them out by OMP_NUM_THREADS."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = os.environ.get("OMP_NUM_THREADS", "").strip()
    return min(cpus, int(share)) if share.isdecimal() and int(share) > 0 else cpus
