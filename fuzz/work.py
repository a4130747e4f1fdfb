"""Random work for harnesses that disturb it: a network that trains, predicts or is differentiated, and the result."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse

import chainrule as cr
from chainrule.engines import thread_counts
from fuzz.drawing import Random, pick

OPTIMIZERS: list[Any] = [
    "gradient_descent", "momentum", "nesterov", "adam", "adamw", "rmsprop", "adagrad", cr.Adam(clip_norm=1.0),
]  # fmt: skip
NOT_COMPARED = "seconds"  # the record that differs from run to run

thread_counts.FLOP_PER_THREAD = 100.0  # several threads for small problems too


@dataclass
class Work:
    """A training run, an evaluation or a gradient, which has the same bits each time."""

    kind: str  # "train", "outputs" or "gradient"
    initial: cr.Network
    X: Any
    Y: np.ndarray[Any, Any]
    cost: cr.Cost
    settings: dict[str, Any] = field(default_factory=dict)
    threads: int = 1

    def __call__(self, net: cr.Network, **settings: Any) -> Any:
        """Does the work with this network and returns what can be compared by ``same``."""
        os.environ["CHAINRULE_THREADS"] = str(self.threads)
        if self.kind == "outputs":
            return net(self.X)
        if self.kind == "gradient":
            return cr.gradient(net, self.cost, self.X, self.Y).theta
        history = cr.train(net, self.X, self.Y, cost=self.cost, threads=self.threads, **{**self.settings, **settings})
        return self.trained(net, history)

    def trained(self, net: cr.Network, history: cr.History) -> Any:
        """Returns θ, the moments and the records of a run."""
        state = history.state
        records = [list(values) for name, values in state.records.items() if name != NOT_COMPARED]
        return [net.theta.copy(), *state.moments.values(), *map(np.array, records)]

    def new(self) -> cr.Network:
        """Returns the network as it is before the work."""
        return self.initial.copy()


def same(one: Any, other: Any) -> bool:
    """Returns True if two results have the same bits, NaN included."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one.dtype == other.dtype and one.tobytes() == other.tobytes())


def random_work(rng: Random, kinds: tuple[str, ...] = ("train", "train", "outputs", "gradient")) -> Work:
    """Returns some work that lasts a few milliseconds, on one to four threads, with dense or sparse X."""
    dtype = pick(rng, ["float32", "float64"])
    sizes = [int(size) for size in rng.integers(1, pick(rng, [8, 60]), size=rng.integers(2, 5))]
    t = int(rng.integers(1, pick(rng, [20, 1500])))
    X: Any = rng.normal(size=(t, sizes[0])).astype(dtype)
    Y = rng.normal(size=(t, sizes[-1])).astype(dtype)
    if rng.random() < 0.3:
        X[rng.random(X.shape) < 0.8] = 0.0
        X = scipy.sparse.csr_array(X)
    dropout = 0.2 if rng.random() < 0.2 else 0.0
    net = cr.Network.dense(
        sizes, hidden=pick(rng, ["relu", "tanh", "silu"]), dropout=dropout, seed=int(rng.integers(100)), dtype=dtype
    )
    cost = cr.SumOfSquares(mean=True, l2=pick(rng, [0.0, 1e-3]))
    threads, kind = int(rng.integers(1, 5)), pick(rng, list(kinds))
    work = Work(kind, net, X, Y, cost, threads=threads)
    if kind == "train":
        work.settings = {
            "optimizer": pick(rng, OPTIMIZERS),
            "epochs": int(rng.integers(1, 6)),
            "batch_size": pick(rng, [None, int(rng.integers(1, t + 1))]) if t < 100 else int(rng.integers(20, t + 1)),
            "seed": int(rng.integers(100)),
            "shuffle": bool(rng.random() < 0.8),
        }
        if rng.random() < 0.6:
            rows = slice(0, int(rng.integers(1, t + 1)))
            work.settings |= {"validation": (X[rows], Y[rows]), "patience": pick(rng, [None, 1, 3])}
    try:
        work(work.new())
    except cr.DivergenceError:
        return random_work(rng, kinds)
    return work
