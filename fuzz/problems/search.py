"""Searches of a minimum by the second-order methods."""

from __future__ import annotations

import os

import numpy as np

import chainrule as cr
from chainrule import engines
from chainrule.engines.problem import Problem
from chainrule.network.theta import at_every_parameter
from fuzz.drawing import Random, pick

METHODS = ("lbfgs", "lbfgs", "cg", "newton-cg")
MOST_OF_NEWTON = 1_000  # parameters: one iteration of it may take d products, each here with several threads


def searched(problem: Problem, rng: Random) -> str:
    """Asserts what a search promises on both engines, and that other threads change no bit.

    θ is finite, and so is J of every iteration, which never rises; the last one is J at the θ that is found; and the
    search diverges if and only if J or ∇J is not finite at the beginning.
    """
    wide = problem.net.astype(np.float64)
    method = pick(rng, METHODS if wide.d <= MOST_OF_NEWTON else METHODS[:-1])
    epochs, outcome = int(rng.integers(1, 12)), ""
    data = problem.cost.examples(wide, *problem.examples)
    is_free = at_every_parameter(wide.layout, (layer.rate for layer in wide.layers), np.float64) != 0.0
    for engine in ("reference", "native"):
        chosen = engines.chosen(wide, problem.cost, engine=engine).engine
        first = chosen.gradient(wide, problem.cost, *data)
        is_finite = bool(np.isfinite(first.J) and np.isfinite(first.theta[is_free]).all())
        net, outcome, J = _search(wide, problem, method, engine, epochs, threads=int(rng.integers(1, 5)))
        assert np.isfinite(net.theta).all(), f"θ is not finite after {outcome}"
        assert is_finite == (outcome != "diverged"), (outcome, first.J)
        curve = [float(first.J), *J]
        assert not J or (np.isfinite(curve).all() and (np.diff(curve) <= 0.0).all()), f"J rises: {curve}"
        if is_finite:
            assert curve[-1] == float(chosen.gradient(net, problem.cost, *data).J), curve
        again, _, _ = _search(wide, problem, method, engine, epochs, threads=int(rng.integers(1, 5)))
        assert again.theta.tobytes() == net.theta.tobytes(), f"other threads, other bits by {engine}"
    return f"{method}, {outcome}"


def _search(
    start: cr.Network, problem: Problem, method: str, engine: str, epochs: int, threads: int
) -> tuple[cr.Network, str, list[float]]:
    """Returns the network, the end and J of each iteration of a search with this number of threads."""
    net = start.copy()
    os.environ["CHAINRULE_THREADS"] = str(threads)
    try:
        history = cr.minimize(
            net, problem.examples, cost=problem.cost, method=method, epochs=epochs, engine=engine, tol=None
        )
    except cr.DivergenceError as error:
        return net, "diverged", error.history.J.tolist()
    finally:
        del os.environ["CHAINRULE_THREADS"]
    return net, str(history.stopped), history.J.tolist()
