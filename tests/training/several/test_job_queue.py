"""The queue of several networks: the threads that each has, the copies of rows, and signals while threads work."""

from __future__ import annotations

import math
import signal
import threading
import time
import weakref
from typing import Any

import numpy as np
import pytest
from support.engines.thread_runs import WAYS, make_problem, started, trained
from support.patience import LIMIT

import chainrule as cr
from chainrule.costs import SumOfSquares
from chainrule.training.job import Job
from chainrule.training.several.on_threads import on_threads
from chainrule.training.several.shared_examples import RowsOf, SharedExamples
from chainrule.training.several.thread_shares import ThreadShares


class FakeJob:
    """A job that only remembers its threads."""

    threads = 0

    def limit_threads(self, limit: int) -> None:
        """Remembers the limit."""
        self.threads = limit


@pytest.mark.parametrize(
    ("threads", "jobs", "shares"),
    [
        (2, 3, [(1, 1), (1, 1), (2,)]),
        (4, 3, [(1, 1, 2), (2, 2), (4,)]),
        (5, 4, [(1, 1, 1, 2), (1, 2, 2), (2, 3), (5,)]),
        (1, 2, [(1,), (1,)]),
    ],
)
def test_threads_that_are_free_go_to_the_last_networks(threads: int, jobs: int, shares: list[tuple[int, ...]]) -> None:
    """While networks wait, each has one thread; when one ends and none waits, the others have all threads."""
    division: Any = ThreadShares(threads, jobs, min(threads, jobs))
    waiting = jobs
    contexts: list[tuple[FakeJob, Any]] = []
    for expected in shares:
        while waiting and len(contexts) < threads:
            job = FakeJob()
            context = division.share(job)
            context.__enter__()
            contexts.append((job, context))
            waiting -= 1
        assert tuple(job.threads for job, _ in contexts) == expected
        contexts.pop(0)[1].__exit__(None, None, None)


@pytest.mark.native
@pytest.mark.usefixtures("as_many_threads_as_requested")
@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_limit_of_threads_changes_no_bit(way: str) -> None:
    """A run whose threads are limited again and again, also during a slice, ends as with one thread."""
    problem = make_problem(way, "float32", cr.Adam(0.01), 40, 5, epochs=40, dropout=0.2)
    expected = trained(problem, 1)
    run = started(problem, 4)
    run.limit_threads(1)
    run.advance(2, math.inf)
    thread = threading.Thread(target=run.advance, args=(problem.epochs, math.inf))
    thread.start()
    limit = 0
    while thread.is_alive():
        limit += 1
        run.limit_threads(1 + limit % 5)
        time.sleep(1e-4)
    assert run.state().theta.tobytes() == expected["theta"]


def test_networks_share_what_is_the_same() -> None:
    """Equal X, Y and weights are converted once; another number type, or other objects, are converted again."""
    X, Y, J, known = [[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0], SumOfSquares(), SharedExamples()
    net, narrow = cr.Network.dense([1, 1]), cr.Network.dense([1, 1], dtype="float32")
    first = known(J, net, X, Y, None)
    assert known(J, cr.Network.dense([1, 4, 1]), X, Y, None) is first
    assert known(J, narrow, X, Y, None).X.dtype == np.float32
    assert known(J, net, list(X), Y, None) is not first
    fold = known(J, net, RowsOf(X, [2, 0]), Y, None)
    assert np.array_equal(np.asarray(fold.X), [[3.0], [1.0]])
    assert np.array_equal(fold.Y, [[3.0], [1.0]])


def test_no_more_copies_of_rows_than_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of a network are copied when its turn comes, and released when its training ends."""
    copies: list[weakref.ref[Any]] = []
    counts: list[int] = []
    init = Job.__init__

    def watched(self: Job, problem: Any, **others: Any) -> None:
        copies.append(weakref.ref(problem.data.X))
        init(self, problem, **others)

    monkeypatch.setattr(Job, "__init__", watched)
    nets = [cr.Network.dense([2, 3, 1], seed=seed) for seed in range(6)]
    X, Y = np.ones((12, 2)), np.ones((12, 1))
    folds = [np.delete(np.arange(12), [j, j + 6]) for j in range(6)]

    def count(history: cr.History) -> None:
        counts.append(sum(copy() is not None for copy in copies))

    cr.train_many(nets, X, Y, rows=cr.Each(folds), epochs=2, optimizer="adam", callbacks=[count], threads=2)
    assert len(copies) == 12  # each network's twice
    assert max(counts) <= 2


# ---- work on several threads -----------------------------------------------------------------------------------------


def test_the_first_exception_stops_all_threads() -> None:
    """It is raised once all threads have ended."""
    stop, ended, number = threading.Event(), [], iter(range(3))

    def work() -> None:
        if next(number) == 1:
            raise RuntimeError("no more")
        assert stop.wait(LIMIT)
        ended.append(1)

    with pytest.raises(RuntimeError, match="no more"):
        on_threads(work, 3, stop=stop.set)
    assert len(ended) == 2


def test_threads_that_the_system_refuses_are_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it grants one thread of three, that one trains all networks; if it grants none, RuntimeError says so."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if len(started) == granted:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    nets, X, Y = [cr.Network.dense([2, 3, 1], seed=seed) for seed in range(5)], np.ones((12, 2)), np.ones((12, 1))
    granted = 1
    histories = cr.train_many(nets, X, Y, optimizer="adam", epochs=3, threads=3)
    assert [history.epochs for history in histories] == [3] * 5
    granted = 1
    with pytest.raises(RuntimeError, match="can't start new thread"):
        cr.train_many(nets, X, Y, optimizer="adam", epochs=3, threads=3)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_stops_all_threads_and_a_second_one_is_raised(presses: int) -> None:
    """The first Ctrl-C asks the threads to stop, and is reported; a second one propagates when they have stopped."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread alone")
    stop, pressed, ended, count = threading.Event(), threading.Event(), [], 0

    def work() -> None:
        assert stop.wait(LIMIT)
        assert pressed.wait(LIMIT)
        ended.append(1)

    def look() -> None:
        nonlocal count
        count += 1
        if count == presses:
            pressed.set()
        if count <= presses:
            signal.raise_signal(signal.SIGINT)

    if presses == 1:
        assert on_threads(work, 2, stop=stop.set, look=look)
    else:
        with pytest.raises(KeyboardInterrupt):
            on_threads(work, 2, stop=stop.set, look=look)
    assert len(ended) == 2
