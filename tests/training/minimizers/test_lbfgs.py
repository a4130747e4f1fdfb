"""L-BFGS finds the minimum of J over all rows, and reports by which of its limits it has ended."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.lbfgs import train_lbfgs

pytest.importorskip("scipy")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X @ np.array([[1.0, 0.5], [-2.0, 1.0], [0.0, 3.0]]) + 0.1 * RNG.normal(size=(40, 2)) + 1.0


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_finds_the_least_squares_solution(weighted: bool, engine: str) -> None:
    """For r = 1 and the identity, θ is the (weighted) least-squares solution, and J and ∇J are those at θ."""
    w = np.arange(40) % 3 + 1.0 if weighted else np.ones(40)
    net = cr.Network.dense([3, 2], initial="zeros")
    J = cr.SumOfSquares(mean=True)
    minimum = train_lbfgs(net, X, Y, cost=J, weights=w, tol=1e-12, relative_tol=0.0, engine=engine)
    A, root = np.column_stack([X, np.ones(40)]), np.sqrt(w)[:, None]
    exact = np.linalg.lstsq(root * A, root * Y, rcond=None)[0]
    np.testing.assert_allclose(net.W[1], exact[:3].T, atol=1e-8)
    np.testing.assert_allclose(net.b[1], exact[3], atol=1e-8)
    assert minimum.J == pytest.approx(J(net, X, Y, w), rel=1e-12)
    assert minimum.gradient_norm == pytest.approx(abs(cr.gradient(net, J, X, Y, w).theta).max(), abs=1e-12)
    assert minimum.stopped in ("converged", "line_search")  # at tol = 1e-12 rounding may end it first
    assert len(minimum.curve) == minimum.iterations <= minimum.evaluations
    assert (np.diff(minimum.curve) <= 0.0).all()


@pytest.mark.parametrize(
    ("settings", "stopped"),
    [({"epochs": 2}, "epochs"), ({"evaluations": 3}, "evaluations"), ({"tol": 1e3}, "converged"),
     ({"callback": lambda k, J: k == 2}, "callback")],
)  # fmt: skip
def test_each_limit_ends_the_search(settings: dict[str, Any], stopped: str) -> None:
    """``stopped`` names the limit that ended the search; θ is that of the last iteration, and J is its cost."""
    net = cr.Network.dense([3, 5, 2], hidden="tanh", seed=1)
    minimum = train_lbfgs(net, X, Y, **settings)
    assert minimum.stopped == stopped
    assert minimum.J == pytest.approx(cr.SumOfSquares()(net, X, Y), rel=1e-12)


def test_the_callback_sees_the_network() -> None:
    """The callback is called with J after each iteration, when the network has its θ; its exceptions pass through."""
    net = cr.Network.dense([3, 5, 2], hidden="tanh", seed=1)
    seen: list[tuple[int, float, float]] = []

    def look(k: int, J: float) -> None:
        seen.append((k, J, cr.SumOfSquares()(net, X, Y)))
        if k == 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        train_lbfgs(net, X, Y, callback=look)
    assert [k for k, _, _ in seen] == [1, 2, 3]
    np.testing.assert_allclose([J for _, J, _ in seen], [J for _, _, J in seen], rtol=1e-12)
    assert cr.SumOfSquares()(net, X, Y) == pytest.approx(seen[-1][1], rel=1e-12)


def test_single_precision() -> None:
    """A float32 network can be trained to a gradient of the size of its rounding."""
    net = cr.Network.dense([3, 2], initial="zeros", dtype="float32")
    minimum = train_lbfgs(net, X, Y, cost=cr.SumOfSquares(mean=True), tol=1e-4)
    assert net.dtype == np.float32
    assert minimum.J < 0.02


def test_an_infinite_first_J_is_a_divergence() -> None:
    """If J is not finite at the first θ, the search does not begin, and θ does not move."""
    net = cr.Network.dense([3, 2], output="exp", initial="zeros")
    net.b[1][...] = 1e4
    minimum = train_lbfgs(net, X, abs(Y), cost="poisson")
    assert (minimum.stopped, minimum.iterations) == ("diverged", 0)
    assert (net.b[1] == 1e4).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"epochs": 0}, "epochs must be an integer ≥ 1"), ({"tol": -1.0}, "tol must be a finite number ≥ 0"),
     ({"callback": 3}, "callback must be a function"),
     ({"cost": "poison"}, "did you mean 'poisson'")],
)  # fmt: skip
def test_bad_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    """A setting out of its range is refused by its name, and θ does not move."""
    net = cr.Network.dense([3, 2], seed=0)
    before = net.theta.copy()
    with pytest.raises(cr.InputError, match=message):
        train_lbfgs(net, X, Y, **settings)
    np.testing.assert_array_equal(net.theta, before)


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SciPy the error names the extra to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"chainrule\[estimators\]"):
        train_lbfgs(cr.Network.dense([3, 2]), X, Y)


@pytest.mark.parametrize(("cost", "x"), [("absolute_error", 1e10), ("sum_of_squares", 1e100)])
def test_J_and_the_gradient_are_those_at_the_last_finite_theta(cost: str, x: float) -> None:
    """If no step makes J smaller, or if θ overflows, J and max |∂J/∂θₖ| are those of the last finite θ."""
    net = cr.Network([cr.Layer([[1.0], [2.0]], [0.0, 0.0], "identity")])
    minimum = train_lbfgs(net, [[x]], [[1.0, 1.0]], cost=cost)
    assert minimum.stopped == "line_search"
    assert np.isfinite(net.theta).all()
    g = cr.gradient(net, cr.costs.get(cost), [[x]], [[1.0, 1.0]])
    assert (minimum.J, minimum.gradient_norm) == (g.J, abs(g.theta).max())
    assert minimum.iterations == len(minimum.curve)


@pytest.mark.parametrize("largest", [1e40, 1e60])
def test_a_large_J_is_no_divergence(largest: float) -> None:
    """A first J of 1e80 or 1e120 is finite: the search goes on as long as it can, and J does not rise."""
    net = cr.Network.dense([1, 1], initial="zeros")
    minimum = train_lbfgs(net, [[1.0], [2.0]], [[largest], [3.0 * largest]])
    assert minimum.stopped != "diverged"
    assert minimum.J <= 5.000001 * largest**2
    assert np.isfinite(net.theta).all()
