"""The system refuses memory or threads, sends signals, or forks, at a random moment of some work.

Whatever happens, it ends in the documented way; θ is finite; the same network can do the same work afterwards; and a
training that was interrupted and resumed has the bits of an uninterrupted run.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
from support import injection

import chainrule as cr
from fuzz.drawing import Random, pick
from fuzz.work import Work, random_work, same

CASE_SECONDS = 60.0
LIBRARY = injection.preloaded()
OWN = f"{os.path.dirname(cr.__file__)}{os.sep}"


environment = injection.environment


def check(rng: Random) -> str:
    """Disturbs some work once or a few times, in one way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if LIBRARY is None:
            return str(pick(rng, [at_a_line, fork])(rng))
        way = pick(rng, [refused_array, refused_request, refused_threads, at_a_poll, at_a_poll, at_a_line, fork])
        return str(way(rng))


class Own(Exception):
    """Raised by a signal handler of a program."""


# ---- memory and threads ----------------------------------------------------------------------------------------------


def refused_array(rng: Random) -> str:
    """Refuses one of the engine's arrays."""
    assert LIBRARY is not None
    return refused(rng, LIBRARY.refuse_allocation, LIBRARY.allocation_count, "array")


def refused_request(rng: Random) -> str:
    """Refuses one request to the C library, by the engine, the binding, NumPy or Python itself."""
    assert LIBRARY is not None
    least, function = ctypes.c_size_t(pick(rng, [0, 0, 1024, 8192])), LIBRARY.refuse_request
    return refused(rng, lambda k: function(ctypes.c_long(k), least), LIBRARY.request_count, "request")


def refused(rng: Random, refuse: Callable[[int], object], count: Callable[[], int], what: str) -> str:
    """Refuses memory once during the work, which then raises MemoryError or does without."""
    work = random_work(rng)
    work(work.new())  # what is kept from the first time on is there
    refuse(-1)
    expected = work(work.new())
    number = count()
    if not number:
        return f"no {what}"
    histories: list[cr.History] = []
    net, outcome = work.new(), "done"
    settings = {"callbacks": [histories.append]} if work.kind == "train" else {}
    refuse(int(rng.integers(number)))
    try:
        result = work(net, **settings)
    except MemoryError:
        outcome = "MemoryError"
    except (SystemError, RuntimeError) as error:  # NumPy has returned without an exception, Python lacks a lock
        if not any(text in str(error) for text in ("exception set", "setting an exception", "allocate lock")):
            raise
        outcome = "MemoryError"
    finally:
        refuse(-1)
    if outcome == "done":
        assert same(result, expected)
    if outcome != "done" and histories and rng.random() < 0.7:
        assert np.isfinite(net.theta).all()
        assert same(work(net, resume=histories[0].state), expected)
        outcome = "resumed"
    usable_afterwards(work, net, expected)
    return f"{what}: {outcome}"


def refused_threads(rng: Random) -> str:
    """Grants fewer threads than asked for, which changes no bit."""
    assert LIBRARY is not None
    work = random_work(rng)
    expected, net = work(work.new()), work.new()
    LIBRARY.refuse_threads_from(ctypes.c_long(int(rng.integers(8))))
    try:
        assert same(work(net), expected)
        refused_any = LIBRARY.thread_count() > 0
    finally:
        LIBRARY.refuse_threads_from(ctypes.c_long(-1))
    usable_afterwards(work, net, expected)
    return "threads: done" if refused_any else "no thread"


def usable_afterwards(work: Work, net: cr.Network, expected: Any) -> None:
    """Asserts that θ is finite, and that the same network does the same work again."""
    assert np.isfinite(net.theta).all()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    net(work.X[:1])
    net.theta = work.initial.theta
    assert same(work(net), expected)


# ---- signals ---------------------------------------------------------------------------------------------------------


def at_a_poll(rng: Random) -> str:
    """Sends signals when the native engine looks for them, again and again until the training has ended."""
    assert LIBRARY is not None
    send = LIBRARY.signal_at_poll
    work = random_work(rng, ("train",))
    send(ctypes.c_long(-1), signal.SIGUSR2)
    expected = work(work.new())
    number = LIBRARY.poll_count()
    send(ctypes.c_long(-1), 0)
    kind = pick(rng, list(HANDLERS))
    handler = HANDLERS[kind](work)
    before = signal.signal(signal.SIGUSR2, handler)
    try:
        return (
            f"poll: {kind} {broken_off(rng, work, expected, lambda k: send(ctypes.c_long(k), signal.SIGUSR2), number)}"
        )
    finally:
        send(ctypes.c_long(-1), 0)
        signal.signal(signal.SIGUSR2, before)


def press(work: Work) -> Callable[[int, FrameType | None], None]:
    """Returns a handler that does what Ctrl-C does."""
    return lambda *_: signal.raise_signal(signal.SIGINT)


def press_twice(work: Work) -> Callable[[int, FrameType | None], None]:
    """Returns a handler that does what a hasty user does."""

    def handle(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    return handle


def raise_own(work: Work) -> Callable[[int, FrameType | None], None]:
    """Returns a handler that raises an exception, as programs do to limit the time."""

    def handle(*_: object) -> None:
        raise Own

    return handle


def compute(work: Work) -> Callable[[int, FrameType | None], None]:
    """Returns a handler that uses the engine itself."""

    def handle(*_: object) -> None:
        net = work.new()
        net(work.X)
        cr.gradient(net, work.cost, work.X, work.Y)
        cr.train(net, work.X, work.Y, epochs=1)

    return handle


HANDLERS = {"Ctrl-C": press, "Ctrl-C twice": press_twice, "exception": raise_own, "computing": compute}


def broken_off(rng: Random, work: Work, expected: Any, arm: Callable[[int], object], number: int, most: int = 6) -> str:
    """Trains with a signal at a random moment of ``number``, and goes on until the end; asserts the bits."""
    net, state, stops = work.new(), None, 0
    while True:
        histories: list[cr.History] = []
        arm(int(rng.integers(max(number, 1))) if stops < most else -1)
        try:
            result = work(net, resume=state, callbacks=[histories.append])
            break
        except cr.TrainingInterrupted as error:
            state = error.history.state
        except (KeyboardInterrupt, Own):
            if histories:
                state = histories[-1].state
            elif state is None:
                net.theta = work.initial.theta
        arm(-1)
        stops += 1
        assert np.isfinite(net.theta).all()
        assert np.isfinite(net(work.X)).all()
        if state is not None:
            assert np.isfinite(state.records["J"]).all()
            assert "validation" not in work.settings or np.isfinite(state.records["validation_J"]).all()
    arm(-1)
    assert same(result, expected)
    usable_afterwards(work, net, expected)
    return "uninterrupted" if not stops else "resumed"


def at_a_line(rng: Random) -> str:
    """Sends Ctrl-C at a random line of Chainrule's Python code, during training by either engine."""
    work = random_work(rng, ("train",))
    work.settings["engine"] = engine = pick(rng, ["native", "reference"])
    lines = Lines()
    with lines:
        expected = work(work.new())
    number, previous = lines.count, None

    def arm(k: int) -> None:
        nonlocal previous
        if previous is not None:
            previous.__exit__()
        previous = None if k < 0 else Lines(k)
        if previous is not None:
            previous.__enter__()

    return f"line: {engine} {broken_off(rng, work, expected, arm, number, most=2)}"


class Lines:
    """A context that counts the lines of Chainrule that are executed, and sends SIGINT at one of them."""

    def __init__(self, at: int = -1) -> None:
        self.count, self._at, self._before = 0, at, sys.gettrace()

    def __enter__(self) -> Lines:
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        return self._traced if frame.f_code.co_filename.startswith(OWN) else None

    def _traced(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self._at + 1:
                signal.raise_signal(signal.SIGINT)
        return self._traced


# ---- fork ------------------------------------------------------------------------------------------------------------


def fork(rng: Random) -> str:
    """Forks while another thread works, or none does; the child predicts, differentiates and trains."""
    if not hasattr(os, "fork"):
        return "no fork"
    work, own = random_work(rng), random_work(rng)
    net = work.new()
    expected, own_expected, outputs = work(work.new()), own(own.new()), net(work.X)
    done, is_idle = threading.Event(), rng.random() < 0.2

    def background() -> None:
        mine = work.new() if work.kind == "train" else net
        while not done.is_set():
            work(mine)
            mine = work.new() if work.kind == "train" else net

    thread = threading.Thread(target=background, daemon=True)
    if not is_idle:
        thread.start()
    try:
        for _ in range(4):
            done.wait(float(rng.uniform(0.0, 0.003)))
            child = os.fork()
            if child == 0:
                child_works(lambda: same(net(work.X), outputs) and same(own(own.new()), own_expected)
                            and same(work(work.new()), expected))  # fmt: skip
            status = os.waitpid(child, 0)[1]
            assert status == 0, f"the child ended with status {status}"
    finally:
        done.set()
        if not is_idle:
            thread.join()
    return "fork: idle" if is_idle else f"fork: {work.kind}"


def child_works(is_right: Callable[[], bool]) -> None:
    """Ends this process with status 0 if all is right, and by a signal if it hangs."""
    status = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(600)  # a child that waits for ever; on a busy machine the work may take minutes
        status = 0 if is_right() else 2
    finally:
        os._exit(status)
