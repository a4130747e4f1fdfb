"""The chart of classes in the plane."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot
from chainrule.plot.charts.regions import leads

pytest.importorskip("matplotlib")
contour = pytest.importorskip("matplotlib.contour")

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])


def xor() -> cr.Network:
    """a[1] = relu(x₁ + x₂, x₁ + x₂ − 1), N = a[1]₁ − 2 a[1]₂ is XOR on the corners."""
    hidden = cr.Layer([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0], "relu")
    return cr.Network([hidden, cr.Layer([[1.0, -2.0]], [0.0], "identity")])


def test_the_boundary_of_xor_is_where_n_is_one_half() -> None:
    """The thick lines are x₁ + x₂ = ½ and x₁ + x₂ = 3/2, the dashed ones z[1]₁ = 0 and z[1]₂ = 0."""
    (axes,) = plot.boundary(xor(), CORNERS, XOR, title="xor").axes
    lines = [part for part in axes.collections if isinstance(part, contour.ContourSet) and not part.filled]
    assert len(lines) == 2
    for line in lines:
        sums = np.concatenate([path.vertices for path in line.get_paths()]).sum(axis=1)
        assert set(np.round(sums, 6)) == {0.5, 1.5}
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    for line, total in zip(dashed, (0.0, 1.0), strict=True):
        np.testing.assert_allclose(np.asarray(line.get_xydata()).sum(axis=1), total, atol=1e-12)
    assert [text.get_text() for text in axes.texts] == ["1", "2"]


def test_the_examples_have_the_marker_of_their_class() -> None:
    """Each class has its own marker, at its own examples, and its own hatch; the legend names both in one entry."""
    net = cr.Network([cr.Layer([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]], [0.0, 0.0, 0.0], "softmax")])
    classes = np.array([0, 1, 2, 0])
    (axes,) = plot.boundary(net, CORNERS, classes).axes
    drawn = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert len({line.get_marker() for line in drawn}) == 3
    for k, line in enumerate(drawn):
        np.testing.assert_array_equal(line.get_xydata(), CORNERS[classes == k])
    shaded = [part for part in axes.collections if isinstance(part, contour.ContourSet) and part.filled]
    assert len({tuple(part.hatches) for part in shaded}) == 3
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["class 0", "class 1", "class 2", "z[1]ₖ = 0"]


def test_a_class_leads_where_its_output_is_largest() -> None:
    """The leads are aₖ − max of the others, or a − ½ and ½ − a of one output."""
    np.testing.assert_allclose(leads(np.array([[0.2, 0.5, 0.3]])), [[-0.3, 0.2, -0.2]])
    np.testing.assert_allclose(leads(np.array([[0.75]])), [[-0.25, 0.25]])


def test_twelve_classes_and_a_network_without_boundary_have_charts() -> None:
    """More classes than markers have their numbers as markers; θ = 0 leads nowhere, and W[1] = 0 has no line."""
    X = np.random.default_rng(0).standard_normal((12, 2))
    net = cr.Network.dense([2, 12], output="softmax", seed=0)
    (axes,) = plot.boundary(net, X, np.arange(12)).axes
    assert [line.get_marker() for line in axes.lines][-2:] == ["$10$", "$11$"]
    net.theta[...] = 0.0
    (axes,) = plot.boundary(net, X, np.arange(12)).axes
    assert [line for line in axes.lines if line.get_linestyle() == "--"] == []


def test_what_is_no_classification_in_the_plane_is_refused() -> None:
    """Another number of inputs, labels that are no classes and a wrong number of them have a message each."""
    with pytest.raises(cr.InputError, match="net must have two inputs for this chart; got n = 3"):
        plot.boundary(cr.Network.dense([3, 1]), CORNERS, XOR)
    with pytest.raises(cr.InputError, match=r"the classes 0 and 1 of one output; got 0.5 at index 2"):
        plot.boundary(xor(), CORNERS, [0, 1, 0.5, 1])
    with pytest.raises(cr.InputError, match="Y must hold one label per row of X, 4; got 3"):
        plot.boundary(xor(), CORNERS, XOR[:3])
    with pytest.raises(cr.InputError, match=r"Y must be classes in 0 … 1, one per output; got 2 at index 0"):
        plot.boundary(cr.Network.dense([2, 2]), CORNERS, [2, 1, 0, 1])
