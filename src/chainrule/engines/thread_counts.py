"""The number of threads that a computation is large enough for."""

from __future__ import annotations

import os

from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.errors import InputError
from chainrule.network import Network

# Below this many operations per thread in a step, a second thread may cost more than it gains (16-64-32-1, batch 64,
# two threads against one on two machines: 13.1 against 8.9 µs, 11.4 against 13.6 µs). Between these multiples of it, a
# training run tries several numbers of threads. Above, work stealing makes all threads pay, and trials would only cost.
FLOP_PER_THREAD = 5e6
LEAST_TRIED, MOST_TRIED = 0.1, 10


def step_flop(net: Network, rows: int, X: Rows | None) -> float:
    """Returns the floating-point operations of a training step, 6 per weight and row.

    If X is sparse, a weight of W[1] has an operation only for each entry of its column.
    """
    entries: list[float] = [part.entries for part in net.layout]
    if isinstance(X, SparseRows):
        entries[0] = net.m[1] * len(X.data) / len(X)
    return 6.0 * rows * sum(entries)


def thread_count(flop: float, wanted: int | None) -> int:
    """Returns the threads that ``flop`` operations can use, at most ``wanted``, CHAINRULE_THREADS, or the CPUs."""
    most, given = max(1, int(flop / FLOP_PER_THREAD)), _given(wanted)
    return min(most, given or (_cpus() if most > 1 else 1))


def all_threads(wanted: int | None) -> int:
    """Returns the threads of a computation that is large enough for any number, limited as above."""
    return _given(wanted) or _cpus()


def _given(wanted: int | None) -> int | None:
    """Returns the limit of the threads, if there is one: ``wanted`` or CHAINRULE_THREADS."""
    text = os.environ.get("CHAINRULE_THREADS", "").strip()
    if wanted is not None or not text:
        return wanted
    if not (text.isdecimal() and int(text) > 0):
        raise InputError(f"CHAINRULE_THREADS must be a whole number ≥ 1; got {text!r}. Unset it to use every CPU.")
    return int(text)


def first_threads(flop: float, wanted: int | None) -> int:
    """Returns the number of threads before a training run tries others; 0 means all threads, without trials."""
    certain = thread_count(flop / MOST_TRIED, wanted)
    return 0 if certain == all_threads(wanted) else thread_count(flop, wanted)


def threads_beside_reader(flop: float, wanted: int | None) -> int:
    """Returns the limit of the threads of a training run whose rows are read by a thread meanwhile.

    Small steps leave a CPU to it: a barrier of two threads on two CPUs waits for the one that the reader displaces
    (30-32-1, batch 256, from a packed file: 7 million rows a second with two threads, 10 with one).
    """
    most = all_threads(wanted)
    return most if first_threads(flop, wanted) == 0 else max(1, min(most, cpus_of_process() - 1))


def cpus_of_process() -> int:
    """Returns the CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpus() -> int:
    """Returns the CPUs of this process, at most OMP_NUM_THREADS, by which joblib divides them among its workers."""
    cpus, limit = cpus_of_process(), os.environ.get("OMP_NUM_THREADS", "").strip()
    return min(cpus, int(limit)) if limit.isdecimal() and int(limit) > 0 else cpus
