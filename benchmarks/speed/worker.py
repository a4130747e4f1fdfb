"""One peer with one workload: ``python -m benchmarks.speed.worker PEER WORKLOAD DTYPE [--quick]``.

The greeting, after a first run to warm up, holds the versions, a note on engine or threads, and ``start``: J(θ₀) of a
training run. Each request asks for one timed run; the answer holds its ``seconds`` and its ``value``: the final J of a
training run, or the deviation of predictions from N(x).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.harness.clock import timed
from benchmarks.harness.workers import Answer, serve
from benchmarks.speed import data, peers
from benchmarks.speed.data import Array
from benchmarks.speed.workloads import WORKLOADS, Prediction, Training


def evaluation(workload: Training | Prediction, dtype: str) -> Callable[[Array], float]:
    """Returns the function that reduces a result to the number by which it is checked."""
    if isinstance(workload, Training):
        X, Y = (array[: data.CHECKED_ROWS].copy() for array in data.training_set(workload, dtype))
        return lambda theta: data.J(workload, theta, X, Y)
    theta, x = data.initial_theta(workload.sizes, workload.hidden, dtype), data.prediction_inputs(workload, dtype)[-1]
    return lambda A: data.deviation(workload, theta, x, A)


def prepare() -> tuple[dict[str, Any], Answer]:
    """Reads the command line and makes the peer ready."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.worker")
    parser.add_argument("peer", choices=peers.PEERS)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("dtype", choices=["float32", "float64"])
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    workload = WORKLOADS[given.workload]
    workload = workload.quick() if given.quick else workload
    assert isinstance(workload, (Training, Prediction))
    value = evaluation(workload, given.dtype)
    session = peers.session(given.peer, workload, given.dtype)

    def answer(_: str) -> dict[str, Any]:
        session.reset()
        seconds, _none = timed(session.run)
        return {"seconds": seconds, "value": value(session.result())}

    if given.peer != "reference":  # its time does not matter
        answer("")
    theta = data.initial_theta(workload.sizes, workload.hidden, given.dtype)
    start = value(theta) if isinstance(workload, Training) else 0.0
    return {"versions": session.versions, "note": session.note, "start": start}, answer


if __name__ == "__main__":
    serve(prepare)
