"""Errors on sparse features beside LogisticRegression: ``python -m benchmarks.sparse_errors``.

The sets are generated: texts of a topic model with Zipf's words as TF-IDF (three difficulties, few and many documents),
hashed one-hot features and their pairs, one-hot features whose interactions matter, and classes for which a linear
model is the true one.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from benchmarks.harness.markdown import table

TUNED = {"C": [0.1, 1.0, 10.0, 100.0]}


class SparseSet(NamedTuple):
    """Rows and classes for training and for the test."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any


def drawn(rng: np.random.Generator, logits: Any) -> Any:
    """Draws a class for each row of logits (t, k)."""
    P = np.exp(logits - logits.max(axis=1, keepdims=True))
    return ((P / P.sum(axis=1, keepdims=True)).cumsum(axis=1) < rng.random((len(P), 1))).sum(axis=1)


def zipf(n: int, first: int) -> Any:
    """Returns n probabilities proportional to 1/first, 1/(first + 1), …"""
    p = 1.0 / np.arange(first, first + n)
    return p / p.sum()


def topics(seed: int, documents: int, share: float, classes: int = 20, words: int = 20_000) -> SparseSet:
    """Texts as TF-IDF: on average, ``share`` of the words come from one of two topics of the class."""
    rng = np.random.default_rng(seed)
    t, base = documents + 2_000, zipf(words, 2)
    group, of_group = rng.integers(5, size=classes), rng.gamma(0.3, size=(5, words))
    shared = of_group[group] + rng.gamma(0.1, size=(classes, words))  # classes of a group resemble each other
    weights = np.repeat(shared, 2, axis=0) + rng.gamma(0.1, size=(2 * classes, words))
    of_topic = (base * weights).cumsum(axis=1)
    y = rng.integers(classes, size=t)
    topic, other = 2 * y + rng.integers(2, size=t), rng.integers(2 * classes, size=t)
    own, strange = rng.beta(2.0, 2.0 / share - 2.0, t), 0.5 * rng.beta(2.0, 2.0 / share - 2.0, t)
    length = np.maximum(10, rng.lognormal(np.log(100.0), 0.7, t).astype(int))
    rows, columns = [], []
    for j in range(t):
        parts = rng.multinomial(length[j], [own[j], strange[j] * (1 - own[j]), (1 - own[j]) * (1 - strange[j])])
        sources = (of_topic[topic[j]], of_topic[other[j]], base.cumsum())
        for count, source in zip(parts, sources, strict=True):
            columns.append(np.minimum(np.searchsorted(source, rng.random(count) * source[-1]), words - 1))
            rows.append(np.full(count, j))
    at = np.concatenate(rows), np.concatenate(columns)
    X = sparse.csr_array((np.ones(len(at[0])), at), shape=(t, words))
    X.sum_duplicates()
    X = X[:, np.bincount(X[:documents].indices, minlength=words) > 1]
    X = TfidfTransformer(sublinear_tf=True).fit(X[:documents]).transform(X).tocsr()
    return SparseSet(X[:documents], y[:documents], X[documents:], y[documents:])


def pairs(seed: int, *, hashed: bool) -> SparseSet:
    """Eight one-hot columns and the logits of their pairs; ``hashed`` makes features of the pairs, too."""
    rng = np.random.default_rng(seed)
    t, levels, k, buckets = 9_000, 20, 8, 1 << 14
    Z = rng.choice(levels, p=zipf(levels, 1 if hashed else 3), size=(t, k))
    logits = sum(0.75 * rng.normal(size=(levels, 3))[Z[:, i]] for i in range(k))
    among = [(i, j) for i in range(k) for j in range(i)]
    codes = [i * levels + Z[:, i] for i in range(k)]
    for at in rng.permutation(len(among))[:8]:
        i, j = among[at]
        logits = logits + 1.5 * rng.normal(size=(levels, levels, 3))[Z[:, i], Z[:, j]]
    if hashed:
        codes += [(7_919 * (400 * q + levels * Z[:, i] + Z[:, j])) % buckets for q, (i, j) in enumerate(among)]
    columns = np.stack(codes, axis=1)
    X = sparse.csr_array((np.ones(columns.size), (np.repeat(np.arange(t), columns.shape[1]), columns.ravel())))
    X.sum_duplicates()
    if not hashed:
        X = sparse.hstack([X, sparse.random_array((t, 1_000), density=0.005, rng=rng)]).tocsr()
    y = drawn(rng, logits)
    return SparseSet(X[:6_000], y[:6_000], X[6_000:], y[6_000:])


def linear(seed: int) -> SparseSet:
    """Thirty of 3,000 features a row, and classes whose logits are linear in them."""
    rng = np.random.default_rng(seed)
    t, n, k = 7_000, 3_000, 30
    columns = rng.choice(n, p=zipf(n, 5), size=(t, k))
    X = sparse.csr_array((np.ones(t * k), (np.repeat(np.arange(t), k), columns.ravel())), shape=(t, n))
    X.sum_duplicates()
    X.data[:] = 1.0
    y = drawn(rng, X @ rng.normal(size=(n, 4)) * 0.7)
    return SparseSet(X[:4_000], y[:4_000], X[4_000:], y[4_000:])


SETS: dict[str, Callable[[int], SparseSet]] = {
    "texts, easy": lambda seed: topics(seed, 4_000, 0.75),
    "texts": lambda seed: topics(seed, 4_000, 0.55),
    "texts, hard": lambda seed: topics(seed, 4_000, 0.35),
    "texts, few": lambda seed: topics(seed, 2_000, 0.45, classes=10),
    "texts, many": lambda seed: topics(seed, 10_000, 0.5, words=30_000),
    "hashed pairs": lambda seed: pairs(seed, hashed=True),
    "interactions": lambda seed: pairs(seed, hashed=False),
    "a linear model": linear,
}


def contestants(seed: int) -> dict[str, Any]:
    """Returns the models by name."""
    from chainrule.estimators import NetworkClassifier

    regression = LogisticRegression(max_iter=200, tol=1e-3)
    return {
        "LogisticRegression": regression,
        "C tuned": GridSearchCV(regression, TUNED, scoring="neg_log_loss", cv=3),
        "NetworkClassifier": NetworkClassifier(random_state=seed),
    }


def errors(names: list[str], seeds: range) -> None:
    """Prints the test error and the log-loss of each model on each set, means over the seeds."""
    lines = []
    for name in names:
        results: dict[str, list[tuple[float, float, float]]] = {}
        for seed in seeds:
            data = SETS[name](seed)
            for label, model in contestants(seed).items():
                began = time.perf_counter()
                model.fit(data.X, data.y)
                seconds = time.perf_counter() - began
                P = model.predict_proba(data.X_test)
                wrong = float((model.classes_[P.argmax(axis=1)] != data.y_test).mean())
                results.setdefault(label, []).append((wrong, log_loss(data.y_test, P), seconds))
        means = {label: [fmean(column) for column in zip(*rows, strict=True)] for label, rows in results.items()}
        lines.append([name, "{} × {}".format(*data.X.shape), *(f"{m[0]:.1%}, {m[1]:.3f}" for m in means.values())])
        seconds_of = ", ".join(f"{m[2]:.1f}" for m in means.values())
        print(f"{name}: {lines[-1][2:]}, seconds {seconds_of}", file=sys.stderr, flush=True)
    print(table(["set", "rows × columns", *contestants(0)], lines))


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--sets", nargs="*", choices=list(SETS), default=list(SETS), help="the sets of the errors")
    parser.add_argument("--seeds", type=int, default=3, help="how often each set is drawn")
    parser.add_argument("--first-seed", type=int, default=0, help="the seed of the first draw; the next ones follow")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    errors(options.sets, range(options.first_seed, options.first_seed + options.seeds))


if __name__ == "__main__":
    main()
