"""Asserts that J(θ), ∇J(θ) and δ[i] of an engine lie within the bounds that `rounding` derives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import chainrule as cr
from chainrule import engines
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.backprop import Gradient, backpropagate
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem
from chainrule.network.forward import forward
from support.rounding import U, difference_bounds, gamma

DTYPES = ["float32", "float64"]
U64 = U[np.dtype(np.float64)]
# The bounds are sharp: with an entrywise σ, ‖bound of ∇J‖ ≤ SHARPNESS ‖∇J‖.
SHARPNESS = {"float32": 0.1, "float64": 1e-9}


class Case(NamedTuple):
    """A network with examples, labels, weights and a cost, in the dtype of the engine's computation."""

    net: cr.Network
    cost: cr.Cost
    X: Array
    Y: Array
    weights: Array | None


def reference(case: Case, masks: ByLayer[Array | None] | None = None) -> Gradient:
    """The gradient by the reference's backpropagation in float64, for numbers of any dtype."""
    net, X, Y = case.net.astype(np.float64), case.X.astype(np.float64), case.Y.astype(np.float64)
    weights = None if case.weights is None else case.weights.astype(np.float64)
    return backpropagate(net, case.cost, forward(net, X, masks), Y, weights, masks=masks)


def one_step(case: Case, seed: int = 0, engine: str = "native") -> tuple[str, float, Array, Array]:
    """The method of one training step, its J(θ), its ∇J(θ), and a bound of the error that rounding θ adds to ∇J(θ).

    Only the native engine has several methods; that of another is its name.
    θ₁ = θ₀ − α g is rounded once, and α g too where products are not fused: with g read off as (θ₀ − θ₁)/α the error
    is at most 2 u |g| + u |θ₀|/α, α a power of two.
    """
    net, alpha = case.net.copy(), 2.0 ** (20 if case.net.dtype == np.float32 else 40)
    problem = Problem(
        net, case.cost, cr.GradientDescent(alpha), TrainingSet(case.X, case.Y, case.weights), len(case.X), 1, seed
    )
    run = engines.chosen(net, case.cost, problem.optimizer, engine=engine).engine.start(problem, None)
    run.advance(1, np.inf)
    assert run.stopped == "epochs"
    g = (case.net.theta.astype(np.float64) - run.state().theta) / alpha
    u = U[net.dtype]
    rounded = 3 * u * (abs(g) + abs(case.net.theta) / alpha)
    norm = float(np.linalg.norm(g))
    assert_within(
        "‖∇J‖", run.records["gradient_norm"][0], norm, float(np.linalg.norm(rounded)) + gamma(net.d, U64) * norm
    )
    method = run._run.method if engine == "native" else engine  # type: ignore[attr-defined]
    return method, run.records["J"][0], g, rounded


def assert_within(what: str, got: Array | float, sought: Array | float, bound: Array | float) -> None:
    """Asserts that |got − sought| ≤ bound in every entry."""
    error = np.abs(np.asarray(got, np.float64) - sought)
    assert np.isfinite(bound).all(), f"{what}: no bound"
    if not (error <= bound).all():
        part = np.asarray(error / np.maximum(bound, 1e-300))
        where = np.unravel_index(part.argmax(), part.shape)
        raise AssertionError(f"{what}: {part.max():.3g} times the bound at {where}")


def assert_gradients(case: Case, is_sharp: bool, engine: str = "native") -> str:
    """Asserts that J(θ), ∇J(θ) and every δ[i], from ``cr.gradient`` and from a training step, lie within the bounds.

    With ``is_sharp`` the bound of ∇J(θ) must also be small beside ∇J(θ). Returns the method of the training step.
    """
    truth, bound = reference(case), difference_bounds(*case)
    g = cr.gradient(*case, engine=engine)
    where = f"{case.net}, t = {len(case.X)}, {case.net.dtype}, {case.cost}"
    assert_within(f"J {where}", g.J, truth.J, bound.J)
    assert_within(f"∇J {where}", g.theta, truth.theta, bound.theta)
    for i in range(1, case.net.r + 1):
        assert_within(f"δ[{i}] {where}", g.delta[i], truth.delta[i], bound.delta[i])
    method, J, step, rounded = one_step(case, engine=engine)
    assert_within(f"J of a step {where}", J, truth.J, bound.J)
    assert_within(f"∇J of a step {where}", step, truth.theta, bound.theta + rounded)
    if is_sharp:
        assert np.linalg.norm(bound.theta) <= SHARPNESS[case.net.dtype.name] * np.linalg.norm(truth.theta)
    return method
