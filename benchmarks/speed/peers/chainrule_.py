"""Chainrule through its Python API, ``cr.train`` and ``net(x)``; the timed run includes shuffling the rows."""

from __future__ import annotations

from functools import partial

import chainrule as cr
from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.session import PredictionSession
from benchmarks.speed.workloads import Prediction, Training

OPTIMIZERS: dict[str, type[cr.Optimizer]] = {"adam": cr.Adam, "gradient_descent": cr.GradientDescent}


def network(workload: Training | Prediction, theta: Array) -> cr.Network:
    """Returns the workload's network with the parameters θ (d,)."""
    sigmas = [workload.hidden] * (len(workload.sizes) - 2) + ["identity"]
    return cr.Network.from_theta(theta, workload.sizes, sigmas)


class ChainruleTraining:
    """Trains with ``cr.train`` from θ₀."""

    def __init__(self, workload: Training, dtype: str, form: str = "auto") -> None:
        self.versions = {"chainrule": cr.__version__}
        self.workload, self.engine = workload, form
        self.X, self.Y = data.training_set(workload, dtype)
        self.theta = data.initial_theta(workload.sizes, workload.hidden, dtype)
        self.net = network(workload, self.theta)
        self.cost = cr.SumOfSquares(mean=True)
        self.optimizer = OPTIMIZERS[workload.optimizer](workload.learning_rate)
        choice = cr.engines.chosen(self.net, self.cost, self.optimizer, engine=form)
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


class ChainrulePrediction(PredictionSession):
    """Predicts with ``net(x)``, or ``net.predictor()``, which reuses its output; a single row has the shape (n,)."""

    def __init__(self, workload: Prediction, dtype: str, form: str = "auto") -> None:
        super().__init__(workload, dtype)
        engine = "auto" if form == "predictor" else form
        self.versions = {"chainrule": cr.__version__}
        net = network(workload, self.theta)
        self.predict = net if engine == "auto" else partial(net, engine=engine)
        if form == "predictor":
            self.predict = net.predictor()
        if workload.rows == 1:
            self.calls = [x[0] for x in self.calls]
        self.note = f"{cr.engines.chosen(net, engine=engine).name} engine"


TRAINING = ChainruleTraining
PREDICTION = ChainrulePrediction
