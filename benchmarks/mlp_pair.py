"""The pair MLP* beside scikit-learn's with the same settings: ``python -m benchmarks.mlp_pair``.

Both train on the same standardised rows for the same number of epochs, in turn and in both orders, one seed a round.
The sets are three of scikit-learn's and, where CHAINRULE_DATA names the folder, seven of PMLB and UCI. A time counts
only with its score: the mean test scores over the rounds must agree within their noise.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn.neural_network as peer
from sklearn import datasets
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

import chainrule.estimators as own
from benchmarks import machine
from benchmarks.tables import sets

BUNDLED = {"digits": "classification", "breast_cancer": "classification", "diabetes": "regression"}
OTHERS = ("segmentation", "waveform_40", "spambase", "pendigits", "197_cpu_act", "concrete", "kin8nm")
GOALS = {(100,): 10.0, (256, 256): 5.0}
EPOCHS = {(100,): 60, (256, 256): 20}
CAP = 5000  # training rows at most
PAUSE = 0.2  # seconds before each fit: threads of a BLAS keep a core busy for a while after their last product
NOISE = 3.0  # standard errors between the mean scores, and
SLACK = 0.005  # this much beyond them


class Case(NamedTuple):
    """A set, ready for both: X and, of numbers, y are standardised by the training rows."""

    name: str
    task: str
    X: Any
    y: Any
    X_test: Any
    y_test: Any


class Fits(NamedTuple):
    """Seconds and test scores of each round."""

    seconds: list[float]
    scores: list[float]


def read(name: str) -> Case | None:
    """The set of this name, or None where it is not there."""
    if name in BUNDLED:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        split = sets.divided(X, y, "regression" if BUNDLED[name] == "regression" else "classification", 0, CAP)
        return standardised(name, BUNDLED[name], split)
    folder, one = sets.folder(), sets.SETS[name]
    if folder is None or not one.present(folder):
        return None
    return standardised(name, one.task, one.read(folder, 0, CAP))


def standardised(name: str, task: str, split: sets.Split) -> Case:
    """Every column with mean 0 and variance 1."""
    rows = np.random.default_rng(0).permutation(len(split.X))[:CAP]
    scaler = StandardScaler().fit(split.X[rows])
    y, y_test = split.y[rows], split.y_test
    if task == "regression":
        mean, std = y.mean(), y.std()
        y, y_test = (y - mean) / std, (y_test - mean) / std
    return Case(name, task, scaler.transform(split.X[rows]), y, scaler.transform(split.X_test), y_test)


def fit(module: Any, case: Case, sizes: tuple[int, ...], epochs: int, seed: int, alone: bool) -> tuple[float, float]:
    """Seconds and test score of one fit, in which every epoch is run; ``alone``: of the CPU, with one thread."""
    kind = module.MLPClassifier if case.task == "classification" else module.MLPRegressor
    model = kind(hidden_layer_sizes=sizes, max_iter=epochs, n_iter_no_change=epochs, random_state=seed)
    if module is own and alone:
        model.set_params(threads=1)
    time.sleep(PAUSE)
    clock = time.process_time if alone else time.perf_counter
    with warnings.catch_warnings(), threadpool_limits(1 if alone else None):
        warnings.simplefilter("ignore")  # that it has not converged yet
        began = clock()
        model.fit(case.X, case.y)
        seconds = clock() - began
    if model.n_iter_ != epochs:
        raise RuntimeError(f"{kind.__module__} made {model.n_iter_} of {epochs} epochs")
    return seconds, float(model.score(case.X_test, case.y_test))


def measure(case: Case, sizes: tuple[int, ...], epochs: int, rounds: int, alone: bool) -> tuple[Fits, Fits]:
    """scikit-learn's fits and ours, in turn; each begins every other round. The first round warms up and counts not."""
    both = (Fits([], []), Fits([], []))
    for module in (own, peer):
        fit(module, case, sizes, 1, 0, alone)
    for seed in range(rounds):
        for which in (0, 1) if seed % 2 else (1, 0):
            seconds, score = fit((peer, own)[which], case, sizes, epochs, seed, alone)
            both[which].seconds.append(seconds)
            both[which].scores.append(score)
    return both


def agree(theirs: list[float], ours: list[float]) -> bool:
    """Whether the mean scores differ by no more than their noise."""
    error = np.sqrt((np.var(theirs, ddof=1) + np.var(ours, ddof=1)) / len(ours))
    return bool(abs(np.mean(theirs) - np.mean(ours)) <= NOISE * error + SLACK)


def row(case: Case, sizes: tuple[int, ...], theirs: Fits, ours: Fits) -> dict[str, Any]:
    """What is told of a set: medians of the times, means of the scores."""
    ratios = np.array(theirs.seconds) / np.array(ours.seconds)
    return {
        "set": case.name, "rows": len(case.X), "inputs": case.X.shape[1], "hidden": list(sizes),
        "sklearn_seconds": float(np.median(theirs.seconds)), "seconds": float(np.median(ours.seconds)),
        "faster": float(np.median(ratios)), "sklearn_score": float(np.mean(theirs.scores)),
        "score": float(np.mean(ours.scores)), "scores_agree": agree(theirs.scores, ours.scores),
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in Markdown, with the geometric mean of the ratios for each architecture."""
    lines = ["| set | rows × inputs | hidden | scikit-learn | ours | faster | score: scikit-learn's, ours | |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {r['set']} | {r['rows']} × {r['inputs']} | {'-'.join(map(str, r['hidden']))} "
        f"| {r['sklearn_seconds']:.3f} s | {r['seconds']:.3f} s | {r['faster']:.1f} × "
        f"| {r['sklearn_score']:.3f}, {r['score']:.3f} | {'agree' if r['scores_agree'] else 'DIFFER'} |"
        for r in rows
    ]
    for sizes, goal in GOALS.items():
        ratios = [r["faster"] for r in rows if tuple(r["hidden"]) == sizes and r["scores_agree"]]
        if ratios:
            mean, least = np.exp(np.mean(np.log(ratios))), min(ratios)
            lines.append(f"\n{sizes}: {mean:.1f} × on the geometric mean, {least:.1f} × at least (goal {goal:g} ×)")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mlp_pair", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="instead of 60, and 20 for (256, 256)")
    parser.add_argument("--sets", nargs="*", default=[*BUNDLED, *OTHERS])
    parser.add_argument("--alone", action="store_true", help="CPU time with one thread each: for a machine in use")
    parser.add_argument("--json", type=Path, help="write the rows and the machine here")
    given = parser.parse_args(arguments)
    rows, about = [], machine.described()
    for sizes, epochs in EPOCHS.items():
        for name in given.sets:
            case = read(name)
            if case is None:
                print(f"{name} is not there: {sets.VARIABLE} must name the folder that holds it")
                continue
            rows.append(row(case, sizes, *measure(case, sizes, given.epochs or epochs, given.rounds, given.alone)))
            print(name, sizes, f"{rows[-1]['faster']:.1f} ×", flush=True)
    print(table(rows))
    print(f"\n{about['CPU']}, {about['cores']} cores, load before the run {about['load before the run']}")
    if given.json:
        given.json.write_text(json.dumps({"machine": about, "rows": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
