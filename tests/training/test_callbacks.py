"""Callbacks: the epochs at which they are called, stopping by one, and errors in one."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from support.noisy_examples import X, Y, small_net
from support.patience import ENDLESS

import chainrule as cr


@pytest.mark.parametrize(("every", "expected"), [(1, [*range(1, 13)]), (5, [5, 10, 12]), (100, [12])])
def test_callback_epochs_sets_the_interval_of_calls(
    every: int, expected: list[int], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback is called after every ``callback_epochs`` epochs, and once more at the end; no slice ends earlier."""
    seen: list[int] = []
    slices: list[object] = []
    module = sys.modules["chainrule.training.job"]
    next_slice = module.Job._next_slice

    def counted(*arguments: object) -> object:
        slices.append(arguments)
        return next_slice(*arguments)

    monkeypatch.setattr(module, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(module.Job, "_next_slice", counted)

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
    """When a callback's exception ends training, θ is that after the last epoch."""
    net, seen = small_net(), []

    def callback(history: cr.History) -> None:
        seen.append(net.theta.copy())
        if history.epochs == 3:
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        cr.train(net, X, Y, epochs=9, callbacks=[callback], engine=engine)
    np.testing.assert_array_equal(net.theta, seen[-1])
