"""Random training problems: examples, costs, optimizers, schedules, minibatches and rules to stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse
from support.strategies import random_labels

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.costs import COSTS
from chainrule.costs.training_set import TrainingSet
from chainrule.engines.problem import Problem
from chainrule.optimizers import OPTIMIZERS
from fuzz.drawing import Random, happens, pick
from fuzz.problems.networks import power, random_network, within

STEPS = 40  # the most in a run


def random_problem(rng: Random, is_extreme: bool) -> Problem:
    """Returns a problem of moderate numbers, or of numbers from the whole range of the dtype.

    Raises ChainruleError if the numbers are refused.
    """
    dtype = pick(rng, ["float32", "float64"])
    large = [power(rng, dtype, 1)] if is_extreme else []  # for settings
    cost = random_cost(rng, large)
    net = random_network(rng, cost, dtype, is_extreme)
    optimizer = random_optimizer(rng, large)
    t = pick(rng, [1, 2, 3, 5, 8, 16, 17, 33, 64, 100, 130])
    data = _examples(rng, net, cost, t, is_extreme)
    held_out = pick(rng, [1, 3, 40])
    validation = _examples(rng, net, cost, held_out, is_extreme) if happens(rng, 0.4) else None
    batch_size = t if optimizer.full_batch_only or happens(rng, 0.3) else min(t, pick(rng, [1, 2, 3, 7, 16, 32, 64]))
    steps = -(-t // batch_size)
    return Problem(
        net, cost, optimizer, data, batch_size,
        epochs=pick(rng, [0, 1, 2, 3, 5]) if steps <= STEPS // 5 else 1,
        seed=int(rng.integers(1000)),
        validation=validation,
        tol=pick(rng, [None, None, 0.0, 1e-3]),
        tol_epochs=pick(rng, [1, 3]),
        patience=pick(rng, [None, 1, 2]) if validation is not None else None,
        threads=pick(rng, [1, 1, 2, 3, 4]),
        shuffle=happens(rng, 0.8),
    )  # fmt: skip


def random_cost(rng: Random, large: list[float]) -> cr.Cost:
    """Returns any cost, with means, penalties, which may be large, and settings of its own."""
    kind = COSTS[pick(rng, sorted(COSTS))]
    settings: dict[str, Any] = {"mean": happens(rng, 0.6)}
    settings["mean_penalty"] = settings["mean"] and happens(rng, 0.2)
    if happens(rng, 0.25):
        settings["l2"] = pick(rng, [1e-3, 0.2, *large])
    if happens(rng, 0.2):
        settings["l1"] = pick(rng, [1e-3, 0.1, *large])
    own: dict[type[cr.Cost], dict[str, Any]] = {
        cr.CrossEntropy: {"label_smoothing": pick(rng, [0.0, 0.1, 0.5])},
        cr.Huber: {"threshold": pick(rng, [0.1, 1.0, 30.0])},
        cr.Quantile: {"q": pick(rng, [0.1, 0.5, 0.9])},
    }
    return kind(**settings, **own.get(kind, {}))


def random_optimizer(rng: Random, large: list[float]) -> cr.Optimizer:
    """Returns any optimizer, with a schedule and clipping, which may be large or small."""
    kind: Any = OPTIMIZERS[pick(rng, sorted(OPTIMIZERS))]
    optimizer: cr.Optimizer = kind()
    rate = pick(rng, [1e-3, 1e-2, 0.1, *large, *(1 / number for number in large)])
    if optimizer.full_batch_only:  # it has no schedule
        return replace(optimizer, learning_rate=min(max(rate, 1e-3), 0.1))
    schedules: list[cr.Schedule | float] = [
        rate, rate, cr.Step(rate, every=1.5, factor=0.5), cr.Exponential(rate, decay=0.3),
        cr.InverseTime(rate, decay=0.5), cr.Cosine(rate, warmup=1.5, final=rate / 10), cr.OneCycle(rate),
        cr.CosLog4(rate), cr.FlatCosine(rate),
    ]  # fmt: skip
    clip = pick(rng, [None, None, 1.0, 0.01, *large, *(1 / number for number in large)])
    optimizer = replace(optimizer, learning_rate=pick(rng, schedules), clip_norm=clip)
    if isinstance(optimizer, cr.AdamW):
        optimizer = replace(optimizer, weight_decay=pick(rng, [0.0, 0.1, cr.FlatCosine(0.2), *large]))
    if isinstance(optimizer, cr.Adam):
        optimizer = replace(optimizer, epsilon_hat=happens(rng, 0.3))
    return optimizer


def _examples(rng: Random, net: cr.Network, cost: cr.Cost, t: int, is_extreme: bool) -> TrainingSet:
    """Returns examples as ``cr.train`` checks and encodes them."""
    dtype = str(net.dtype)
    X = rng.normal(size=(t, net.m[0]))
    Y = random_labels(rng, cost, t, net.m[-1])
    weights = rng.uniform(0.5, 2.0, size=t) if happens(rng, 0.25) else None
    if happens(rng, 0.3):
        X[rng.random(X.shape) < pick(rng, [0.5, 0.9, 1.0])] = 0.0
    if weights is not None:
        weights[rng.random(t) < pick(rng, [0.0, 0.5])] = 0.0
        weights[0] = max(weights[0], 0.5)
    with np.errstate(over="ignore"):
        if is_extreme:
            X *= power(rng, dtype)
            if cost.canonical is None:
                Y *= power(rng, dtype)
            if weights is not None:
                weights *= power(rng, dtype)
        parts: tuple[Any, Array] = within(X, dtype), within(Y, dtype)
        if net.layout[0].runs is None and happens(rng, 0.2):
            parts = scipy.sparse.csr_array(parts[0]), parts[1]
        return cost.examples(net, *parts, None if weights is None else within(weights, dtype))


def dense(X: Rows) -> Array:
    """Returns X (t, n) as an array."""
    return X.toarray() if isinstance(X, SparseRows) else X


def described(problem: Problem) -> str:
    """Returns the problem in words, without its numbers."""
    data, held_out = problem.examples, problem.validation
    largest = [float(abs(numbers).max()) for numbers in (problem.net.theta, dense(data.X), data.Y)]
    return (
        f"{problem.net}, dropout {problem.net.dropout}, {problem.cost}, {problem.optimizer}, t = {data.t}, sparse "
        f"{isinstance(data.X, SparseRows)}, batch size "
        f"{problem.batch_size}, epochs {problem.epochs}, weights {data.weights is not None}, validation "
        f"{held_out and held_out.t}, tol {problem.tol} ({problem.tol_epochs}), patience {problem.patience}, threads "
        f"{problem.threads}, shuffle {problem.shuffle}; max |θ|, |x|, |y| = {largest}"
    )
