"""Runs of a problem: at once, step by step, and cut into pieces."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

import chainrule as cr
from chainrule import engines
from chainrule.engines import TrainingRun
from chainrule.engines.problem import Problem
from fuzz.drawing import Random, pick


def started(problem: Problem, engine: str, state: cr.TrainingState | None = None) -> TrainingRun:
    """Starts a run on the engine with a copy of the problem's network."""
    net = problem.net.copy()
    choice = engines.chosen(net, problem.cost, problem.optimizer, shuffle=problem.shuffle, engine=engine)
    return choice.engine.start(replace(problem, net=net), state)


def finished(problem: Problem, engine: str) -> TrainingRun:
    """Returns a run that has ended."""
    run = started(problem, engine)
    while run.stopped is None:
        run.advance(problem.epochs, math.inf)
    return run


def states_before_steps(problem: Problem) -> tuple[TrainingRun, list[cr.TrainingState]]:
    """Returns the reference's finished run, and its state before each step, a last one that diverges included."""
    run, states = started(problem, "reference"), []
    while run.stopped is None:
        states.append(run.state())
        run.advance(problem.epochs, 0.0)  # the reference takes one step
    return run, states


def finished_in_pieces(problem: Problem, rng: Random) -> TrainingRun:
    """Returns a native run that was stopped at random, each time to go on in a new run with other threads."""
    run = started(problem, "native")
    while run.stopped is None:
        run.advance(int(rng.integers(1, 4)), pick(rng, [0.0, math.inf]))
        other = replace(problem, threads=int(rng.integers(1, 5)))
        other.net.theta = np.zeros(problem.net.d)
        if run.stopped != "diverged":
            run = started(other, "native", run.state())
    return run
