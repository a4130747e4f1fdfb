"""Training runs of one problem on either engine, planned by the settings that distinguish them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.costs import TrainingSet
from chainrule.engines import TrainingRun
from chainrule.engines.problem import Problem
from chainrule.engines.state import RECORDS, TrainingState

OPTIMIZERS: list[cr.Optimizer] = [
    cr.GradientDescent(0.05), cr.Momentum(0.02), cr.Nesterov(0.02), cr.AdaGrad(0.05), cr.RMSProp(0.01), cr.Adam(0.01),
    cr.AdamW(0.01, weight_decay=0.1), cr.RPROP(0.01),
]  # fmt: skip
SHAPES = {"lanes": ([3, 9, 5, 2], 1), "panels": ([3, 50, 33, 2], 2)}  # sizes, and the number of threads
EPOCHS = 6


@dataclass(frozen=True)
class Plan:
    """The settings of a run other than its optimizer."""

    shape: str
    batch_size: int  # of t = 50 examples: 50, or 16 with a last minibatch of 2
    cost: cr.Cost
    dropout: float
    weighted: bool
    dtype: str


def make_problem(plan: Plan, optimizer: cr.Optimizer, epochs: int = EPOCHS, **rules: Any) -> Problem:
    """50 examples, a validation set of 23, and a network of tanh and softplus layers."""
    m, threads = SHAPES[plan.shape]
    net = cr.Network.dense(m, hidden=["tanh", "softplus"], dropout=plan.dropout, seed=2, dtype=plan.dtype)
    rng = np.random.default_rng(8)

    def examples(t: int) -> TrainingSet:
        X = rng.normal(size=(t, 3))
        Y = np.sin(X[:, :2]) + 0.3 * rng.normal(size=(t, 2))
        weights: Array | None = rng.uniform(0.5, 2.0, size=t).astype(plan.dtype)
        return TrainingSet(X.astype(plan.dtype), Y.astype(plan.dtype), weights if plan.weighted else None)

    data, validation = examples(50), examples(23)
    return Problem(
        net, plan.cost, optimizer, data, plan.batch_size, epochs, 3, validation=validation, threads=threads, **rules
    )


def started(problem: Problem, engine: str, state: cr.TrainingState | None = None) -> TrainingRun:
    """Starts a run on the engine with a copy of the problem's network."""
    problem = replace(problem, net=problem.net.copy())
    return engines.chosen(problem.net, problem.cost, problem.optimizer, engine=engine).engine.start(problem, state)


def finished(problem: Problem, engine: str, moved: float = 0.0, seed: int = 0) -> TrainingRun:
    """A finished run from θ₀, each entry of which is first moved up or down by the fraction ``moved`` of itself."""
    if moved:
        problem = replace(problem, net=problem.net.copy())
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=problem.net.d)
        problem.net.theta *= (1.0 + moved * signs).astype(problem.net.dtype)
    run = started(problem, engine)
    while run.stopped is None:
        run.advance(problem.epochs, math.inf)
    return run


PLAIN = Plan("lanes", 16, cr.SumOfSquares(mean=True), 0.0, False, "float64")


def numbers(run: TrainingRun) -> dict[str, Array]:
    """θ, the moments and the records but for the times."""
    state = run.state()
    records = {name: np.array(run.records[name]) for name in RECORDS if name != "seconds"}
    return {"theta": state.theta, **state.moments, **records}


def assert_same_path(problem: Problem) -> None:
    """Asserts that no quantity of native is farther from the reference than that of the moved reference."""
    u = float(np.finfo(problem.net.dtype).eps) / 2
    truth, native = numbers(finished(problem, "reference")), numbers(finished(problem, "native"))
    moved = [numbers(finished(problem, "reference", 500 * u, seed)) for seed in (1, 2)]
    assert native.keys() == truth.keys()
    for name, values in truth.items():
        if name == "learning_rate":  # a formula of double precision in any dtype
            np.testing.assert_allclose(native[name], values, rtol=1e-14, atol=1e-17)
            continue
        apart = max(np.nanmax(abs(path[name] - values), initial=0.0) for path in moved)
        difference = np.nanmax(abs(native[name] - values), initial=0.0)
        assert (np.isnan(native[name]) == np.isnan(values)).all()
        assert difference <= apart + 4 * u * np.nanmax(abs(values), initial=0.0), (name, difference, apart)
        assert apart <= 1e5 * u * (1 + np.nanmax(abs(values))), (
            name,
            apart,
        )  # rounding does not lead the paths far apart


def state_after(epochs: int, net: cr.Network, X: Array, Y: Array, optimizer: cr.Optimizer) -> TrainingState:
    """The state after a number of epochs, in the last of which J may explode."""
    try:
        return cr.train(net.copy(), X, Y, optimizer=optimizer, epochs=epochs, engine="native").state
    except cr.DivergenceError as error:
        return error.history.state
