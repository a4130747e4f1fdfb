"""Threads of the native engine beside others: Python threads, forked children, joblib's workers, CPU affinity."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
import threading
from typing import Any

import numpy as np
import pytest
from support.engines.thread_runs import (
    make_problem,
    trained,
)
from support.patience import LIMIT

import chainrule as cr

pytestmark = [pytest.mark.native, pytest.mark.usefixtures("as_many_threads_as_requested")]


def test_several_networks_at_once() -> None:
    """Networks that Python threads train at the same time, each on several threads, get the bits they get alone."""
    problems = [
        make_problem(way, dtype, cr.Adam(0.002), 57, 16, dropout=0.2, epochs=12)
        for way in ("lanes", "rows", "columns")
        for dtype in ("float32", "float64")
    ]
    alone = [trained(problem, 1) for problem in problems]
    together: dict[int, dict[str, object]] = {}

    def work(k: int) -> None:
        together[k] = trained(problems[k], 2 + k % 2)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(len(problems))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [together[k] for k in range(len(problems))] == alone


def test_several_threads_predict_with_one_network_at_once() -> None:
    """N(x) of 700, 2 and 1 rows, computed by Python threads at the same time, is the same as computed alone."""
    net = cr.Network.dense([5, 40, 40, 3], hidden="tanh", seed=1)
    X = np.random.default_rng(2).normal(size=(8, 700, 5))
    alone = [(net(X[k]), net(X[k, :2]), net(X[k, 0])) for k in range(8)]
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(20):
            answers = (net(X[k]), net(X[k, :2]), net(X[k, 0]))
            if not all((a == b).all() for a, b in zip(answers, alone[k], strict=True)):
                wrong.append(k)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no CPU affinity here")
def test_affinity_is_restored() -> None:
    """After training every thread of the process may use the same CPUs as before, also if a callback fails and if the
    process has fewer CPUs than threads."""

    def affinities() -> dict[int, set[int]]:
        found = {}
        for task in map(int, os.listdir("/proc/self/task")):
            with contextlib.suppress(ProcessLookupError):  # threads of other libraries may end at any time
                found[task] = os.sched_getaffinity(task)
        return found

    def changed(before: dict[int, set[int]]) -> dict[int, set[int]]:
        return {task: cpus for task, cpus in affinities().items() if cpus != before.get(task, cpus)}

    problem = make_problem("rows", "float32", cr.Adam(0.001), 57, 16)
    idle = threading.Event()
    other = threading.Thread(target=idle.wait)
    other.start()
    everything = os.sched_getaffinity(0)

    def train(threads: int, *callbacks: Any) -> None:
        cr.train(
            problem.net.copy(), *problem.examples[:2], epochs=3, batch_size=16, threads=threads, engine="native",
            callbacks=callbacks,
        )  # fmt: skip

    def fail(history: cr.History) -> None:
        assert os.sched_getaffinity(0) == everything  # Python is not pinned either
        raise KeyError("fail")

    try:
        before = affinities()
        train(2)
        assert not changed(before)
        with pytest.raises(KeyError, match="fail"):
            train(2, fail)
        assert not changed(before)
        train(len(everything) + 1)
        assert not changed(before)
        os.sched_setaffinity(0, {min(everything)})
        narrow = affinities()
        train(2)
        assert not changed(narrow)
    finally:
        os.sched_setaffinity(0, everything)
        idle.set()
        other.join()


PREAMBLE = """
import math, os, signal, sys
import numpy as np
import chainrule as cr
import chainrule.engines.thread_counts
chainrule.engines.thread_counts.FLOP_PER_THREAD = 1e-9

def bits(seed):
    rng = np.random.default_rng(seed)
    net = cr.Network.dense([5, 40, 30, 3], hidden="tanh", dropout=0.1, seed=seed)
    X, Y = rng.normal(size=(90, 5)), rng.normal(size=(90, 3))
    cr.train(net, X, Y, optimizer="adam", epochs=20, batch_size=32, threads=2, engine="native")
    return net.theta.tobytes() + net(X).tobytes()
"""


def python(code: str) -> str:
    """Runs a program after PREAMBLE and returns its output."""
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # BLAS has idle threads when the process forks
    command = [sys.executable, *options, "-c", PREAMBLE + textwrap.dedent(code)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_trains() -> None:
    """A child forked after its parent has trained and predicted on several threads, or from a callback during training,
    can train and predict on several threads itself, and gets the same bits."""
    answer = python("""
        def child():
            reader, writer = os.pipe()
            if (pid := os.fork()) == 0:
                signal.alarm(1800)
                with os.fdopen(writer, "wb") as out:
                    out.write(bits(1))
                os._exit(0)
            os.close(writer)
            with os.fdopen(reader, "rb") as pipe:
                answer = pipe.read()
            assert os.waitpid(pid, 0)[1] == 0
            return answer

        expected = bits(1)
        assert child() == expected
        seen = []
        net = cr.Network.dense([5, 40, 30, 3], seed=1)
        X, Y = np.ones((90, 5)), np.ones((90, 3))
        look = lambda history: seen.append(child())
        cr.train(net, X, Y, epochs=3, batch_size=32, threads=2, engine="native", callbacks=[look])
        assert seen == [expected] * 3
        assert bits(1) == expected
        print("same")
    """)
    assert answer == "same"


def test_workers_of_joblib_train() -> None:
    """Workers of joblib (loky's processes, and threads) train networks at the same time, with the usual bits."""
    pytest.importorskip("joblib")
    answer = python("""
        import joblib
        expected = [bits(seed) for seed in range(4)]
        for backend in ("loky", "threading"):
            jobs = [joblib.delayed(bits)(seed) for seed in range(4)]
            assert joblib.Parallel(n_jobs=2, backend=backend)(jobs) == expected
        print("same")
    """)
    assert answer == "same"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the size of the process is read in /proc")
def test_a_thread_that_cannot_start_is_not_needed() -> None:
    """If the system starts no thread, training goes on without, and gets the usual bits."""
    answer = python("""
        import resource
        expected = bits(1)
        pages = int(open("/proc/self/statm").read().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**22, resource.RLIM_INFINITY))
        print(bits(1) == expected)  # a thread needs 8 MiB of stack
    """)
    assert answer == "True"
