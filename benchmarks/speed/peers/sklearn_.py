"""scikit-learn: ``MLPRegressor.predict`` of a network with the given θ."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.speed import data
from benchmarks.speed.session import PredictionSession
from benchmarks.speed.workloads import Prediction


class ScikitLearnPrediction(PredictionSession):
    """Predicts with ``predict``, which includes its checks of the input."""

    def __init__(self, workload: Prediction, dtype: str) -> None:
        super().__init__(workload, dtype)
        self.versions = {"scikit-learn": importlib.import_module("sklearn").__version__}
        self.note = "predict"
        network: Any = importlib.import_module("sklearn.neural_network").MLPRegressor
        net = network(hidden_layer_sizes=workload.sizes[1:-1], activation=workload.hidden)
        m = workload.sizes[-1]
        Y = np.zeros((2, m), dtype)
        net.partial_fit(np.zeros((2, workload.sizes[0]), dtype), Y[:, 0] if m == 1 else Y)  # creates the arrays
        layers = data.parts(self.theta, workload.sizes)
        net.coefs_, net.intercepts_ = [W.T.copy() for W, _ in layers], [b for _, b in layers]
        self.predict = net.predict


PREDICTION = ScikitLearnPrediction
