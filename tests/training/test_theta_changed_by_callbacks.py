"""Callbacks that change θ: every engine continues from the changed θ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.linspace(-1.0, 1.0, 60).reshape(20, 3)
Y = np.sin(3.0 * X.sum(axis=1, keepdims=True))


def new(m: int = 4) -> cr.Network:
    """3-m-1."""
    return cr.Network.dense([3, m, 1], hidden="tanh", seed=1)


def test_projected_descent(engine: str) -> None:
    """θ clipped to [−0.2, 0.2] after each epoch is that of single epochs with a projection in between."""
    settings: dict[str, Any] = {
        "optimizer": cr.Momentum(learning_rate=0.05),
        "batch_size": 5,
        "shuffle": False,
        "engine": engine,
    }
    net, other = new(), new()
    cr.train(
        net, X, Y, epochs=30, callbacks=[lambda _: np.clip(net.theta, -0.2, 0.2, out=net.theta)], callback_epochs=1,
        **settings,
    )  # fmt: skip
    state = None
    for epoch in range(1, 31):
        state = cr.train(other, X, Y, epochs=epoch, resume=state, **settings).state
        np.clip(other.theta, -0.2, 0.2, out=other.theta)
        state.theta[...] = other.theta
    assert abs(net.theta).max() == 0.2
    assert (net.theta == other.theta).all()


@pytest.mark.parametrize("m", [4, 40], ids=["lanes", "panels"])
def test_a_pruned_weight_stays_away(m: int, engine: str) -> None:
    """Weights that a callback sets to 0 after each epoch are 0 at the end, and in the final state."""
    net = new(m)

    def prune(history: cr.History) -> None:
        net.W[1][:, 0] = 0.0

    history = cr.train(net, X, Y, epochs=20, callbacks=[prune], callback_epochs=1, engine=engine)
    assert not net.W[1][:, 0].any()
    assert net.W[1][:, 1:].all()
    assert (history.state.theta == net.theta).all()


def test_a_callback_without_a_change_changes_nothing(engine: str) -> None:
    """Reading θ in a callback leaves the bits of the run."""
    net, other = new(), new()
    cr.train(net, X, Y, epochs=20, seed=0, callbacks=[lambda _: net.theta.sum()], callback_epochs=1, engine=engine)
    cr.train(other, X, Y, epochs=20, seed=0, engine=engine)
    assert (net.theta == other.theta).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_theta_must_stay_finite(value: float, engine: str) -> None:
    """A callback that makes an entry of θ infinite or NaN is an error."""
    net = new()

    def spoil(history: cr.History) -> None:
        net.b[1][0] = value

    with pytest.raises(cr.InputError, match="a callback has made θ infinite or NaN"):
        cr.train(net, X, Y, epochs=20, callbacks=[spoil], engine=engine)
