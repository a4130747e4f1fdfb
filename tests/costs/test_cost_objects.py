"""Costs as frozen values: settings, equality, representation and names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from support.cost_examples import ALL, squares

import chainrule as cr
from chainrule import costs


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        (lambda: cr.SumOfSquares(l1=-1.0), "l1"),
        (lambda: cr.SumOfSquares(l2=-0.1), "l2"),
        (lambda: cr.SumOfSquares(l2=np.inf), "l2"),
        (lambda: cr.SumOfSquares(l1=np.nan), "l1"),
        (lambda: cr.SumOfSquares(l2="0.1"), "l2"),  # type: ignore[arg-type]
        (lambda: cr.SumOfSquares(mean=1), "mean"),  # type: ignore[arg-type]
        (lambda: cr.Huber(threshold=0.0), "threshold"),
        (lambda: cr.Huber(-1.0), "threshold"),
        (lambda: cr.Quantile(q=0.0), "q"),
        (lambda: cr.Quantile(q=1.0), "q"),
        (lambda: cr.Quantile(q=np.nan), "q"),
        (lambda: cr.Quantile(q=()), "q"),
        (lambda: cr.Quantile(q=(0.5, 1.0)), "q"),
        (lambda: cr.CrossEntropy(label_smoothing=1.0), "label_smoothing"),
        (lambda: cr.CrossEntropy(label_smoothing=-0.1), "label_smoothing"),
        (lambda: cr.CustomCost(3), "losses"),  # type: ignore[arg-type]
        (lambda: cr.CustomCost(squares, 3), "derivative"),  # type: ignore[arg-type]
        (lambda: cr.CustomCost(squares, name=""), "name"),
        (lambda: cr.CustomCost(squares, l2=-1.0), "l2"),
    ],
)
def test_bad_settings_are_refused(make: Callable[[], cr.Cost], symbol: str) -> None:
    """The error begins with the setting's name."""
    with pytest.raises(cr.InputError, match=rf"^{symbol} must"):
        make()


def test_costs_are_frozen_values() -> None:
    """Equal settings make equal costs with equal hashes; nothing can be assigned; numbers become floats."""
    assert cr.Huber(2, l2=np.float64(0.5)) == cr.Huber(threshold=2.0, l2=0.5)
    assert hash(cr.Huber(2)) == hash(cr.Huber(2.0))
    assert cr.Huber(2.0) != cr.Huber(1.0)
    assert len({cr.SumOfSquares(), cr.AbsoluteError(), cr.SumOfSquares()}) == 2
    assert type(cr.SumOfSquares(l2=np.float64(0.5)).l2) is float
    with pytest.raises(dataclasses.FrozenInstanceError):
        cr.SumOfSquares().l2 = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("cost", [cr.SumOfSquares(), cr.SumOfSquares(mean=True, l2=0.3), cr.LogLikelihood()], ids=repr)
def test_J_of_a_complex_network_is_complex(cost: cr.Cost) -> None:
    """∂J/∂θₖ = Im J(θ + ih eₖ)/h for every k, as J(net, X, Y) is typed; the real part is J of the real network."""
    net = cr.Network.dense([2, 3, 1], hidden="tanh", output="sigmoid", seed=1)
    X, Y, shifted = np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([[1.0], [0.0]]), net.astype(complex)
    slopes = np.empty(net.d)
    for k in range(net.d):
        shifted.theta[k] += 1e-30j
        J = cost(shifted, X, Y)
        slopes[k] = np.imag(J) / 1e-30
        shifted.theta[k] = net.theta[k]
        assert np.real(J) == pytest.approx(cost(net, X, Y), rel=1e-14)
    np.testing.assert_allclose(slopes, cr.gradient(net, cost, X, Y).theta, rtol=1e-12)
    assert type(cost(net, X, Y)) is float


@pytest.mark.parametrize("cost", [*ALL, cr.Huber(0.1, mean=True, l1=0.5)], ids=repr)
def test_the_representation_makes_the_cost_again(cost: cr.Cost) -> None:
    """``repr`` is the expression that makes the same cost."""
    assert eval(repr(cost), vars(costs)) == cost  # noqa: S307  # our own text


def test_costs_by_name() -> None:
    """A name gives its cost with the defaults, a cost gives itself, and an unknown name gets a suggestion."""
    assert {name: costs.get(name).name for name in costs.COSTS} == {name: name for name in costs.COSTS}
    assert costs.get("cross_entropy") == cr.CrossEntropy()
    own = cr.Huber(3.0)
    assert costs.get(own) is own
    with pytest.raises(cr.UnknownName, match="did you mean 'sum_of_squares'"):
        costs.get("sum_of_square")
    with pytest.raises(cr.InputError, match="cost must be a cost"):
        costs.get(cr.Huber)  # type: ignore[arg-type]
