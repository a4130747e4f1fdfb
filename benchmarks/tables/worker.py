"""One model in a process of its own: ``python -m benchmarks.tables.worker MODEL THREADS``.

Before its greeting it fits a small synthetic table, so that everything a package loads at first use is loaded. A
request ``{"name", "split", "seed", "cap"}`` asks for one fit; the answer holds ``fit_seconds``, ``predict_seconds``,
``error``, ``rows`` (for training) and ``tested``, for a classifier ``log_loss`` and ``calibration_error``, or
``failure``.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import numpy as np

from benchmarks.harness.clock import timed
from benchmarks.harness.workers import Answer, serve
from benchmarks.tables.contestants import MODELS
from benchmarks.tables.frames import text_columns
from benchmarks.tables.sets import SETS, VARIABLE, Array, DataSplit, TableTask, folder
from chainrule.tables.diagnosis.calibration import calibration_error

LEAST = 1e-7  # a smaller probability counts as this one


def log_loss(y: Array, P: Array, classes: Array) -> float:
    """Returns the mean of −log P(y), for probabilities P (t, k) of the classes (k,); one that is not there has 0."""
    at = np.searchsorted(classes, y)
    is_known = np.take(classes, at, mode="clip") == y
    of_label = np.where(is_known, P[np.arange(len(y)), np.minimum(at, len(classes) - 1)], 0.0)
    return float(-np.log(np.maximum(of_label, LEAST)).mean())


def error_of_calibration(y: Array, P: Array, classes: Array) -> float:
    """Returns the expected calibration error of the most probable class, as ``chainrule.diagnose`` defines it."""
    is_right = classes[P.argmax(axis=1)] == y
    return float(calibration_error(P.max(axis=1), is_right[None])[0])


def error(task: TableTask, y: Array, predicted: Array) -> float:
    """Returns the root of the mean squared error, or the share of wrong classes."""
    predicted = np.asarray(predicted).reshape(y.shape)  # some models return a column
    if task == "classification":
        return float(np.mean(predicted != y))
    return float(np.sqrt(np.mean(np.square(predicted.astype(np.float64) - y))))


def measured(model: str, task: TableTask, split: DataSplit, seed: int, threads: int) -> dict[str, Any]:
    """Times one fit and one prediction."""
    contestant = MODELS[model]
    estimator = contestant.make(task, seed, threads, text_columns(split.X))
    X, X_test = contestant.form(split.X), contestant.form(split.X_test)
    fit_seconds, _ = timed(lambda: estimator.fit(X, split.y))
    predict_seconds, predicted = timed(lambda: estimator.predict(X_test))
    own = {}
    if task == "classification":
        P = np.asarray(estimator.predict_proba(X_test), np.float64)
        own["log_loss"] = log_loss(split.y_test, P, estimator.classes_)
        own["calibration_error"] = error_of_calibration(split.y_test, P, estimator.classes_)
    return own | {
        "error": error(task, split.y_test, predicted),
        "fit_seconds": fit_seconds,
        "predict_seconds": predict_seconds,
        "rows": len(split.y),
        "tested": len(split.y_test),
    }


def warm_up(model: str, threads: int) -> None:
    """Fits forty rows for each task."""
    X = np.random.default_rng(0).standard_normal((40, 3))
    for task in MODELS[model].tasks:
        y = X[:, 0] if task == "regression" else (X[:, 0] > 0).astype(np.int64)
        measured(model, task, DataSplit(X, y, X, y), 0, threads)


def prepare() -> tuple[dict[str, Any], Answer]:
    """Reads the command line and warms up."""
    model, threads = sys.argv[1], int(sys.argv[2])
    warnings.simplefilter("ignore")  # a peer's default number of epochs may be too few; that is part of its result
    place = folder()
    if place is None:
        raise SystemExit(f"{VARIABLE} names no folder")
    warm_up(model, threads)

    def answer(line: str) -> dict[str, Any]:
        request = json.loads(line)
        one = SETS[request["name"]]
        split = one.read(place, request["split"], request["cap"])
        try:
            return measured(model, one.task, split, request["seed"], threads)
        except Exception as failure:  # any exception of a peer is its result on this set
            return {"failure": f"{type(failure).__name__}: {failure}".splitlines()[0], "rows": len(split.y)}

    return {"version": MODELS[model].version}, answer


if __name__ == "__main__":
    serve(prepare)
