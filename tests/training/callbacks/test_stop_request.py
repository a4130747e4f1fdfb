"""A stop request ends training at once, from other threads and before training."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
from support.noisy_examples import X, Y, small_net
from support.patience import ENDLESS

import chainrule as cr
from chainrule.callbacks import StopRequest
from chainrule.estimators import NetworkRegressor


def set_soon(stop: StopRequest) -> threading.Thread:
    """Sets the request from another thread, in a tenth of a second."""
    thread = threading.Timer(0.1, stop.set)
    thread.start()
    return thread


def test_it_ends_a_slice(engine: str) -> None:
    """A run without any other callback, which is one slice of endless epochs, ends with the bits of its last step."""
    stop, net, other = StopRequest(), small_net(), small_net()
    thread = set_soon(stop)
    history = cr.train(net, X, Y, optimizer="adam", epochs=ENDLESS, callbacks=[stop], engine=engine)
    thread.join()
    assert (history.stopped, stop.is_set()) == ("callback", True)
    cr.train(other, X, Y, optimizer="adam", epochs=history.epochs, engine=engine)
    assert net.theta.tobytes() == other.theta.tobytes()


def test_it_does_not_wait_for_the_next_call() -> None:
    """It ends training in mid-epoch, and in the interval of other callbacks, which then see an end after an epoch."""
    stop, seen = StopRequest(), []
    rows = np.zeros((10_000, 2))
    thread = set_soon(stop)
    history = cr.train(
        small_net(), rows, rows[:, :1], epochs=ENDLESS, batch_size=1, callback_epochs=ENDLESS,
        callbacks=[stop, lambda history: seen.append(history.epochs)],
    )  # fmt: skip
    thread.join()
    assert history.stopped == "callback"
    assert seen == ([history.epochs] if history.epochs else [])  # on a busy machine not one epoch ends in time


def test_it_ends_a_search() -> None:
    """A search ends before its next evaluation of J."""
    stop, thetas = StopRequest(), []
    net = small_net()

    def look(history: cr.History) -> None:
        thetas.append(net.theta.copy())
        if history.epochs == 3:
            stop.set()

    history = cr.minimize(net, X, Y, callbacks=[stop, look])
    assert (history.stopped, history.epochs) == ("callback", 3)
    assert net.theta.tobytes() == thetas[-1].tobytes()


def test_it_ends_the_networks_of_an_estimator() -> None:
    """All networks of a fit stop, those that wait included, and the model is usable; a copy shares the request."""
    stop = StopRequest()
    assert copy.deepcopy(stop) is stop

    def request(history: cr.History) -> None:
        if history.epochs >= 20:  # the first network has learnt something by then
            stop.set()

    fit = NetworkRegressor(
        epochs=10**6, patience=10**6, n_networks=3, random_state=0, callbacks=[stop, request], threads=1
    )
    fit.fit(X, Y[:, 0])
    assert fit.stopped_ == "callback"
    assert np.isfinite(fit.predict(X)).all()


def test_a_request_before_training() -> None:
    """After ``set`` a training ends before its first step, until ``clear``."""
    stop, net = StopRequest(), small_net()
    stop.set()
    before = net.theta.copy()
    for optimizer in ("gradient_descent", "adam"):
        history = cr.train(net, X, Y, optimizer=optimizer, callbacks=[stop])
        assert (history.stopped, history.epochs) == ("callback", 0)
    assert net.theta.tobytes() == before.tobytes()
    assert cr.minimize(net, X, Y, callbacks=[stop]).epochs == 0
    stop.clear()
    assert cr.train(net, X, Y, epochs=2, callbacks=[stop]).epochs == 2


@pytest.mark.parametrize("count", [1, 2])
def test_it_forgets_runs_that_have_ended(count: int) -> None:
    """The request keeps no run, and no network, after the training, also after an error."""

    def fail(_: cr.History) -> None:
        raise LookupError

    stop = StopRequest()
    for _ in range(count):
        with pytest.raises(LookupError):
            cr.train(small_net(), X, Y, callbacks=[stop, fail])
    assert stop._runs == []
