"""The interface of a peer: an object that repeats a workload, each time from the same start."""

from __future__ import annotations

from typing import Any, Protocol

from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.workloads import Prediction


class Session(Protocol):
    """A peer prepared for a workload: compiling and copying are done before the first run."""

    versions: dict[str, str]  # of the packages that compute
    note: str  # the engine or the number of threads

    def reset(self) -> None:
        """Restores θ₀; this is not timed."""

    def run(self) -> None:
        """Does the timed work, which is finished when this returns."""

    def result(self) -> Array:
        """Returns what the last run computed: θ (d,) of a training run, or the last prediction (rows, m)."""


class PredictionSession:
    """The part of a session that all predictions share; a subclass sets ``predict``, the versions and the note."""

    versions: dict[str, str]
    note: str
    predict: Any

    def __init__(self, workload: Prediction, dtype: str) -> None:
        self.calls = data.prediction_inputs(workload, dtype)
        self.theta = data.initial_theta(workload.sizes, workload.hidden, dtype)

    def reset(self) -> None:
        pass

    def run(self) -> None:
        predict = self.predict
        for x in self.calls:
            self.A = predict(x)

    def result(self) -> Array:
        A: Array = self.A
        return A
