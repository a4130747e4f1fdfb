"""A user's own cost: its derivative, given or computed, and the check of it at its first use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cost_examples import examples, squares

import chainrule as cr
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
