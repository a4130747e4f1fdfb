"""Chainrule's ``net.predictor()``, for calls in a row: beside ``net(x)``, to show what it brings."""

from __future__ import annotations

from benchmarks.peers.chainrule_ import PredictionSession
from benchmarks.session import Session
from benchmarks.workloads import Prediction, Workload


def session(workload: Workload, dtype: str) -> Session:
    """Ready to predict."""
    assert isinstance(workload, Prediction)
    ready = PredictionSession(workload, dtype, "auto")
    ready.predict = ready.net.predictor()
    return ready
