"""The chart of the examples in the coordinates of the first layer."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot

pytest.importorskip("matplotlib")
contour = pytest.importorskip("matplotlib.contour")

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])


@pytest.mark.parametrize("units", [(1, 2), (2, 1)])
def test_one_line_parts_the_folded_xor(units: tuple[int, int]) -> None:
    """The examples lie at a[1], and the line z[2] = 2 a[1]₁ − 4 a[1]₂ − 1 = 0 is the boundary, on swapped axes too."""
    hidden = cr.Layer([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], "relu")
    net = cr.Network([hidden, cr.Layer([[2.0, -4.0]], [-1.0], "sigmoid")])
    (axes,) = plot.folded(net, CORNERS, XOR, units=units, title="folded").axes
    order = [unit - 1 for unit in units]
    a = net.forward(CORNERS).a[1][:, order]
    line, *drawn = axes.lines
    for k, examples in enumerate(drawn):
        np.testing.assert_array_equal(examples.get_xydata(), a[XOR == k])
    boundary = next(part for part in axes.collections if isinstance(part, contour.ContourSet) and not part.filled)
    for points in (np.asarray(line.get_xydata()), boundary.get_paths()[0].vertices):
        np.testing.assert_allclose(points[:, order] @ [2.0, -4.0], 1.0, atol=1e-3)  # between points of the grid
    assert (axes.get_xlabel(), axes.get_ylabel()) == tuple(f"a[1]{'₁₂'[unit - 1]}" for unit in units)


def test_of_more_units_two_are_drawn_without_regions() -> None:
    """The regions depend on all units, so a layer of three has the examples alone, at the two units asked for."""
    net = cr.Network.dense([2, 3, 2], hidden="tanh", output="softmax", seed=0)
    (axes,) = plot.folded(net, CORNERS, XOR, units=(3, 1)).axes
    a = net.forward(CORNERS).a[1][:, [2, 0]]
    assert not axes.collections
    for k, examples in enumerate(axes.lines):
        np.testing.assert_array_equal(examples.get_xydata(), a[XOR == k])


def test_what_has_no_two_coordinates_is_refused() -> None:
    """One layer, a first layer of one unit, wrong units, and outputs that overflow have a message each."""
    with pytest.raises(cr.InputError, match=r"net must have a hidden layer.*; got the sizes \(2, 1\)"):
        plot.folded(cr.Network.dense([2, 1]), CORNERS, XOR)
    with pytest.raises(cr.InputError, match=r"two units or more in the first; got the sizes \(2, 1, 1\)"):
        plot.folded(cr.Network.dense([2, 1, 1]), CORNERS, XOR)
    net = cr.Network.dense([2, 3, 1])
    for units in [(1, 1), (1, 4), (1,), "12", 1]:
        with pytest.raises(cr.InputError, match="units must be two different units of layer 1, from 1 to 3"):
            plot.folded(net, CORNERS, XOR, units=units)  # type: ignore[arg-type]
    net.W[1][...] = 1e308
    with pytest.raises(cr.InputError, match=r"a\[1\] must be finite to be drawn"):
        plot.folded(net, 10.0 * CORNERS, XOR)
    with pytest.raises(cr.InputError, match="units must be an integer ≥ 1; got 0"):
        plot.folded(net, CORNERS, XOR, units=(0, 1))
