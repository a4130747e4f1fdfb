"""One model in a process of its own: ``python -m benchmarks.tables.worker MODEL THREADS``.

It fits a small made-up table, so that what a package loads at first use is loaded, and says that it is ready. Then
each line on standard input, ``{"name", "split", "seed", "cap"}``, asks for one fit and is answered with a line of JSON:
``fit_seconds``, ``predict_seconds``, ``error`` and ``rows`` (trained on), or ``failure``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import warnings
from typing import Any

import numpy as np

from benchmarks.tables.models import MODELS
from benchmarks.tables.sets import SETS, Array, Split, Task, folder


def error(task: Task, y: Array, predicted: Array) -> float:
    """The root of the mean squared error, or the share of wrong classes."""
    predicted = np.asarray(predicted).reshape(y.shape)  # some give a column
    if task == "classification":
        return float(np.mean(predicted != y))
    return float(np.sqrt(np.mean(np.square(predicted.astype(np.float64) - y))))


def measured(model: str, task: Task, split: Split, seed: int, threads: int) -> dict[str, Any]:
    """One fit and one prediction, timed, without the garbage collector's pauses."""
    estimator = MODELS[model].make(task, seed, threads)
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    estimator.fit(split.X, split.y)
    fitted = time.perf_counter()
    predicted = estimator.predict(split.X_test)
    done = time.perf_counter()
    gc.enable()
    return {
        "error": error(task, split.y_test, predicted),
        "fit_seconds": fitted - began,
        "predict_seconds": done - fitted,
        "rows": len(split.y),
        "tested": len(split.y_test),
    }


def warm_up(model: str, threads: int) -> None:
    """A fit of each kind on forty rows."""
    X = np.random.default_rng(0).standard_normal((40, 3))
    for task in MODELS[model].tasks:
        y = X[:, 0] if task == "regression" else (X[:, 0] > 0).astype(np.int64)
        measured(model, task, Split(X, y, X, y), 0, threads)


def main() -> int:
    """Answer until standard input ends."""
    model, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a package prints must not be taken for an answer
    warnings.simplefilter("ignore")  # a default number of epochs that is too few is a part of the result
    place = folder()
    if place is None:
        raise SystemExit("CHAINRULE_DATA names no folder")
    warm_up(model, threads)
    print(json.dumps({"version": MODELS[model].version}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        one = SETS[asked["name"]]
        split = one.read(place, asked["split"], asked["cap"])
        try:
            answer = measured(model, one.task, split, asked["seed"], threads)
        except Exception as failure:  # whatever a peer raises is its result on this set
            gc.enable()
            answer = {"failure": f"{type(failure).__name__}: {failure}".splitlines()[0], "rows": len(split.y)}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
