"""The chart of N(x) over one input."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot

pytest.importorskip("matplotlib")

X, Y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 2.0])


def test_the_curve_is_n_and_the_shares_add_up_to_it() -> None:
    """The curve is N(x), the points are the examples, and the shares and b[r] add up to N(x) for σ[r] = identity."""
    net = cr.Network.dense([1, 4, 1], hidden="tanh", seed=1)
    net.b[2][...] = 0.5
    (axes,) = plot.fit(net, X, Y, title="a fit").axes
    *shares, curve, points = axes.lines
    x, N = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    np.testing.assert_allclose(N, net(x[:, None])[:, 0], rtol=1e-12)
    assert (x[0], x[-1]) == pytest.approx((-0.3, 2.3))
    np.testing.assert_array_equal(points.get_xydata(), np.c_[X[:, 0], Y])
    assert len(shares) == 4
    np.testing.assert_allclose(0.5 + sum(np.asarray(share.get_ydata()) for share in shares), N, rtol=1e-12)
    assert axes.get_title(loc="left") == "a fit"


def test_with_another_sigma_there_are_no_shares() -> None:
    """The shares of a sigmoid unit add up to z[2], not to N(x), and only N(x) and the examples are drawn."""
    net = cr.Network.dense([1, 4, 1], output="sigmoid", seed=1)
    (axes,) = plot.fit(net, X, [0, 1, 1]).axes
    assert [line.get_label() for line in axes.lines] == ["N(x)", "examples"]


def test_of_many_units_the_largest_shares_are_drawn() -> None:
    """Of 30 units 12 are drawn, those with the largest range, in the order of the units."""
    net = cr.Network.dense([1, 30, 1], hidden="tanh", seed=1)
    (axes,) = plot.fit(net, X, Y).axes
    *shares, curve, _ = axes.lines
    a = net.forward(np.asarray(curve.get_xdata())[:, None]).a[1]
    every = net.W[2][0] * a
    largest = sorted(np.argsort(np.ptp(every, axis=0))[-12:])
    np.testing.assert_allclose(np.stack([share.get_ydata() for share in shares]), every[:, largest].T, rtol=1e-12)
    assert shares[0].get_label() == "W[2]₁ₗ a[1]ₗ, 12 of 30 units"


def test_one_example_has_a_chart() -> None:
    """The axis of a single example goes from x − 1 to x + 1; the share of a network of one layer is W x."""
    share, curve, _ = plot.fit(cr.Network([cr.Layer([[2.0]], [1.0], "identity")]), [[3.0]], [7.0]).axes[0].lines
    x = np.asarray(curve.get_xdata())
    assert (x[0], x[-1]) == (2.0, 4.0)
    np.testing.assert_array_equal(share.get_ydata(), 2 * x)


def test_what_is_no_function_of_one_number_is_refused() -> None:
    """Two inputs, two outputs, complex numbers and examples of other shapes have a message each."""
    net = cr.Network.dense([1, 1])
    with pytest.raises(cr.InputError, match="one input and one output for this chart; got n = 2, m = 1"):
        plot.fit(cr.Network.dense([2, 1]), X, Y)
    with pytest.raises(cr.InputError, match="one input and one output for this chart; got n = 1, m = 2"):
        plot.fit(cr.Network.dense([1, 2]), X, Y)
    with pytest.raises(cr.InputError, match="net must be float32 or float64"):
        plot.fit(net.astype(complex), X, Y)
    with pytest.raises(cr.InputError, match=r"X must have shape \(t, 1\)"):
        plot.fit(net, X[:, 0], Y)
    with pytest.raises(cr.InputError, match="Y must hold one label per row of X, 3; got 2"):
        plot.fit(net, X, Y[:2])
