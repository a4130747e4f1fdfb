"""Callbacks: the epochs at which they are called, stopping by one, and errors in one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from support.noisy_examples import X, Y, small_net
from support.patience import ENDLESS

import chainrule as cr
from chainrule.callbacks import RunCallback, WatchedRun
from chainrule.estimators import NetworkRegressor


@pytest.mark.parametrize(("every", "expected"), [(1, [*range(1, 13)]), (5, [5, 10, 12]), (100, [12])])
def test_callback_epochs_sets_the_interval_of_calls(
    every: int, expected: list[int], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback is called after every ``callback_epochs`` epochs, and once more at the end; no slice ends earlier."""
    seen: list[int] = []
    slices: list[object] = []
    job = sys.modules["chainrule.training.job"].Job
    next_slice = job._next_slice

    def counted(*arguments: object) -> object:
        slices.append(arguments)
        return next_slice(*arguments)

    monkeypatch.setattr("chainrule.training.callbacks.calls.SLICE_SECONDS", 0.0)
    monkeypatch.setattr(job, "_next_slice", counted)

    def callback(history: cr.History) -> None:
        seen.append(len(history.J))

    cr.train(small_net(), X, Y, epochs=12, callbacks=[callback], callback_epochs=every, engine=engine)
    assert seen == expected
    assert len(slices) == len(expected)


def test_callbacks_by_the_clock(engine: str) -> None:
    """With ``callback_epochs=None`` callbacks are called at intervals of time during training, and once at its end."""
    calls: list[int] = []

    def look(history: cr.History) -> bool:
        calls.append(history.epochs)
        return len(calls) == 3

    history = cr.train(small_net(), X, Y, epochs=ENDLESS, callback_epochs=None, callbacks=[look], engine=engine)
    assert (history.stopped, history.epochs) == ("callback", calls[-1])
    assert len(calls) == 3
    assert calls == sorted(calls)
    last: list[int] = []
    watch = [lambda history: last.append(history.epochs)]
    cr.train(small_net(), X, Y, epochs=12, callback_epochs=None, callbacks=watch, engine=engine)
    assert last[-1] == 12


@pytest.mark.parametrize("answer", [True, np.True_], ids=["True", "np.True_"])
def test_a_callback_stops_by_returning_true(answer: bool, engine: str) -> None:
    """Training stops after the epoch, once every callback has been called, also those after the one that stopped it."""
    seen: list[int] = []

    def second(history: cr.History) -> int:
        seen.append(history.epochs)
        return 1  # 1 is not True

    history = cr.train(
        small_net(), X, Y, epochs=9, callbacks=[lambda h: h.epochs == 4 and answer, second], engine=engine
    )
    assert (history.stopped, history.epochs, seen) == ("callback", 4, [1, 2, 3, 4])


def test_an_exception_of_a_callback_leaves_the_current_theta(engine: str) -> None:
    """When a callback's exception ends training, θ is that after the last epoch, and a note names the callback."""
    net, seen = small_net(), []

    def callback(history: cr.History) -> None:
        seen.append(net.theta.copy())
        if history.epochs == 3:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine") as caught:
        cr.train(net, X, Y, epochs=9, callbacks=[callback], engine=engine)
    name = f"{test_an_exception_of_a_callback_leaves_the_current_theta.__name__}.<locals>.callback"
    assert caught.value.__notes__ == [f"This was raised by the callback {name} after epoch 3."]
    np.testing.assert_array_equal(net.theta, seen[-1])


@pytest.mark.parametrize("train", [cr.train, cr.minimize])
def test_a_callback_that_raises_stop_iteration(train: Callable[..., cr.History]) -> None:
    """It ends training by an error that names it, as any other exception does, and tells how to stop."""

    def callback(history: cr.History) -> None:
        next(iter(()))

    words = r"callback .*callback raised StopIteration after epoch \d+\. To stop training, return True"
    with pytest.raises(RuntimeError, match=words) as caught:
        train(small_net(), X, Y, epochs=9, callbacks=[callback])
    assert isinstance(caught.value.__cause__, StopIteration)


class Recorder(RunCallback):
    """Keeps the epochs of its calls, and of the end."""

    def __init__(self, epochs: int | None, seconds: float = 0.1) -> None:
        self.epochs, self.seconds, self.seen = epochs, seconds, list[int]()

    def __repr__(self) -> str:
        return "Recorder"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Callable[[cr.History], object]]:
        """Watches the run."""
        yield lambda history: self.seen.append(history.epochs)
        self.seen.append(-1)


def test_each_callback_has_its_interval(engine: str) -> None:
    """Callbacks of 2 and 5 epochs, one of the clock, and a function are called at their own times, and at the end."""
    two, five, clock = Recorder(2), Recorder(5), Recorder(None, 1e9)
    seen: list[int] = []
    cr.train(
        small_net(), X, Y, epochs=11, callback_epochs=3, engine=engine,
        callbacks=[two, five, clock, lambda history: seen.append(history.epochs)],
    )  # fmt: skip
    assert (two.seen, five.seen, clock.seen) == ([2, 4, 6, 8, 10, 11, -1], [5, 10, 11, -1], [11, -1])
    assert seen == [3, 6, 9, 11]


@pytest.mark.parametrize("end", ["callback", "time limit"])
def test_every_callback_sees_the_last_epoch(end: str, engine: str) -> None:
    """If another callback, or the time limit, ends training between two calls, there is one more call."""
    rare = Recorder(10**9)
    stop = [lambda history: history.epochs == 4] if end == "callback" else []
    limit = cr.Deadline(0.02) if end == "time limit" else None
    history = cr.train(small_net(), X, Y, epochs=10**8, callbacks=[rare, *stop], time_limit=limit, engine=engine)
    assert rare.seen == [history.epochs, -1]


def test_a_callback_sees_the_last_theta_at_its_end() -> None:
    """When a context closes, the network has its last θ: with ``patience`` the best one."""
    thetas = []

    class Watch(RunCallback):
        @contextmanager
        def watch(self, run: WatchedRun) -> Iterator[None]:
            yield
            thetas.append(run.net.theta.copy())

    net = small_net()
    cr.train(net, X, Y, optimizer=cr.Adam(0.1), epochs=300, patience=5, validation=(X[::-1], Y), callbacks=[Watch()])
    assert thetas[0].tobytes() == net.theta.tobytes()


def test_wrong_callbacks() -> None:
    """A callback that is not in a list, no function, or a class in the place of an instance, is refused."""
    for callbacks, words in (
        (print, "callbacks must be a list of functions"),
        ([3], "callbacks must be a list of functions"),
        ([cr.callbacks.StopRequest], "callbacks must be instances; got the class StopRequest"),
    ):
        with pytest.raises(cr.InputError, match=words):
            cr.train(small_net(), X, Y, callbacks=callbacks)  # type: ignore[arg-type]
        with pytest.raises(cr.InputError, match=words):
            cr.minimize(small_net(), X, Y, callbacks=callbacks)  # type: ignore[arg-type]


def test_an_estimator_names_the_callback() -> None:
    """An exception in the thread of a network reaches the caller, with the name of the callback."""

    class Failing(Recorder):
        @contextmanager
        def watch(self, run: WatchedRun) -> Iterator[Callable[[cr.History], object]]:
            yield lambda history: 1 / 0

    with pytest.raises(ZeroDivisionError) as caught:
        NetworkRegressor(epochs=2, n_networks=2, random_state=0, callbacks=[Failing(1)]).fit(X, Y[:, 0])
    assert caught.value.__notes__ == ["This was raised by the callback Recorder after epoch 1."]
