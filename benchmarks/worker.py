"""One peer with one workload in a process of its own: ``python -m benchmarks.worker PEER WORKLOAD DTYPE [--quick]``.

It prepares, makes one run to warm up, and prints a line of JSON: versions, a note on how it runs, and ``start``, J(θ₀)
of a training run. Then each line on standard input asks for one timed run, which it answers with a line of JSON:
``seconds``, and ``value``, the final J of a training run or the deviation of predictions from N(x).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time

import benchmarks.peers as peers
from benchmarks import data
from benchmarks.data import Array
from benchmarks.session import Session
from benchmarks.workloads import WORKLOADS, Prediction, Training


class Checked:
    """What the results of a workload are worth: one number for each."""

    def __init__(self, workload: Training | Prediction, dtype: str) -> None:
        self.workload = workload
        self.theta = data.initial_theta(workload.sizes, workload.hidden, dtype)
        if isinstance(workload, Training):
            self.X, self.Y = (array[: data.CHECKED_ROWS].copy() for array in data.training_set(workload, dtype))
        else:
            self.X = data.prediction_inputs(workload, dtype)[-1]

    def start(self) -> float:
        """J(θ₀) of a training run, 0 for predictions."""
        return self.value(self.theta) if isinstance(self.workload, Training) else 0.0

    def value(self, result: Array) -> float:
        """J(θ), or the deviation of outputs."""
        if isinstance(self.workload, Training):
            return data.J(self.workload, result, self.X, self.Y)
        return data.deviation(self.workload, self.theta, self.X, result)


def timed(session: Session) -> float:
    """The seconds of one run, without the garbage collector's pauses."""
    session.reset()
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    session.run()
    seconds = time.perf_counter() - began
    gc.enable()
    return seconds


def main() -> int:
    """Answer until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker")
    parser.add_argument("peer", choices=peers.PEERS)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("dtype", choices=["float32", "float64"])
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a package prints must not be taken for an answer

    workload = WORKLOADS[asked.workload]
    workload = workload.quick() if asked.quick else workload
    assert isinstance(workload, (Training, Prediction))
    checked = Checked(workload, asked.dtype)
    session = peers.session(asked.peer, workload, asked.dtype)
    if asked.peer != "reference":  # which is never timed
        timed(session)
    hello = {"versions": session.versions, "note": session.note, "start": checked.start()}
    print(json.dumps(hello), file=answers, flush=True)
    for _ in sys.stdin:
        seconds = timed(session)
        print(json.dumps({"seconds": seconds, "value": checked.value(session.result())}), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
