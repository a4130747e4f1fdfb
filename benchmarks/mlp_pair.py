"""Chainrule's MLPClassifier and MLPRegressor beside scikit-learn's: ``python -m benchmarks.mlp_pair``.

Both train with the same settings on the same standardised rows for the same number of epochs, in turn and in both
orders, one seed a round. The sets are three of scikit-learn's and, if CHAINRULE_DATA names the folder, seven of PMLB
and UCI. A time counts only if the mean test scores over the rounds agree within their noise.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np
import sklearn.neural_network as peer
from sklearn import datasets
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # a dependency of scikit-learn

import chainrule.estimators as own
from benchmarks import goals
from benchmarks.harness import machine
from benchmarks.harness.clock import ratios, rotated, timed
from benchmarks.harness.markdown import table
from benchmarks.harness.options import positive
from benchmarks.harness.paths import replace_file
from benchmarks.tables import sets
from benchmarks.tables.sets import DataSplit, TableTask

BUNDLED: dict[str, TableTask] = {
    "digits": "classification", "breast_cancer": "classification", "diabetes": "regression",
}  # fmt: skip
OTHERS = ("segmentation", "waveform_40", "spambase", "pendigits", "197_cpu_act", "concrete", "kin8nm")
EPOCHS = {(100,): 60, (256, 256): 20}  # by hidden layers
CAP = 5000  # training rows at most
PAUSE = 0.2  # seconds before each fit: a BLAS keeps its threads busy for a while after the last product
NOISE, SLACK = 3.0, 0.005  # the mean scores may differ by NOISE standard errors and SLACK


class PairCase(NamedTuple):
    """A set of data whose X and numeric y are standardised by the training rows."""

    name: str
    task: TableTask
    split: DataSplit


class PairFits(NamedTuple):
    """Seconds and test scores of each round."""

    seconds: list[float]
    scores: list[float]


def read(name: str) -> PairCase | None:
    """Reads a set; returns None if its data are not present."""
    if name in BUNDLED:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return standardised(name, BUNDLED[name], sets.divided(X, y, BUNDLED[name], 0, CAP))
    folder, one = sets.folder(), sets.SETS[name]
    if folder is None or not one.is_present(folder):
        return None
    return standardised(name, one.task, one.read(folder, 0, CAP))


def standardised(name: str, task: TableTask, split: DataSplit) -> PairCase:
    """Gives every column mean 0 and variance 1."""
    rows = np.random.default_rng(0).permutation(len(split.X))[:CAP]
    scaler = StandardScaler().fit(split.X[rows])
    y, y_test = split.y[rows], split.y_test
    if task == "regression":
        mean, std = y.mean(), y.std()
        y, y_test = (y - mean) / std, (y_test - mean) / std
    return PairCase(name, task, DataSplit(scaler.transform(split.X[rows]), y, scaler.transform(split.X_test), y_test))


def fit(
    module: Any, case: PairCase, sizes: tuple[int, ...], epochs: int, seed: int, cpu_time: bool
) -> tuple[float, float]:
    """Returns the seconds and the test score of a fit that makes every epoch; CPU time is that of one thread."""
    kind = module.MLPClassifier if case.task == "classification" else module.MLPRegressor
    model = kind(hidden_layer_sizes=sizes, max_iter=epochs, n_iter_no_change=epochs, random_state=seed)
    if module is own and cpu_time:
        model.set_params(threads=1)
    time.sleep(PAUSE)
    with warnings.catch_warnings(), threadpool_limits(1 if cpu_time else None):
        warnings.simplefilter("ignore")  # scikit-learn warns that the fit has not converged yet
        clock = time.process_time if cpu_time else time.perf_counter
        seconds, _ = timed(lambda: model.fit(case.split.X, case.split.y), clock)
    if model.n_iter_ != epochs:
        raise RuntimeError(f"{kind.__module__} made {model.n_iter_} of {epochs} epochs")
    return seconds, float(model.score(case.split.X_test, case.split.y_test))


def measure(
    case: PairCase, sizes: tuple[int, ...], epochs: int, rounds: int, cpu_time: bool
) -> tuple[PairFits, PairFits]:
    """Returns scikit-learn's fits and Chainrule's, made in turn after an uncounted epoch that warms up."""
    pair = [(peer, PairFits([], [])), (own, PairFits([], []))]
    for module, _ in pair:
        fit(module, case, sizes, 1, 0, cpu_time)
    for seed in range(rounds):
        for module, fits in rotated(pair, seed):
            seconds, score = fit(module, case, sizes, epochs, seed, cpu_time)
            fits.seconds.append(seconds)
            fits.scores.append(score)
    return pair[0][1], pair[1][1]


def scores_agree(theirs: list[float], ours: list[float]) -> bool:
    """Returns True if the mean scores differ by no more than their noise."""
    error = np.sqrt((np.var(theirs, ddof=1) + np.var(ours, ddof=1)) / len(ours))
    return bool(abs(np.mean(theirs) - np.mean(ours)) <= NOISE * error + SLACK)


def summary(case: PairCase, sizes: tuple[int, ...], theirs: PairFits, ours: PairFits) -> dict[str, Any]:
    """Returns the medians of the times and the means of the scores."""
    return {
        "set": case.name, "rows": len(case.split.X), "inputs": case.split.X.shape[1], "hidden": list(sizes),
        "sklearn_seconds": median(theirs.seconds), "seconds": median(ours.seconds),
        "faster": median(ratios(theirs.seconds, ours.seconds)), "sklearn_score": fmean(theirs.scores),
        "score": fmean(ours.scores), "scores_agree": scores_agree(theirs.scores, ours.scores),
    }  # fmt: skip


def markdown(rows: list[dict[str, Any]]) -> str:
    """Returns the rows as a table."""
    columns = ["set", "rows × inputs", "hidden", "scikit-learn", "Chainrule", "ratio", "scores", ""]
    return table(columns, [
        [
            r["set"], f"{r['rows']} × {r['inputs']}", "-".join(map(str, r["hidden"])), f"{r['sklearn_seconds']:.3f} s",
            f"{r['seconds']:.3f} s", f"{r['faster']:.1f} ×", f"{r['sklearn_score']:.3f}, {r['score']:.3f}",
            "agree" if r["scores_agree"] else "DIFFER",
        ]
        for r in rows
    ])  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mlp_pair", description=__doc__)
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--epochs", type=positive, help="instead of 60, and 20 for hidden layers 256-256")
    parser.add_argument("--sets", nargs="*", default=[*BUNDLED, *OTHERS])
    parser.add_argument("--alone", action="store_true", help="CPU time of one thread: for a machine in use")
    parser.add_argument("--json", type=Path, help="write the rows and the machine here")
    given = parser.parse_args(arguments)
    rows, about = [], machine.described()
    for sizes, epochs in EPOCHS.items():
        for name in given.sets:
            case = read(name)
            if case is None:
                print(f"left out: {name} ({sets.VARIABLE} must name the folder that holds it)")
                continue
            fits = measure(case, sizes, given.epochs or epochs, given.rounds, given.alone)
            rows.append(summary(case, sizes, *fits))
            print(name, sizes, f"{rows[-1]['faster']:.1f} ×", flush=True)
    print(markdown(rows), "", goals.markdown(goals.of_mlp_pair(rows)), "", ", ".join(machine.facts(about)), sep="\n")
    if given.json:
        replace_file(given.json, json.dumps({"machine": about, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
