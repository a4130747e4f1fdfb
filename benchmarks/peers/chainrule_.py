"""Chainrule through its Python API, ``cr.train`` and ``net(x)``; the timed run draws the order of the rows too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import chainrule as cr
from benchmarks import data
from benchmarks.data import Array
from benchmarks.session import Session
from benchmarks.workloads import Prediction, Training, Workload

OPTIMIZERS: dict[str, type[cr.Optimizer]] = {"adam": cr.Adam, "gradient_descent": cr.GradientDescent}


def session(workload: Workload, dtype: str, engine: str = "auto") -> Session:
    """Ready to train or to predict on the engine."""
    if isinstance(workload, Training):
        return TrainingSession(workload, dtype, engine)
    assert isinstance(workload, Prediction)
    return PredictionSession(workload, dtype, engine)


def network(workload: Training | Prediction, theta: Array) -> cr.Network:
    """The workload's network with the parameters θ (d,)."""
    sigmas = [workload.hidden] * (len(workload.sizes) - 2) + ["identity"]
    return cr.Network.from_theta(theta, workload.sizes, sigmas)


class TrainingSession:
    """``cr.train`` from θ₀."""

    def __init__(self, workload: Training, dtype: str, engine: str) -> None:
        self.versions = {"chainrule": cr.__version__}
        self.workload, self.engine = workload, engine
        self.X, self.Y = data.training_set(workload, dtype)
        self.theta = data.initial_theta(workload.sizes, workload.hidden, dtype)
        self.net = network(workload, self.theta)
        self.cost = cr.SumOfSquares(mean=True)
        self.optimizer = OPTIMIZERS[workload.optimizer](workload.learning_rate)
        choice = cr.engines.chosen(self.net, self.cost, self.optimizer, engine=engine)
        self.note = f"{choice.name} engine"

    def reset(self) -> None:
        self.net.theta = self.theta

    def run(self) -> None:
        cr.train(
            self.net, self.X, self.Y, cost=self.cost, optimizer=self.optimizer, epochs=self.workload.epochs,
            batch_size=self.workload.batch_size, seed=data.SEED, engine=self.engine,
        )  # fmt: skip

    def result(self) -> Array:
        return self.net.theta


class PredictionSession:
    """``net(x)``; a single row is given as (n,)."""

    def __init__(self, workload: Prediction, dtype: str, engine: str) -> None:
        self.versions = {"chainrule": cr.__version__}
        self.net = network(workload, data.initial_theta(workload.sizes, workload.hidden, dtype))
        self.predict: Callable[[Array], Array] = self.net if engine == "auto" else partial(self.net, engine=engine)
        self.calls = [x[0] if workload.rows == 1 else x for x in data.prediction_inputs(workload, dtype)]
        self.note = f"{cr.engines.chosen(self.net, engine=engine).name} engine"

    def reset(self) -> None:
        pass

    def run(self) -> None:
        predict = self.predict
        for x in self.calls:
            self.A = predict(x)

    def result(self) -> Array:
        return self.A
