"""The chart of J on a plane, with the path of a descent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot

pytest.importorskip("matplotlib")
contour = pytest.importorskip("matplotlib.contour")

X, Y = np.array([[-1.0], [0.0], [2.0]]), np.array([-1.0, 1.5, 4.0])
ENTRIES = ("W", 1, 1, 1), ("b", 1, 1)
J = cr.SumOfSquares()


def descended(sizes: list[int], record: tuple[str, ...] = ("theta",)) -> tuple[cr.Network, cr.History]:
    """A network, and its run of ten epochs."""
    net = cr.Network.dense(sizes, hidden="tanh", seed=0)
    return net, cr.train(net, X, Y, optimizer=cr.GradientDescent(0.05), epochs=10, record=list(record))


def contours(axes: object) -> list[tuple[float, np.ndarray]]:
    """Each level with the points of its contour."""
    drawn = [part for part in axes.collections if isinstance(part, contour.ContourSet)]  # type: ignore[attr-defined]
    lines = next(part for part in drawn if not part.filled)
    return [(level, path.vertices) for level, path in zip(lines.levels, lines.get_paths(), strict=True)]


def test_contours_over_two_entries_have_their_j() -> None:
    """At the points of each contour J(W, b) is its level, and the path is that of the run, in the values of W and b."""
    net, run = descended([1, 1])
    (axes,) = plot.cost(net, X, Y, over=ENTRIES, path=run).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("W[1]", "b[1]")
    np.testing.assert_allclose(np.asarray(axes.lines[0].get_xydata()), np.asarray(run.theta, float), rtol=1e-12)
    J_theta = J.of(net, X, Y)
    found = contours(axes)
    assert len(found) == 12
    for level, points in found[3:]:  # the lowest are within few points of the grid
        np.testing.assert_allclose([J_theta(theta) for theta in points[::9]], level, rtol=0.05)


def test_the_plane_of_a_path_has_its_principal_components() -> None:
    """In the plane of the path the mean is 0, s and t are uncorrelated, and the names have their shares of variance."""
    net, run = descended([1, 3, 1])
    (axes,) = plot.cost(net, X, Y, path=run).axes
    places = np.asarray(axes.lines[0].get_xydata())
    np.testing.assert_allclose(places.mean(axis=0), 0.0, atol=1e-12)
    covariance = np.cov(places.T, bias=True)
    assert covariance[0, 1] == pytest.approx(0.0, abs=1e-12)
    share = covariance[0, 0] / run.theta.var(axis=0).sum()
    assert axes.get_xlabel() == f"component 1: {share:.1%} of variance"
    assert places[-1, 0] > places[0, 0]


def test_several_paths_have_names() -> None:
    """Each run of a dict is a line with its name and a style of its own, in a picture that has room for all of them."""
    runs = {}
    for alpha in (0.02, 0.1):
        net = cr.Network.dense([1, 1], seed=0)
        descent = cr.GradientDescent(alpha)
        runs[f"α = {alpha}"] = cr.train(net, X, Y, optimizer=descent, epochs=10, record=["theta"])
    (axes,) = plot.cost(net, X, Y, over=ENTRIES, path=runs).axes
    for line, (name, run) in zip(axes.lines, runs.items(), strict=False):
        assert line.get_label() == name
        np.testing.assert_allclose(np.asarray(line.get_xydata()), np.asarray(run.theta, float), rtol=1e-12)
        low, high = axes.get_xlim()
        assert low <= run.theta[:, 0].min()
        assert run.theta[:, 0].max() <= high
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker()
    named = axes.get_legend_handles_labels()[1]
    assert named == ["α = 0.02", "α = 0.1", "start", "epoch 10"]


def test_two_directions_are_drawn_around_theta() -> None:
    """Along u and v the picture goes from −span to span, and θ is in the middle, whose J is on no higher contour."""
    net, _ = descended([1, 2, 1])
    u, v = np.random.default_rng(0).standard_normal((2, net.d))
    (axes,) = plot.cost(net, X, Y, over=(u, v), span=0.5, title="a plane").axes
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 0.5), (-0.5, 0.5))
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0.0, 0.0]])
    level, points = contours(axes)[6]
    s, t = points[len(points) // 2]
    assert J.of(net, X, Y)(net.theta + s * u + t * v) == pytest.approx(level, rel=0.01)


def test_a_surface_has_j_at_its_points_and_on_the_path() -> None:
    """The path on the surface lies at the J of each θ."""
    net, run = descended([1, 1])
    axes: Any = plot.cost(net, X, Y, over=ENTRIES, path=run, kind="surface").axes[0]
    path = axes.lines[0]
    J_theta = J.of(net, X, Y)
    np.testing.assert_allclose(path.get_data_3d(), [*run.theta.T, [J_theta(theta) for theta in run.theta]], rtol=1e-12)
    assert (axes.get_xlabel(), axes.get_zlabel()) == ("W[1]", "J")
    with pytest.raises(cr.UnknownName, match="kind of picture"):
        plot.cost(net, X, Y, over=ENTRIES, kind="map")  # type: ignore[arg-type]


def test_a_constant_j_has_a_chart() -> None:
    """J over two weights of an input that is always 0 is constant and has no contour."""
    net = cr.Network.dense([2, 1])
    (axes,) = plot.cost(net, [[0.0, 0.0]], [1.0], over=(("W", 1, 1, 1), ("W", 1, 1, 2))).axes
    assert not axes.collections


def test_what_is_no_plane_is_refused() -> None:
    """Nothing to draw over, wrong entries, directions and paths have a message each."""
    net, run = descended([1, 1])
    for over, message in [
        (None, "over is missing"),
        ("W", "over must be two entries of θ"),
        ((("W", 1, 1, 1), ("W", 1, 1, 1)), "over must span a plane"),
        ((("W", 1, 1, 1), ("b", 2, 1)), "i must be a layer, 1 to 1; got 2"),
        (([1.0, 0.0], [1.0]), r"over must be two directions of shape \(2,\); got \(2,\) and \(1,\)"),
    ]:
        with pytest.raises(cr.InputError, match=message):
            plot.cost(net, X, Y, over=over)
    with pytest.raises(cr.InputError, match="path must be a History"):
        plot.cost(net, X, Y, path=run.theta)  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="theta was not recorded"):
        plot.cost(net, X, Y, path=descended([1, 1], ())[1])
    with pytest.raises(cr.InputError, match="path must be a run of this network, with d = 2; got one with d = 7"):
        plot.cost(net, X, Y, path=descended([1, 2, 1])[1])
    with pytest.raises(cr.InputError, match="span must be a finite number > 0"):
        plot.cost(net, X, Y, over=ENTRIES, span=0.0)
