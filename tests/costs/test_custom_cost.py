"""A user's own cost: its derivative, given or computed, and the check of it at its first use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cost_examples import examples, squares

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.costs import check_cost


def test_a_custom_cost_is_the_built_in_one() -> None:
    """A user's sum of squares, with or without its derivative, has the losses and derivatives of the built-in one."""
    A, Y = examples(cr.SumOfSquares())
    for own in (cr.CustomCost(squares), cr.CustomCost(squares, lambda A, Y: A - Y)):
        np.testing.assert_allclose(own.losses(A, Y), cr.SumOfSquares().losses(A, Y), rtol=1e-15)
        np.testing.assert_allclose(own.derivative(A, Y), A - Y, rtol=1e-15)
        single = own.derivative(A.astype(np.float32), Y.astype(np.float32))
        assert single.dtype == np.float32
        own.check_output(cr.relu, 3)
        assert not own.closed_form(cr.sigmoid)


def test_a_custom_cost_is_a_value() -> None:
    """Name, penalties and equality work as for the built-in ones."""
    own = cr.CustomCost(squares, name="mine", mean=True, l2=0.5)
    assert repr(own) == "CustomCost(mine, mean=True, l2=0.5)"
    assert (own.name, own.mean, own.l2) == ("mine", True, 0.5)
    assert own == cr.CustomCost(squares, name="mine", mean=True, l2=0.5)
    assert own != cr.CustomCost(squares, name="other", mean=True, l2=0.5)
    assert hash(own) == hash(cr.CustomCost(squares, name="mine", mean=True, l2=0.5))
    assert own.penalty([np.array([[2.0]])]) == 1.0


def test_a_custom_cost_may_have_kinks() -> None:
    """A derivative at a kink is accepted if it lies between the one-sided ones, and refused otherwise."""
    A, Y = np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]])
    good = cr.CustomCost(lambda A, Y: abs(A - Y).sum(axis=1), lambda A, Y: np.sign(A - Y))
    np.testing.assert_array_equal(good.derivative(A, Y), [[0.0], [1.0]])
    bad = cr.CustomCost(lambda A, Y: abs(A - Y).sum(axis=1), lambda A, Y: np.where(A == Y, 2.0, np.sign(A - Y)))
    with pytest.raises(cr.InputError, match="got 2 at a = 1, y = 1"):
        bad.derivative(A, Y)


@pytest.mark.parametrize(
    ("losses", "derivative", "message"),
    [
        (squares, lambda A, Y: 2 * (A - Y), "must be ∂ℓ/∂a; got.*Correct it"),
        (squares, lambda A, Y: np.full_like(A, np.nan), "got nan"),
        (squares, lambda A, Y: (A - Y).sum(axis=1), r"shape of A, \(5, 2\)"),
        (lambda A, Y: abs(A - Y).sum(axis=1), None, "give derivative"),
        (lambda A, Y: np.asarray((A - Y).astype(float) ** 2).sum(axis=1), None, "give derivative"),
        (lambda A, Y: squares(A, Y).sum(), lambda A, Y: A - Y, r"one number per example, shape \(5,\)"),
        (lambda A, Y: (A - Y) ** 2, None, r"Sum over the outputs only"),
        (lambda A, Y: squares(A, Y) / len(A), lambda A, Y: (A - Y) / len(A), "that example alone"),
        (lambda A, Y: squares(A, Y + "x"), None, "failed on A"),
    ],
)
def test_bad_custom_costs_are_refused_at_first_use(losses: Any, derivative: Any, message: str) -> None:
    """The first use of a wrong derivative raises an error with the place and the remedy."""
    A, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
    with pytest.raises(cr.InputError, match=message):
        cr.CustomCost(losses, derivative).derivative(A, Y)


def huber(A: Array, Y: Array, threshold: float = 1.0) -> Array:
    """Huber's loss as it is often written: abs() drops the imaginary part, so that its complex step is 0 far away."""
    far = threshold * (abs(A - Y) - 0.5 * threshold)
    return np.asarray(np.where(abs(A - Y) < threshold, 0.5 * (A - Y) ** 2, far).sum(axis=1))


def analytic_huber(A: Array, Y: Array) -> Array:
    """Huber's loss with the sign of the real part, which the complex step differentiates."""
    e, sign = A - Y, np.sign((A - Y).real)
    return np.asarray(np.where(e.real * sign < 1, 0.5 * e**2, sign * e - 0.5).sum(axis=1))


@pytest.mark.parametrize("scale", [1e-3, 0.2, 5.0, 1e5])
@pytest.mark.parametrize(
    ("losses", "derivative"),
    [
        (huber, None),
        (huber, lambda A, Y: A - Y),
        (lambda A, Y: np.where(A > Y, 2.0 * (A - Y), Y - A).sum(axis=1), lambda A, Y: np.full_like(A, 2.0)),
        (lambda A, Y: np.maximum(0.0, 1.0 - A * Y).sum(axis=1), lambda A, Y: -Y),
    ],
    ids=["Huber by abs", "Huber as a square", "one side of two", "hinge without its end"],
)
def test_a_derivative_that_is_wrong_far_from_the_labels_is_refused(losses: Any, derivative: Any, scale: float) -> None:
    """The first use looks at outputs near and far from each label, not only at those at hand, which are right here."""
    A = scale * np.array([[1.02], [0.51]])
    Y = scale * np.array([[1.0], [0.5]])
    unit = min(1.0, scale)  # thresholds of the size of the labels, or 1

    def scaled(A: Array, Y: Array) -> Array:
        return np.asarray(losses(A / unit, Y / unit))

    own = cr.CustomCost(scaled, derivative and (lambda A, Y: derivative(A / unit, Y / unit) / unit))
    with pytest.raises(cr.InputError, match=r"must be ∂ℓ/∂a; got"):
        own.derivative(A, Y)


@pytest.mark.parametrize("rare", [-0.5, 7.0])
def test_a_derivative_that_is_wrong_at_rare_labels_is_refused(rare: float) -> None:
    """A loss that doubles at labels of which there are three among 400 is checked there too, if they are extreme."""
    J = cr.CustomCost(
        lambda A, Y: (np.where(rare == Y, 1.0, 0.5) * (A - Y) ** 2).sum(axis=1), lambda A, Y: np.asarray(A - Y)
    )
    Y = np.random.default_rng(0).uniform(0.0, 1.0, (400, 1))
    Y[[17, 130, 301]] = rare
    with pytest.raises(cr.InputError, match=r"must be ∂ℓ/∂a; .* y = " + f"{rare:g}"):
        cr.costs.check_cost(J, Y + 0.1, Y)


def test_a_loss_of_pieces_is_accepted() -> None:
    """A Huber loss with a right derivative, given or by the complex step, is Huber's."""
    A, Y = np.array([[0.3, -4.0], [2.0, 1e4]]), np.zeros((2, 2))
    for own in (cr.CustomCost(analytic_huber), cr.CustomCost(huber, lambda A, Y: np.clip(A - Y, -1, 1))):
        np.testing.assert_allclose(own.derivative(A, Y), cr.Huber().derivative(A, Y), rtol=1e-15)


def test_a_wrong_piece_that_is_reached_late_is_refused_then() -> None:
    """In training each use may bring outputs in another piece: farther than any before, or at some later use."""
    far = cr.CustomCost(lambda A, Y: huber(A, Y, 1e4), lambda A, Y: A - Y)
    small = np.linspace(0.0, 1.0, 50)[:, None]
    for _ in range(5):
        far.derivative(small, small + 0.5)
    outlier = small.copy()
    outlier[31] = 3e4
    with pytest.raises(cr.InputError, match=r"got 29999.* at a = 30000, y = .* \(row 31, column 0\)"):
        far.derivative(outlier, small)

    near = cr.CustomCost(  # wrong where 1e-5 < e < 1e-4, which no distance of the first use meets
        lambda A, Y: (A - Y).sum(axis=1) ** 2,
        lambda A, Y: np.where((A - Y > 1e-5) & (A - Y < 1e-4), 3.0, 2 * (A - Y)),
    )
    near.derivative(np.array([[2.0], [3.0]]), np.array([[1.0], [1.0]]))
    with pytest.raises(cr.InputError, match=r"got 3 at a = 1.00005"):
        near.derivative(np.array([[1.00005], [3.0]]), np.array([[1.0], [1.0]]))


def test_outputs_outside_of_the_domain_are_left_out() -> None:
    """A loss that refuses outputs outside of its domain is checked inside of it."""

    def log_loss(A: Array, Y: Array) -> Array:
        assert ((A > 0) & (A < 1)).all()
        return np.asarray(-(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum(axis=1))

    A, Y = np.array([[0.3], [0.9]]), np.array([[0.0], [1.0]])
    own = cr.CustomCost(log_loss, lambda A, Y: (A - Y) / (A * (1 - A)))
    np.testing.assert_allclose(own.derivative(A, Y), cr.LogLikelihood().derivative(A, Y), rtol=1e-14)
    with pytest.raises(cr.InputError, match="must be ∂ℓ/∂a"):
        cr.CustomCost(log_loss, lambda A, Y: A - Y).derivative(A, Y)


def test_training_with_a_wrong_derivative_ends_with_the_counterexample() -> None:
    """A regression with six outliers among 400 rows is refused, whichever rows the first use looks at."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 1))
    Y = 2.0 * X + 0.1 * rng.normal(size=(400, 1))
    Y[[3, 77, 150, 222, 301, 390]] += 40.0
    net = cr.Network.dense([1, 1], initial="zeros")
    own, descent = cr.CustomCost(huber, mean=True), cr.GradientDescent(0.1)
    with pytest.raises(cr.InputError, match="The complex step needs analytic functions"):
        cr.train(net, X, Y, cost=own, optimizer=descent, epochs=5, engine="reference")


def test_the_check_skips_points_without_differences() -> None:
    """The check skips a = 1e-9, where the left quotient of −log a is NaN, and outputs that are not finite."""
    own = cr.CustomCost(lambda A, Y: -np.log(A).sum(axis=1), lambda A, Y: -1 / A)
    np.testing.assert_allclose(own.derivative(np.array([[1e-9]]), np.array([[0.0]])), [[-1e9]])
    fresh = cr.CustomCost(squares)
    assert np.isnan(fresh.derivative(np.array([[np.nan]]), np.array([[0.0]]))).all()


def test_the_check_needs_equal_shapes() -> None:
    """`check_cost` refuses A and Y of different shapes."""
    with pytest.raises(cr.InputError, match="same shape"):
        check_cost(cr.SumOfSquares(), np.zeros((2, 2)), np.zeros((2, 1)))


def test_complex_outputs_need_a_written_derivative() -> None:
    """At complex outputs the derivative must be given, since complex steps cannot be nested."""
    A, Y = np.array([[1.0 + 1j]]), np.array([[0.0]])
    with pytest.raises(cr.InputError, match="give derivative"):
        cr.CustomCost(squares).derivative(A, Y)
    np.testing.assert_array_equal(cr.CustomCost(squares, lambda A, Y: A - Y).derivative(A, Y), A)
