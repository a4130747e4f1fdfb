"""Chainrule through its Python API, ``cr.train`` and ``net(x)``; the timed run includes shuffling the rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import chainrule as cr
from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.session import Session
from benchmarks.speed.workloads import Prediction, Training, Workload

OPTIMIZERS: dict[str, type[cr.Optimizer]] = {"adam": cr.Adam, "gradient_descent": cr.GradientDescent}


def session(workload: Workload, dtype: str, form: str = "auto") -> Session:
    """Returns a session that trains or predicts; the form is an engine, or "predictor"."""
    if isinstance(workload, Training):
        return ChainruleTraining(workload, dtype, form)
    assert isinstance(workload, Prediction)
    return ChainrulePrediction(workload, dtype, form)


def network(workload: Training | Prediction, theta: Array) -> cr.Network:
    """Returns the workload's network with the parameters θ (d,)."""
    sigmas = [workload.hidden] * (len(workload.sizes) - 2) + ["identity"]
    return cr.Network.from_theta(theta, workload.sizes, sigmas)


class ChainruleTraining:
    """Trains with ``cr.train`` from θ₀."""

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


class ChainrulePrediction:
    """Predicts with ``net(x)`` or ``net.predictor()``, which reuses its output; a single row has the shape (n,)."""

    def __init__(self, workload: Prediction, dtype: str, form: str) -> None:
        engine = "auto" if form == "predictor" else form
        self.versions = {"chainrule": cr.__version__}
        self.net = network(workload, data.initial_theta(workload.sizes, workload.hidden, dtype))
        self.predict: Callable[[Array], Array] = self.net if engine == "auto" else partial(self.net, engine=engine)
        if form == "predictor":
            self.predict = self.net.predictor()
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
