"""Training on sparse rows beside scikit-learn's MLPClassifier: ``python -m benchmarks.sparse``.

Four sets that look like TF-IDF features, a hidden layer of 100 ReLU units, Adam, minibatches of 200 rows. Each fit runs
in a process of its own, the libraries in turn, and reports its seconds and how far it raised the process's peak memory.
Chainrule and scikit-learn train in float32, and scikit-learn in float64 too, its usual type. ``--kinds`` chooses what
is compared: ``"chainrule MLPClassifier" "scikit-learn float32"`` measures the two estimators. The first is the unit.

``--one-row`` measures how long the estimators take to predict one row of 60,000 columns with 30 entries: the mean over
200 rows that were made just before, in the CPU's time, the least of several rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.harness.markdown import table
from benchmarks.harness.options import positive

SIZES = ((10_000, 20_000), (20_000, 60_000))  # rows and columns
DENSITIES = (0.002, 0.0005)
CLASSES = 10
KINDS = ("chainrule", "scikit-learn float32", "scikit-learn float64")
ESTIMATOR = "chainrule MLPClassifier"
PENALTIES = (0.0, 1e-4)  # scikit-learn's alpha; 1e-4 is its default


class Fit(NamedTuple):
    """One fit: its seconds, and the growth of the peak memory in MB."""

    seconds: float
    megabytes: float


def tf_idf(t: int, n: int, density: float) -> tuple[Any, NDArray[np.int64]]:
    """Returns X (t, n), CSR in float32, and random classes y (t,).

    Words are drawn by Zipf's law, counts become 1 + log counts, weighted by idf, and rows have the norm 1.
    """
    rng = np.random.default_rng(0)
    words = round(density * n)
    law = np.cumsum(1.0 / np.arange(10, n + 10))
    columns = np.searchsorted(law / law[-1], rng.random(t * words)).clip(max=n - 1)
    X = sp.csr_array((np.ones(t * words), (np.repeat(np.arange(t), words), columns)), shape=(t, n))
    X.sum_duplicates()
    idf = np.log((1 + t) / (1 + np.bincount(X.indices, minlength=n))) + 1
    X.data = (1 + np.log(X.data)) * idf[X.indices]
    norms = np.sqrt(np.add.reduceat(X.data**2, X.indptr[:-1]))
    X.data = (X.data / np.repeat(norms, np.diff(X.indptr))).astype(np.float32)
    return X, rng.integers(CLASSES, size=t)


def fit(kind: str, X: Any, y: NDArray[np.int64], alpha: float, epochs: int, threads: int) -> None:
    """Trains one network of either library."""
    warnings.simplefilter("ignore")  # it has not converged
    settings: dict[str, Any] = {"alpha": alpha, "batch_size": 200, "max_iter": epochs, "n_iter_no_change": epochs + 1}
    if kind == "chainrule":
        import chainrule as cr

        net = cr.Network.dense([X.shape[1], 100, CLASSES], output="softmax", dtype=np.float32)
        cost = cr.CrossEntropy(mean=True, mean_penalty=True, l2=alpha)
        cr.train(net, X, y, cost=cost, optimizer=cr.Adam(1e-3), batch_size=200, epochs=epochs, threads=threads)
    elif kind == ESTIMATOR:
        from chainrule.estimators import MLPClassifier

        MLPClassifier((100,), threads=threads, **settings).fit(X, y)
    else:
        from sklearn.neural_network import MLPClassifier as Peer
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # a dependency of scikit-learn

        with threadpool_limits(threads):
            Peer((100,), **settings).fit(X, y)


def one_row(rounds: int) -> None:
    """Prints the µs of a prediction of one row by each estimator."""
    from sklearn.neural_network import MLPClassifier as Peer

    from chainrule.estimators import MLPClassifier, NetworkClassifier, NetworkRegressor

    warnings.simplefilter("ignore")  # it has not converged
    rng, t, n, entries, tried = np.random.default_rng(0), 8_000, 60_000, 30, 200
    X = sp.csr_array(
        (rng.random(t * entries, np.float32), (np.repeat(np.arange(t), entries), rng.integers(n, size=t * entries))),
        shape=(t, n),
    )
    X.sum_duplicates()
    y = rng.integers(CLASSES, size=t)
    settings: dict[str, Any] = {"epochs": 1, "random_state": 0}
    for name, model in {
        "NetworkClassifier, no hidden layer": NetworkClassifier(hidden_layer_sizes=(), **settings),
        "NetworkClassifier, 32 units": NetworkClassifier(hidden_layer_sizes=(32,), **settings),
        "NetworkRegressor, 32 units": NetworkRegressor(hidden_layer_sizes=(32,), **settings),
        "MLPClassifier, 100 units": MLPClassifier(max_iter=1),
        "scikit-learn's MLPClassifier, 100 units": Peer(max_iter=1),
    }.items():
        model.fit(X, y)
        seconds = []
        for _ in range(rounds + 1):
            rows = [X[j : j + 1] for j in range(tried)]
            began = time.process_time()
            for row in rows:
                model.predict(row)
            seconds.append((time.process_time() - began) / tried)
        print(f"{name}: {1e6 * min(seconds[1:]):.0f} µs", flush=True)


def worker(kind: str, case: list[float], epochs: int, threads: int) -> Fit:
    """Prepares the data and makes a small fit, which loads the library, then measures one fit."""
    t, n, density, alpha = case
    X, y = tf_idf(int(t), int(n), density)
    X = X.astype("float64" if kind.endswith("float64") else "float32", copy=False)
    fit(kind, X[:400, :50], y[:400], alpha, 1, threads)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    fit(kind, X, y, alpha, epochs, threads)
    seconds = time.perf_counter() - began
    return Fit(seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def measured(kind: str, case: tuple[float, ...], epochs: int, threads: int) -> Fit:
    """Runs a worker in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sparse", "--worker", json.dumps([kind, case, epochs, threads])]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return Fit(*json.loads(done.stdout))


def main() -> None:
    """Prints a table of all sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--epochs", type=positive, default=3)
    parser.add_argument("--threads", type=positive, default=1)
    parser.add_argument("--kinds", nargs="+", choices=(*KINDS, ESTIMATOR), default=KINDS, help="what is compared")
    parser.add_argument("--one-row", action="store_true", help="measure predictions of one row")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(worker(*json.loads(options.worker))))
        return
    if options.one_row:
        one_row(options.rounds)
        return
    lines = []
    for case in ((t, n, density, alpha) for alpha in PENALTIES for t, n in SIZES for density in DENSITIES):
        fits: dict[str, list[Fit]] = {kind: [] for kind in options.kinds}
        for k in range(options.rounds):
            for kind in options.kinds[:: 1 if k % 2 == 0 else -1]:
                fits[kind].append(measured(kind, case, options.epochs, options.threads))
        middle = {kind: Fit(*(median(column) for column in zip(*rounds, strict=True))) for kind, rounds in fits.items()}
        own = middle[options.kinds[0]]
        peers = [f"{f.seconds:.2f} s, {f.megabytes:.0f} MB, {f.seconds / own.seconds:.1f} ×" for f in middle.values()]
        t, n, density, alpha = case
        lines.append([f"{t:,} × {n:,}", f"{density:.2%}", f"{alpha:g}", *peers])
        print(*lines[-1], sep=" | ", flush=True)
    print("", table(["rows × columns", "density", "α", *options.kinds], lines), sep="\n")


if __name__ == "__main__":
    main()
