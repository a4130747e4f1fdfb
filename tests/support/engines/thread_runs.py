"""Training runs of the native engine for each way in which threads share a step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import engines
from chainrule.costs import TrainingSet
from chainrule.engines import TrainingRun, thread_counts
from chainrule.engines.problem import Problem
from chainrule.engines.state import RECORDS

THREADS = (1, 2, 3, 4, 8)
FLOP_PER_THREAD = thread_counts.FLOP_PER_THREAD


@dataclass(frozen=True)
class Way:
    """A way in which threads share a step, and a network whose steps are shared so."""

    method: str
    m: dict[str, list[int]]  # for each dtype
    hidden: list[str]
    batch: int  # the largest batch


# By columns: hidden layers are entrywise, a batch has at most 256 rows, and a layer of weights is 1 MiB or more.
WAYS = {
    "lanes": Way("lanes", {"float32": [3, 17, 9, 2], "float64": [3, 17, 9, 2]}, ["tanh", "layer_norm"], 300),
    "rows": Way("panels", {"float32": [5, 40, 37, 3], "float64": [5, 40, 37, 3]}, ["softmax", "gelu"], 300),
    "rows, wide output": Way("panels", {"float32": [9, 35, 70], "float64": [9, 35, 70]}, ["relu"], 300),
    "rows, zeros": Way("panels", {"float32": [5, 100, 130, 3], "float64": [5, 100, 130, 3]}, ["relu"] * 2, 300),
    "columns": Way("panels", {"float32": [515, 517, 33, 3], "float64": [385, 350, 33, 3]}, ["relu", "tanh"], 60),
}


def make_problem(way: str, dtype: str, optimizer: cr.Optimizer, t: int, batch_size: int, **own: Any) -> Problem:
    """Random examples, half as many validation examples, and a network of the sizes of ``way``."""
    rng, m = np.random.default_rng(5), WAYS[way].m[dtype]
    dropout, weighted = own.pop("dropout", 0.0), own.pop("weighted", False)
    net = cr.Network.dense(m, hidden=WAYS[way].hidden, dropout=dropout, seed=3, dtype=dtype)
    cost, epochs = own.pop("cost", cr.SumOfSquares(mean=True)), own.pop("epochs", 2)

    def examples(count: int) -> TrainingSet:
        X, Y = rng.normal(size=(count, m[0])), rng.normal(size=(count, m[-1]))
        weights = rng.uniform(0.5, 2.0, size=count).astype(dtype) if weighted else None
        return TrainingSet(X.astype(dtype), Y.astype(dtype), weights)

    data, validation = examples(t), examples(-(-t // 2))
    return Problem(net, cost, optimizer, data, batch_size, epochs, 11, validation=validation, **own)


def started(problem: Problem, threads: int) -> TrainingRun:
    """Starts a run of this number of threads with a copy of the network."""
    problem = replace(problem, net=problem.net.copy(), threads=threads)
    return engines.chosen(problem.net, problem.cost, problem.optimizer, engine="native").engine.start(problem, None)


def trained(problem: Problem, threads: int) -> dict[str, object]:
    """The bits of θ, the best θ, the moments, the records and the stream of a finished run."""
    run = started(problem, threads)
    while run.stopped is None:
        run.advance(problem.epochs, math.inf)
    state = run.state()
    records = {name: np.array(run.records[name]) for name in RECORDS if name != "seconds"}
    arrays = {"theta": state.theta, "best": state.best_theta, **state.moments, **records}
    bits = {name: None if array is None else array.tobytes() for name, array in arrays.items()}
    return {**bits, "stream": state.stream, "stopped": run.stopped}
