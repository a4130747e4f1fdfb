"""Searches of a minimum by L-BFGS."""

from __future__ import annotations

import os

import numpy as np

import chainrule as cr
from chainrule import engines
from chainrule.engines.problem import Problem
from fuzz.drawing import Random


def searched(problem: Problem, rng: Random) -> str:
    """Asserts what L-BFGS promises on both engines, and that other threads change no bit.

    θ is finite; no iteration makes J larger; J and max |∂J/∂θₖ| are those at the θ that is found; and the search
    diverges if and only if J or ∇J is not finite at the beginning.
    """
    data = problem.cost.examples(problem.net, *problem.data)  # as the search encodes Y once more
    epochs, outcomes = int(rng.integers(1, 12)), []
    for engine in ("native", "reference"):
        chosen = engines.chosen(problem.net, problem.cost, engine=engine).engine
        first = chosen.gradient(problem.net, problem.cost, *data)
        net, minimum = _search(problem, engine, epochs, threads=int(rng.integers(1, 5)))
        assert np.isfinite(net.theta).all(), f"θ is not finite after {minimum.stopped}"
        is_finite = bool(np.isfinite(first.J) and np.isfinite(first.theta).all())
        assert is_finite == (minimum.stopped != "diverged"), (minimum.stopped, first.J)
        outcomes.append(minimum.stopped)
        if not is_finite:
            continue
        curve = [float(first.J), *minimum.curve]
        assert (np.diff(curve) <= 0.0).all(), f"J rises: {curve}"
        assert len(curve) == minimum.iterations + 1 <= epochs + 1
        last = chosen.gradient(net, problem.cost, *data)
        assert (minimum.J, minimum.gradient_norm) == (float(last.J), float(abs(last.theta).max())), minimum
        again, _ = _search(problem, engine, epochs, threads=int(rng.integers(1, 5)))
        assert again.theta.tobytes() == net.theta.tobytes(), f"other threads, other bits by {engine}"
    return f"L-BFGS, {outcomes[0]}"


def _search(problem: Problem, engine: str, epochs: int, threads: int) -> tuple[cr.Network, cr.Minimum]:
    """Returns the network and the result of a search with this number of threads."""
    net = problem.net.copy()
    os.environ["CHAINRULE_THREADS"] = str(threads)
    try:
        return net, cr.train_lbfgs(net, problem.data, cost=problem.cost, epochs=epochs, engine=engine)
    finally:
        del os.environ["CHAINRULE_THREADS"]
