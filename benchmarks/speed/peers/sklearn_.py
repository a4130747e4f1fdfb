"""scikit-learn: ``MLPRegressor.predict`` of a network with the given θ."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.session import Session
from benchmarks.speed.workloads import Prediction, Workload


def session(workload: Workload, dtype: str) -> Session:
    """Returns a session that predicts."""
    assert isinstance(workload, Prediction)
    return ScikitLearnPrediction(workload, dtype)


class ScikitLearnPrediction:
    """Predicts with ``predict``, which includes its checks of the input."""

    def __init__(self, workload: Prediction, dtype: str) -> None:
        self.versions = {"scikit-learn": importlib.import_module("sklearn").__version__}
        self.note = "predict"
        self.calls = data.prediction_inputs(workload, dtype)
        network: Any = importlib.import_module("sklearn.neural_network").MLPRegressor
        self.net = network(hidden_layer_sizes=workload.sizes[1:-1], activation=workload.hidden)
        m = workload.sizes[-1]
        Y = np.zeros((2, m), dtype)
        self.net.partial_fit(np.zeros((2, workload.sizes[0]), dtype), Y[:, 0] if m == 1 else Y)  # creates the arrays
        layers = data.parts(data.initial_theta(workload.sizes, workload.hidden, dtype), workload.sizes)
        self.net.coefs_ = [W.T.copy() for W, _ in layers]
        self.net.intercepts_ = [b for _, b in layers]

    def reset(self) -> None:
        pass

    def run(self) -> None:
        predict = self.net.predict
        for x in self.calls:
            self.A = predict(x)

    def result(self) -> Array:
        A: Array = self.A
        return A
