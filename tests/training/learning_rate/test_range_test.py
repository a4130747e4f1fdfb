"""The learning rate range test."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 5))
Y = np.sin(X[:, :1]) + X[:, 1:2] * X[:, 2:3]


def network() -> cr.Network:
    """A network 5-16-1."""
    return cr.Network.dense([5, 16, 1], hidden="tanh", seed=1)


def test_curve() -> None:
    """α grows by the same factor from ``lowest``; J[0] is J(θ₀); the suggestion is a tenth of the α of the lowest J."""
    test = cr.find_learning_rate(network(), X, Y, lowest=1e-5, highest=1.0, steps=51)
    np.testing.assert_allclose(test.alpha, 1e-5 * 1e5 ** (np.arange(len(test.alpha)) / 50), rtol=1e-12)
    assert test.J[0] == pytest.approx(cr.SumOfSquares()(network(), X, Y), rel=1e-14)
    assert test.J[-1] > 4 * test.J.min() or len(test.alpha) == 51
    assert test.suggestion == test.alpha[test.J.argmin()] / 10
    assert repr(test) == f"LearningRateTest({len(test.alpha)} steps, suggestion={test.suggestion:.2g})"


def test_a_J_that_is_no_number_is_not_the_lowest() -> None:
    """NaN, as of ∞ − ∞ in the outputs, is above every J."""
    assert cr.LearningRateTest(alpha=np.array([0.01, 0.1, 1.0]), J=np.array([3.0, 2.0, np.nan])).suggestion == 0.01


def test_quadratic_bowl() -> None:
    """Of ½ L θ² with α > 2/L, J rises: the α of the lowest J lies near that, and the suggestion below it."""
    for L in (0.1, 1.0, 100.0):
        net = cr.Network([cr.Layer([[1.0]], [0.0], cr.identity)])
        x = np.sqrt(L / 2)
        test = cr.find_learning_rate(net, [[x], [-x]], [[0.0], [0.0]], highest=100.0)
        assert 0.2 / L < 10 * test.suggestion < 20 / L


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(1.0), cr.Adam(), cr.Momentum(1.0)], ids=str)
@pytest.mark.parametrize("batch_size", [None, 32])
def test_suggestion_trains(optimizer: cr.Optimizer, batch_size: int | None) -> None:
    """With the suggested α, J falls to less than a half."""
    net, cost = network(), cr.SumOfSquares(mean=True)
    test = cr.find_learning_rate(net, X, Y, cost=cost, optimizer=optimizer, batch_size=batch_size)
    settled = type(optimizer)(test.suggestion)
    cr.train(net, X, Y, cost=cost, optimizer=settled, epochs=100 if batch_size else 300, batch_size=batch_size)
    assert cost(net, X, Y) < 0.5 * test.J[0]


def test_network_is_not_touched() -> None:
    """The test trains a copy."""
    net = network()
    cr.find_learning_rate(net, X, Y)
    assert np.array_equal(net.theta, network().theta)


def test_many_examples() -> None:
    """Of more than 1,024 examples, J is measured over 1,024 that lie evenly among them."""
    net = cr.Network.dense([1, 1], initial="zeros")
    Y = np.repeat([[1.0], [3.0]], 2048, axis=0)
    test = cr.find_learning_rate(net, np.ones((4096, 1)), Y, batch_size=256)
    assert test.J[0] == pytest.approx(0.5 * (512 * 1.0 + 512 * 9.0), rel=1e-12)


def test_errors() -> None:
    """RPROP, bounds in the wrong order, fewer than two steps and a J that never falls are refused."""
    for arguments, words in (
        ({"optimizer": "rprop"}, "RPROP finds the step size"),
        ({"lowest": 1.0, "highest": 0.1}, "lowest < highest must hold; got 1 and 0.1"),
        ({"lowest": 0.0}, "lowest"),
        ({"steps": 1}, "steps"),
        ({"batch_size": 0}, "batch_size"),
        ({"lowest": 1e300, "highest": 1e301}, "J did not fall for any α"),
    ):
        with pytest.raises(cr.InputError, match=words):
            cr.find_learning_rate(network(), X, Y, **arguments)
