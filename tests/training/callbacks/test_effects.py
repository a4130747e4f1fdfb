"""The effects of callbacks on a run: they may stop it, see its network and state, and train others."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

X = np.linspace(-1.0, 1.0, 30).reshape(10, 3)
Y = np.sin(X.sum(axis=1, keepdims=True))


def fresh() -> cr.Network:
    """3-4-1, d = 21."""
    return cr.Network.dense([3, 4, 1], hidden="tanh", seed=1)


def test_an_exception_of_a_callback_ends_training() -> None:
    """A callback's exception ends training unchanged, and θ is bitwise that of the epochs until then."""

    def fail(history: cr.History) -> None:
        if history.epochs == 3:
            raise LookupError("mine")

    net, other = fresh(), fresh()
    with pytest.raises(LookupError, match="mine"):
        cr.train(net, X, Y, optimizer="adam", epochs=10, callbacks=[fail])
    cr.train(other, X, Y, optimizer="adam", epochs=3)
    assert net.theta.tobytes() == other.theta.tobytes()
    cr.train(net, X, Y, epochs=1)  # and it can be trained again


def test_an_exception_of_a_callback_leaves_the_best_theta() -> None:
    """With ``patience`` the network then has the θ of the lowest validation cost so far."""

    def fail(history: cr.History) -> None:
        if history.epochs == 30:
            raise LookupError("mine")

    net = fresh()
    best: list[float] = []
    with pytest.raises(LookupError):
        cr.train(
            net,
            X,
            Y,
            optimizer=cr.Adam(0.5),
            epochs=100,
            patience=100,
            validation=(-X, Y),
            callbacks=[lambda history: best.append(float(history.validation_J.min())), fail],
        )
    assert cr.SumOfSquares()(net, -X, Y) == pytest.approx(best[-1], rel=1e-12)  # the engines sum in different orders


@pytest.mark.parametrize("answer", [True, np.True_])
def test_true_from_any_callback_stops(answer: object) -> None:
    """Training stops when a callback returns True, Python's or NumPy's; the callbacks after it are still called."""
    calls: list[int] = []
    history = cr.train(
        fresh(),
        X,
        Y,
        epochs=10,
        callbacks=[lambda h: answer if h.epochs == 4 else None, lambda h: calls.append(h.epochs)],
    )
    assert (history.stopped, history.epochs, calls) == ("callback", 4, [1, 2, 3, 4])


@pytest.mark.parametrize("answer", [None, False, 0, 1, "stop", np.ones(2), [True]])
def test_only_true_from_a_callback_stops(answer: object) -> None:
    """A callback stops training only if it returns True; any other value, an array included, does not."""
    assert cr.train(fresh(), X, Y, epochs=3, callbacks=[lambda _: answer]).stopped == "epochs"


def test_callback_epochs_is_the_interval_of_calls() -> None:
    """Callbacks are called every ``callback_epochs`` epochs, and always at the end."""
    calls: list[int] = []
    cr.train(fresh(), X, Y, epochs=10, callback_epochs=4, callbacks=[lambda h: calls.append(h.epochs)])
    assert calls == [4, 8, 10]


def test_callback_epochs_may_be_a_function() -> None:
    """If ``callback_epochs`` is a function, it returns the number of epochs until the next call."""
    calls: list[int] = []
    look = [lambda h: calls.append(h.epochs)]
    cr.train(fresh(), X, Y, epochs=10, callback_epochs=lambda: 2 + len(calls), callbacks=look)
    assert calls == [2, 5, 9, 10]
    with pytest.raises(cr.InputError, match="callback_epochs"):
        cr.train(fresh(), X, Y, epochs=10, callback_epochs=lambda: 0)


def test_a_callback_sees_the_current_network_and_state() -> None:
    """In a callback θ is that of the epochs so far, and ``history.state`` is a copy that training does not change."""
    net = fresh()
    states: list[cr.TrainingState] = []

    def look(history: cr.History) -> None:
        states.append(history.state)
        assert history.state.theta.tobytes() == net.theta.tobytes()

    cr.train(net, X, Y, optimizer="adam", epochs=6, callbacks=[look])
    other = fresh()
    cr.train(other, X, Y, optimizer="adam", epochs=6, resume=states[1])
    assert [state.epoch for state in states] == [1, 2, 3, 4, 5, 6]
    assert other.theta.tobytes() == net.theta.tobytes()


def test_a_training_in_a_callback() -> None:
    """A callback may train another network; both end as if they were trained alone."""
    inner, outer, alone = fresh(), fresh(), fresh()
    descent = cr.GradientDescent(0.01)
    cr.train(outer, X, Y, optimizer=descent, epochs=3,
             callbacks=[lambda _: cr.train(inner, X, Y, optimizer=descent, epochs=1)])  # fmt: skip
    cr.train(alone, X, Y, optimizer=descent, epochs=3)
    assert outer.theta.tobytes() == inner.theta.tobytes() == alone.theta.tobytes()
