"""The number of threads of a run: few for little work, tried where sizes leave a doubt, limited by the environment."""

from __future__ import annotations

import math
import os
import threading
import time
from pathlib import Path

import pytest
from support.engines.thread_runs import (
    FLOP_PER_THREAD,
    WAYS,
    make_problem,
    started,
    trained,
)
from support.patience import ENDLESS, LIMIT, wait_until

import chainrule as cr
from chainrule.engines import thread_counts
from chainrule.engines.native import run

pytestmark = [pytest.mark.native, pytest.mark.usefixtures("as_many_threads_as_requested")]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc/self/task")
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("way", WAYS)
def test_a_run_uses_the_requested_number_of_threads(way: str, threads: int) -> None:
    """``advance`` runs on as many threads as requested, and they have ended when it returns."""
    problem = make_problem(way, "float32", cr.Adam(1e-5), 60, 60, epochs=ENDLESS)
    run = started(problem, threads)
    assert run._run.method == WAYS[way].method  # type: ignore[attr-defined]
    before, most, all_seen = set(os.listdir("/proc/self/task")), 0, threading.Event()

    def train() -> None:
        while not all_seen.is_set():
            run.advance(ENDLESS, math.inf)

    trainer, end = threading.Thread(target=train), time.monotonic() + LIMIT
    trainer.start()
    while trainer.is_alive():
        most = max(most, len(set(os.listdir("/proc/self/task")) - before))
        if (most >= threads or time.monotonic() > end) and not all_seen.is_set():
            all_seen.set()
            run.interrupt()
    trainer.join()
    assert most == threads  # the trainer itself is one of them
    # The kernel may list a joined thread for a moment longer.
    wait_until(lambda: set(os.listdir("/proc/self/task")) <= before)
    while len(run.records["J"]) < 2:  # a late interrupt ends the next `advance`
        run.advance(2, math.inf)


def test_little_work_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of few operations runs on one thread whatever the request; a large one runs on the number requested."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", FLOP_PER_THREAD)
    assert [thread_counts.thread_count(1e3, n) for n in (1, 2, 8)] == [1, 1, 1]
    assert [thread_counts.thread_count(1e12, n) for n in (1, 2, 8)] == [1, 2, 8]
    assert thread_counts.thread_count(2.4 * FLOP_PER_THREAD, 8) == 2
    monkeypatch.setenv("CHAINRULE_THREADS", "3")
    assert thread_counts.thread_count(1e12, None) == 3
    assert thread_counts.thread_count(1e12, 2) == 2  # an argument takes precedence over the variable


def test_small_steps_leave_a_cpu_to_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """While rows are read, a run of small steps has a thread less than there are CPUs, and one of large steps all."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", FLOP_PER_THREAD)
    monkeypatch.setattr(thread_counts, "cpus_of_process", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    beside = thread_counts.threads_beside_reader
    assert [beside(1e6, wanted) for wanted in (None, 1, 2, 4, 8)] == [3, 1, 2, 3, 3]
    assert [beside(1e15, wanted) for wanted in (None, 1, 2, 4, 8)] == [4, 1, 2, 4, 8]
    monkeypatch.setattr(thread_counts, "cpus_of_process", lambda: 1)
    assert [beside(1e6, wanted) for wanted in (None, 1, 4)] == [1, 1, 1]


def test_numbers_of_threads_are_tried_if_the_size_of_a_step_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of small steps starts with few threads and may change to more; one of medium steps starts with all and may
    change to fewer; one of large steps always uses all (0)."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", FLOP_PER_THREAD)
    assert thread_counts.first_threads(FLOP_PER_THREAD / 4, 2) == 1
    assert thread_counts.thread_count(FLOP_PER_THREAD / 4 / thread_counts.LEAST_TRIED, 2) == 2
    assert thread_counts.first_threads(thread_counts.MOST_TRIED * FLOP_PER_THREAD, 2) == 2
    assert thread_counts.first_threads(2 * thread_counts.MOST_TRIED * FLOP_PER_THREAD, 2) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_trying_numbers_of_threads_changes_no_bit(way: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """θ, moments and records are bitwise those of one thread when a run tries up to four."""
    problem = make_problem(way, dtype, cr.Adam(0.01, clip_norm=0.1), 50, 16, epochs=40, dropout=0.2)
    one = trained(problem, 1)
    monkeypatch.setattr(run, "first_threads", lambda flop, wanted: 2)
    assert trained(problem, 4) == one


def test_omp_num_threads_limits_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """OMP_NUM_THREADS, which joblib sets in its workers, limits the threads unless CHAINRULE_THREADS or an argument is
    given."""
    monkeypatch.delenv("CHAINRULE_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cpus = thread_counts.thread_count(1e15, None)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert thread_counts.thread_count(1e15, None) == 1
    assert thread_counts.thread_count(1e15, 2) == 2
    for text in (str(cpus + 1), "", "4,2", "none"):
        monkeypatch.setenv("OMP_NUM_THREADS", text)
        assert thread_counts.thread_count(1e15, None) == cpus
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CHAINRULE_THREADS", "2")
    assert thread_counts.thread_count(1e15, None) == 2


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_the_environment_variable_is_checked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CHAINRULE_THREADS that is not a whole number ≥ 1 is refused by name wherever threads are counted."""
    monkeypatch.setenv("CHAINRULE_THREADS", text)
    net, X = cr.Network.dense([1, 1]), [[1.0]] * 5
    for ask in (
        lambda: net(X, engine="native"),
        lambda: cr.gradient(net, "sum_of_squares", X, X, engine="native"),
        lambda: cr.train(net, X, X, epochs=1, engine="native"),
    ):
        with pytest.raises(cr.InputError, match=r"CHAINRULE_THREADS must be a whole number ≥ 1; got .*Unset it"):
            ask()
