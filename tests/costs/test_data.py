"""The training sets of `cr.data`: where their points lie, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array


def arrays(T: cr.TrainingSet) -> tuple[Array, Array]:
    """X and Y, of which X is not sparse here."""
    assert isinstance(T.X, np.ndarray)
    return T.X, T.Y


@pytest.mark.parametrize("make", [cr.data.circles, cr.data.moons, cr.data.spirals])
def test_two_classes_in_turn(make: Any) -> None:
    """X (t, 2), Y (t, 1) with 0 and 1 in turn; a seed gives the same points again, another one others."""
    X, Y, weights = make(51, seed=3)
    assert (X.shape, Y.shape, weights) == ((51, 2), (51, 1), None)
    assert Y.ravel().tolist() == [0.0, 1.0] * 25 + [0.0]
    assert np.array_equal(make(51, seed=3).X, X)
    assert not np.array_equal(make(51, seed=4).X, X)


def test_points_without_noise_lie_on_their_curves() -> None:
    """Moons are half circles around (0, 0) and (1, ½); of spirals with one turn, the angle is 2π times the radius."""
    X, Y = arrays(cr.data.moons(60, noise=0.0))
    centres = np.where(Y == 0.0, [[0.0, 0.0]], [[1.0, 0.5]])
    np.testing.assert_allclose(np.hypot(*(X - centres).T), 1.0)
    assert ((X - centres)[:, 1] * np.where(Y == 0.0, 1.0, -1.0).ravel() >= 0.0).all()
    X, Y = arrays(cr.data.spirals(60, turns=1.0, noise=0.0))
    points = X[:, 0] + 1j * X[:, 1]
    radius = abs(points)
    np.testing.assert_allclose(points, radius * np.exp(2j * np.pi * radius) * np.where(Y == 0.0, 1.0, -1.0).ravel())


def test_spirals_of_three_classes_are_a_third_of_a_turn_apart() -> None:
    """y has 1 in the place of its class, and turning class k back by k / 3 of a turn gives the first spiral."""
    X, Y = arrays(cr.data.spirals(60, classes=3, turns=1.0, noise=0.0))
    assert Y.shape == (60, 3)
    assert Y.argmax(axis=1).tolist() == [0, 1, 2] * 20
    assert (Y.sum(axis=1) == 1.0).all()
    points = X[:, 0] + 1j * X[:, 1]
    radius = abs(points)
    np.testing.assert_allclose(
        points * np.exp(-2j * np.pi * Y.argmax(axis=1) / 3), radius * np.exp(2j * np.pi * radius)
    )


def test_xor_may_be_repeated_with_noise() -> None:
    """Examples beyond the fourth repeat the four, and the errors have the standard deviation that is given."""
    X, Y = arrays(cr.data.xor(20_000, noise=0.1))
    four, y = arrays(cr.data.xor())
    errors = X - np.tile(four, (5_000, 1))
    assert np.array_equal(Y, np.tile(y, (5_000, 1)))
    assert abs(errors.std() - 0.1) < 5 * 0.1 / np.sqrt(80_000)


def test_noise_is_a_standard_deviation() -> None:
    """The errors of 20,000 examples have mean 0 and the given standard deviation, within five standard errors."""
    X, Y = arrays(cr.data.line(20_000, slope=-3.0, intercept=0.5, noise=0.2))
    errors = Y - (-3.0 * X + 0.5)
    assert abs(errors.mean()) < 5 * 0.2 / np.sqrt(20_000)
    assert abs(errors.std() - 0.2) < 5 * 0.2 / np.sqrt(40_000)


def test_xor_needs_two_layers() -> None:
    """∇J = 0 at N(x) = ½, so linear regression finds no better; a network with r = 2 fits the examples exactly."""
    T = cr.data.xor()
    flat = cr.Network([cr.Layer([[0.0, 0.0]], [0.5], "identity")])
    assert not cr.gradient(flat, "sum_of_squares", T).theta.any()
    relu = cr.Layer([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], "relu")
    assert np.array_equal(cr.Network([relu, cr.Layer([[1.0, -2.0]], [0.0], "identity")])(T.X), T.Y)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.data.circles(0), "t must be an integer ≥ 1"),
        (lambda: cr.data.moons(noise=-0.1), "noise must be"),
        (lambda: cr.data.line(seed=-1), "seed must be"),
        (lambda: cr.data.spirals(classes=1), "classes must be an integer ≥ 2"),
        (lambda: cr.data.on(np.sin, low=1.0, high=0.0), "high must be"),
        (lambda: cr.data.on(lambda x: 1.0), "must have the shape of x"),  # type: ignore[arg-type, return-value]
        (lambda: cr.data.above(3), "f must be a function"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_training_set_is_refused(make: Any, message: str) -> None:
    """The message names the argument."""
    with pytest.raises(cr.InputError, match=message):
        make()
