"""Threads of the native engine: any number of them gives the same bits, and they leave nothing behind.

Threads are few where work is small; the tests take that limit away, so that each way of sharing a step out is run by as
many threads as are asked for (``test_so_many_threads_run`` counts them): examples across the lanes, panels by the
batch's rows, and panels by the layers' columns.
"""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.patience import ENDLESS, LIMIT, wait_until

import chainrule as cr
from chainrule import engines
from chainrule.engines import TrainingRun, native, thread_counts
from chainrule.engines.problem import Problem, TrainingSet
from chainrule.engines.state import RECORDS
from chainrule.optimizers import OPTIMIZERS

pytestmark = pytest.mark.native

THREADS = (1, 2, 3, 4, 8)
FLOP_PER_THREAD = thread_counts.FLOP_PER_THREAD


@pytest.fixture(autouse=True, scope="module")
def _as_many_threads_as_asked_for() -> Iterator[None]:
    """However small the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thread_counts, "FLOP_PER_THREAD", 1e-9)
        yield


@dataclass(frozen=True)
class Way:
    """A way of computing a step, and a network that takes it."""

    method: str
    m: dict[str, list[int]]  # for each dtype
    hidden: list[str]
    batch: int  # at most


# By columns: hidden layers are entrywise, a batch has at most 256 rows, and a layer of weights is 1 MiB or more.
WAYS = {
    "lanes": Way("lanes", {"float32": [3, 17, 9, 2], "float64": [3, 17, 9, 2]}, ["tanh", "layer_norm"], 300),
    "rows": Way("panels", {"float32": [5, 40, 37, 3], "float64": [5, 40, 37, 3]}, ["softmax", "gelu"], 300),
    "rows, wide output": Way("panels", {"float32": [9, 35, 70], "float64": [9, 35, 70]}, ["relu"], 300),
    "rows, zeros": Way("panels", {"float32": [5, 100, 130, 3], "float64": [5, 100, 130, 3]}, ["relu"] * 2, 300),
    "columns": Way("panels", {"float32": [515, 517, 33, 3], "float64": [385, 350, 33, 3]}, ["relu", "tanh"], 60),
}


def make_problem(way: str, dtype: str, optimizer: cr.Optimizer, t: int, batch_size: int, **own: Any) -> Problem:
    """Random examples, half as many for validation, and a network of the way's sizes."""
    rng, m = np.random.default_rng(5), WAYS[way].m[dtype]
    dropout, weighted = own.pop("dropout", 0.0), own.pop("weighted", False)
    net = cr.Network.dense(m, hidden=WAYS[way].hidden, dropout=dropout, seed=3, dtype=dtype)
    cost, epochs = own.pop("cost", cr.SumOfSquares(mean=True)), own.pop("epochs", 2)

    def examples(count: int) -> TrainingSet:
        X, Y = rng.normal(size=(count, m[0])), rng.normal(size=(count, m[-1]))
        weights = rng.uniform(0.5, 2.0, size=count).astype(dtype) if weighted else None
        return TrainingSet(X.astype(dtype), Y.astype(dtype), weights)

    data, validation = examples(t), examples(-(-t // 2))
    return Problem(net, cost, optimizer, data, batch_size, epochs, 11, validation=validation, **own)


def started(problem: Problem, threads: int) -> TrainingRun:
    """A run of so many threads over a network of its own."""
    problem = replace(problem, net=problem.net.copy(), threads=threads)
    return engines.chosen(problem.net, problem.cost, problem.optimizer, engine="native").engine.start(problem, None)


def trained(problem: Problem, threads: int) -> dict[str, object]:
    """The bits of θ, the best θ, the moments and the records, and the place in the stream, when it is over."""
    run = started(problem, threads)
    while run.stopped is None:
        run.advance(problem.epochs, math.inf)
    state = run.state()
    records = {name: np.array(run.records[name]) for name in RECORDS if name != "seconds"}
    arrays = {"theta": state.theta, "best": state.best_theta, **state.moments, **records}
    bits = {name: None if array is None else array.tobytes() for name, array in arrays.items()}
    return {**bits, "stream": state.stream, "stopped": run.stopped}


@settings(max_examples=80)
@given(
    way=st.sampled_from(sorted(WAYS)),
    dtype=st.sampled_from(["float32", "float64"]),
    kind=st.sampled_from(sorted(OPTIMIZERS)),
    t=st.integers(1, 300),
    batch_size=st.integers(1, 300),
    dropout=st.sampled_from([0.0, 0.4]),
    clip_norm=st.sampled_from([None, 0.1, 100.0]),
    cost=st.builds(
        cr.SumOfSquares, mean=st.booleans(), l1=st.sampled_from([0.0, 0.01]), l2=st.sampled_from([0.0, 0.02])
    ),
    weighted=st.booleans(),
    patience=st.sampled_from([None, 5]),
)
def test_any_number_of_threads_gives_the_same_bits(
    way: str, dtype: str, kind: str, t: int, batch_size: int, dropout: float, clip_norm: float | None, cost: cr.Cost,
    weighted: bool, patience: int | None,
) -> None:  # fmt: skip
    """θ, moments and records are bitwise the same for 1, 2, 3, 4 and 8 threads: with every optimizer, dropout, ragged
    minibatches (fewer rows than threads among them), penalties, clipping, weights and validation."""
    optimizer = OPTIMIZERS[kind](0.001, clip_norm=clip_norm)
    t = min(t, WAYS[way].batch)
    size = t if optimizer.full_batch_only else max(min(batch_size, t), t // 12)  # few steps an epoch
    problem = make_problem(
        way, dtype, optimizer, t, size, dropout=dropout, cost=cost, weighted=weighted, patience=patience
    )
    one = trained(problem, 1)
    for threads in THREADS[1:]:
        assert trained(problem, threads) == one, threads


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_rows_in_blocks(dtype: str) -> None:
    """So too where a full batch is summed up in several blocks of rows, and in many chunks across the lanes."""
    for way in ("lanes", "rows"):
        problem = make_problem(way, dtype, cr.Adam(0.01), 9001, 9001)
        one = trained(problem, 1)
        for threads in (2, 3, 8):
            assert trained(problem, threads) == one, (way, threads)


@pytest.mark.parametrize("batch_size", [256, 2000])
def test_a_last_minibatch_of_fewer_rows(batch_size: int) -> None:
    """So too where minibatches are summed half by half, or are too large for that, and the last one has fewer rows; J
    is the reference engine's."""
    rng = np.random.default_rng(8)
    net = cr.Network.dense([32, 256, 256, 1], hidden="relu", seed=1, dtype="float32")
    X = rng.normal(size=(batch_size + 200, 32)).astype("float32")
    data = TrainingSet(X, X[:, :1] * X[:, 1:2], None)
    problem = Problem(net, cr.SumOfSquares(mean=True), cr.Adam(0.001), data, batch_size, 3, 11)
    one = trained(problem, 1)
    assert trained(problem, 2) == one
    assert trained(problem, 3) == one
    native_J, reference_J = (
        cr.train(
            net.copy(), *data[:2], cost=problem.cost, optimizer=problem.optimizer, epochs=3, batch_size=batch_size,
            seed=11, engine=engine,
        ).J
        for engine in ("native", "reference")
    )  # fmt: skip
    np.testing.assert_allclose(native_J, reference_J, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_outputs_and_gradients(way: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """N(x), J(θ), ∇J(θ) and every δ[i] are bitwise the same for 1, 2, 3, 4 and 8 threads (CHAINRULE_THREADS)."""
    for t in (1, 5, 60, 300):
        problem = make_problem(way, dtype, cr.Adam(), t, t)
        net, (X, Y, _) = problem.net, problem.data
        seen = set()
        for threads in THREADS:
            monkeypatch.setenv("CHAINRULE_THREADS", str(threads))
            g = cr.gradient(net, problem.cost, X, Y, engine="native")
            arrays = [net(X, engine="native"), np.array(g.J), g.theta, *g.delta]
            seen.add(b"".join(array.tobytes() for array in arrays))
        assert len(seen) == 1, t


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc/self/task")
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("way", WAYS)
def test_so_many_threads_run(way: str, threads: int) -> None:
    """A slice of training runs on as many threads as were asked for, and when it is over they are gone."""
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
    # A thread that was joined may stay listed for a moment: the kernel tells of its end before it strikes it off.
    wait_until(lambda: set(os.listdir("/proc/self/task")) <= before)
    while len(run.records["J"]) < 2:  # an interrupt that came late ends the next `advance`
        run.advance(2, math.inf)


def test_few_threads_for_little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of few operations is not shared out, whatever is asked for; a large one is, up to what is asked for."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", FLOP_PER_THREAD)
    assert [thread_counts.thread_count(1e3, n) for n in (1, 2, 8)] == [1, 1, 1]
    assert [thread_counts.thread_count(1e12, n) for n in (1, 2, 8)] == [1, 2, 8]
    assert thread_counts.thread_count(2.4 * FLOP_PER_THREAD, 8) == 2
    monkeypatch.setenv("CHAINRULE_THREADS", "3")
    assert thread_counts.thread_count(1e12, None) == 3
    assert thread_counts.thread_count(1e12, 2) == 2  # what a call asks for goes first


def test_numbers_of_threads_are_tried_where_sizes_leave_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of small steps begins with few threads and may take more; with steps of any size in between it may take
    fewer; large ones take all, always (0)."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", FLOP_PER_THREAD)
    assert thread_counts.first_threads(FLOP_PER_THREAD / 4, 2) == 1
    assert thread_counts.thread_count(FLOP_PER_THREAD / 4 / thread_counts.LEAST_TRIED, 2) == 2
    assert thread_counts.first_threads(thread_counts.MOST_TRIED * FLOP_PER_THREAD, 2) == 2
    assert thread_counts.first_threads(2 * thread_counts.MOST_TRIED * FLOP_PER_THREAD, 2) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_trying_numbers_of_threads_changes_no_bit(way: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """θ, moments and records are those of one thread where up to four are tried on the way."""
    problem = make_problem(way, dtype, cr.Adam(0.01, clip_norm=0.1), 50, 16, epochs=40, dropout=0.2)
    one = trained(problem, 1)
    monkeypatch.setattr(native, "first_threads", lambda flop, wanted: 2)
    assert trained(problem, 4) == one


def test_workers_share_the_cpus_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """OMP_NUM_THREADS, which joblib sets in its workers, is the most threads where nothing of ours says otherwise."""
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
    """CHAINRULE_THREADS that is no number of threads is an error that says so, wherever threads are counted."""
    monkeypatch.setenv("CHAINRULE_THREADS", text)
    net, X = cr.Network.dense([1, 1]), [[1.0]] * 5
    for ask in (
        lambda: net(X, engine="native"),
        lambda: cr.gradient(net, "sum_of_squares", X, X, engine="native"),
        lambda: cr.train(net, X, X, epochs=1, engine="native"),
    ):
        with pytest.raises(cr.InputError, match=r"CHAINRULE_THREADS must be a whole number ≥ 1; got .*Unset it"):
            ask()


def test_several_networks_at_once() -> None:
    """Networks that Python threads train at the same time, each by several threads, get the bits they get alone."""
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


def test_one_network_is_asked_by_several_threads_at_once() -> None:
    """N(x) of many rows and of few, asked for by Python threads at the same time, is for each what it is alone."""
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
    """After training every thread of the process may use the CPUs that it could before, also when a callback fails, and
    when the process has fewer CPUs than threads."""

    def affinities() -> dict[int, set[int]]:
        found = {}
        for task in map(int, os.listdir("/proc/self/task")):
            with contextlib.suppress(ProcessLookupError):  # threads of other libraries end when they like
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
            problem.net.copy(), *problem.data[:2], epochs=3, batch_size=16, threads=threads, engine="native",
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
    """What a program prints."""
    options = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # forks with threads about: BLAS's own, idle
    command = [sys.executable, *options, "-c", PREAMBLE + textwrap.dedent(code)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_trains() -> None:
    """A child that is forked after its parent has trained and predicted with several threads, and one that is forked
    from a callback in the middle of training, do the same themselves and get the same bits."""
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
    """Workers of joblib (loky's processes, and threads) train networks side by side and get the bits of one alone."""
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
def test_no_thread_left() -> None:
    """Where the system has no more threads, training raises an error, θ stays whole, and later all is as ever."""
    answer = python("""
        import resource
        expected = bits(1)
        pages = int(open("/proc/self/statm").read().split()[0])
        net, X, Y = cr.Network.dense([5, 40, 3]), np.ones((50, 5)), np.ones((50, 3))
        before = net.theta.copy()
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**22, resource.RLIM_INFINITY))
        try:
            cr.train(net, X, Y, epochs=2, threads=8, engine="native")  # 8 MiB of stack for each
        except RuntimeError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert (net.theta == before).all() and bits(1) == expected
    """)
    assert "unavailable" in answer
