"""Training step by step: the steps of `train`, one at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(23, 3)), RNG.normal(size=(23, 2))

PLANS: dict[str, dict[str, Any]] = {
    "full batch": {"optimizer": cr.GradientDescent(0.01)},
    "a learning rate that is found": {"optimizer": "gradient_descent"},
    "one for minibatches": {"optimizer": "gradient_descent", "batch_size": 8},
    "minibatches": {"optimizer": cr.Adam(0.01), "batch_size": 5},
    "in order": {"optimizer": "momentum", "batch_size": 7, "shuffle": False},
    "weights and a mean": {"cost": cr.SumOfSquares(mean=True, l2=0.1), "batch_size": 4, "weights": np.arange(23.0)},
    "a schedule": {"optimizer": cr.Adam(cr.Cosine(0.01)), "batch_size": 10},
}


def network(dropout: float = 0.0) -> cr.Network:
    """A network 3-8-2."""
    return cr.Network.dense([3, 8, 2], hidden="tanh", dropout=dropout, seed=1)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_steps_are_those_of_train(plan: dict[str, Any], dropout: float, engine: str) -> None:
    """After e epochs θ is bitwise that of ``cr.train``; each epoch visits each row once; θ + change is the next θ."""
    trained, descended = network(dropout), network(dropout)
    cr.train(trained, X, Y, epochs=4, seed=5, engine=engine, **plan)
    steps = list(cr.descend(descended, X, Y, epochs=4, seed=5, engine=engine, **plan))
    assert np.array_equal(descended.theta, trained.theta)
    assert [step.k for step in steps] == list(range(1, len(steps) + 1))
    for epoch in range(1, 5):
        assert sorted(np.concatenate([step.rows for step in steps if step.epoch == epoch])) == list(range(23))
    for step, after in pairwise(steps):
        np.testing.assert_allclose(step.theta + step.change, after.theta, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_change_is_minus_alpha_times_the_gradient(dropout: float, engine: str) -> None:
    """In gradient descent, θ changes by −α ∇J(θ) of the minibatch at the θ before, with the masks of its dropout."""
    steps = cr.descend(
        network(dropout), X, Y, optimizer=cr.GradientDescent(0.01), batch_size=6, epochs=3, engine=engine
    )
    for step in steps:
        np.testing.assert_allclose(step.change, -step.alpha * step.gradient.theta, rtol=1e-11, atol=1e-14)
        if dropout:
            assert step.masks is not None
            assert step.masks[1] is not None
            assert step.masks[1].shape == (len(step.rows), 8)
            assert set(np.unique(step.masks[1])) <= {0.0, 1.0 / 0.7}
        else:
            assert step.masks is None


def test_parts_of_J_add_up_to_the_record() -> None:
    """The J of an epoch's minibatches add up to the J of the history."""
    history = cr.train(network(), X, Y, optimizer=cr.GradientDescent(0.01), batch_size=5, epochs=2)
    steps = list(cr.descend(network(), X, Y, optimizer=cr.GradientDescent(0.01), batch_size=5, epochs=2))
    sums = [sum(step.J for step in steps if step.epoch == epoch) for epoch in (1, 2)]
    np.testing.assert_allclose(sums, history.J, rtol=1e-12)


def test_a_step_by_hand() -> None:
    """N(x) = 2x + 1 at x = 3, y = 5: δ = 2, ∇J = (6, 2); with α = ½ the step is (−3, −1)."""
    net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    step = next(cr.descend(net, [[3.0]], [[5.0]], optimizer=cr.GradientDescent(0.5)))
    assert (step.k, step.epoch, step.rows.tolist(), step.J, step.alpha) == (1, 1, [0], 2.0, 0.5)
    assert step.gradient.delta[1].tolist() == [[2.0]]
    assert (step.theta.tolist(), step.change.tolist()) == ([2.0, 1.0], [-3.0, -1.0])
    assert net.theta.tolist() == [-1.0, 0.0]
    assert repr(step) == "DescentStep(k=1, epoch=1, rows=1, alpha=0.5)"


def test_theta_changed_between_steps(engine: str) -> None:
    """The next step starts from the θ that the loop leaves behind."""
    net = network()
    steps = cr.descend(net, X, Y, optimizer=cr.GradientDescent(0.01), engine=engine)
    next(steps)
    net.theta = np.zeros(net.d)
    assert not next(steps).theta.any()


def test_it_does_not_end_by_itself() -> None:
    """Without ``epochs`` there is always a next step, and the network may be trained when the loop is left."""
    net = network()
    for step in cr.descend(net, X, Y, optimizer=cr.GradientDescent(1e-3)):
        if step.k == 250:
            break
    assert step.epoch == 250
    cr.train(net, X, Y, epochs=1, optimizer=cr.GradientDescent(1e-3))


def test_errors() -> None:
    """A schedule needs ``epochs``; wrong input is refused at the call; 0 epochs have no step; α = 1e6 diverges."""
    with pytest.raises(cr.InputError, match="epochs must be given with a schedule"):
        cr.descend(network(), X, Y, optimizer=cr.Adam(cr.Cosine(0.1)))
    with pytest.raises(cr.InputError, match="one label per row"):
        cr.descend(network(), X, Y[:3])
    assert list(cr.descend(network(), X, Y, epochs=0)) == []
    with pytest.raises(cr.DivergenceError, match="learning rate"):
        list(cr.descend(network(), X, Y, optimizer=cr.GradientDescent(1e6), epochs=1000))
