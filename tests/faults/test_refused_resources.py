"""The system refuses memory or threads to the native engine, at every moment in turn."""

from __future__ import annotations

import json

import pytest
from support.injection import output_with_faults

pytestmark = pytest.mark.native

WORK = """
import json, os, sys
import numpy as np
import chainrule as cr

kind, threads = KIND, THREADS
os.environ["CHAINRULE_THREADS"] = str(threads)
rng = np.random.default_rng(0)
dtype = "float64" if kind == "overflow" else "float32"
X, Y = rng.normal(size=(1200, 128)).astype(dtype), rng.normal(size=(1200, 4)).astype(dtype)
X *= {"large inputs": 1e15, "overflow": 1e100}.get(kind, 1.0)
if kind == "zeros":
    X[rng.random(X.shape) < 0.95] = 0.0
cost = cr.SumOfSquares(mean=True)
settings = {
    "clipped": {"optimizer": cr.Adam(clip_norm=1.0)},
    "full batch": {"batch_size": None},
    "diverging": {"optimizer": cr.GradientDescent(learning_rate=1e4)},
    "patience": {"validation": (X[:100], Y[:100]), "patience": 2},
    "overflow": {"optimizer": cr.Momentum(learning_rate=1e-3)},
}.get(kind, {})

def work(net):
    if kind == "outputs":
        return net(X)
    if kind == "gradient":
        return cr.gradient(net, cost, X, Y).theta
    try:
        cr.train(
            net, X, Y, cost=cost, epochs=2, seed=0, threads=threads, engine="native",
            **{"optimizer": "adam", "batch_size": 600, **settings},
        )
    except cr.DivergenceError:
        pass
    return net.theta.copy()

def new():
    return cr.Network.dense([128, 256, 128, 4], dtype=dtype, seed=0)

whole = work(new())
"""

KINDS = ["adam", "clipped", "full batch", "diverging", "patience", "large inputs", "zeros", "overflow"]
KINDS += ["outputs", "gradient"]  # besides training


@pytest.mark.parametrize(("kind", "threads"), [("adam", 1), *((kind, 2) for kind in KINDS)])
def test_refused_memory_is_a_memory_error(kind: str, threads: int) -> None:
    """Whichever allocation fails, MemoryError is raised, θ stays finite, and the same work succeeds afterwards."""
    program = (
        WORK
        + """
injection.refuse_allocation(-1)
work(new())
count = injection.allocation_count()
outcomes = []
for k in range(count % 3, count, 3):  # python -m fuzz resources refuses any of them
    net = new()
    injection.refuse_allocation(k)
    try:
        work(net)
        outcomes.append("done")
    except MemoryError:
        outcomes.append("MemoryError")
    injection.refuse_allocation(-1)
    assert np.isfinite(net.theta).all()
    net.theta = new().theta
    assert np.array_equal(work(net), whole, equal_nan=True)
print(json.dumps([count, sorted(set(outcomes))]))
"""
    )
    count, outcomes = json.loads(
        output_with_faults(program.replace("KIND", repr(kind)).replace("THREADS", str(threads)))
    )
    assert count > 3
    assert "MemoryError" in outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_refused_threads_change_nothing(kind: str) -> None:
    """With however many threads the system grants, the result has the bits of four threads."""
    program = (
        WORK
        + """
injection.refuse_threads_from(-1)
work(new())
count = injection.thread_count()
for k in range(min(count, 8)):
    injection.refuse_threads_from(k)
    net = new()
    assert np.array_equal(work(net), whole, equal_nan=True)
print(json.dumps(count))
"""
    )
    count = json.loads(output_with_faults(program.replace("KIND", repr(kind)).replace("THREADS", "4")))
    assert count > 0


def test_any_refused_request_is_a_memory_error() -> None:
    """Whichever request for memory fails, even for a few bytes of the binding or of Python itself, it is an error.

    It is MemoryError, or what NumPy and Python raise instead: SystemError, or RuntimeError for a lock.
    """
    program = """
import json
import numpy as np
import scipy.sparse
import chainrule as cr

X, Y = np.ones((5, 3)), np.full((5, 2), 0.5)
S = scipy.sparse.csr_array(X)
cost, net = cr.CrossEntropy(mean=True), cr.Network.dense([3, 4, 2], hidden="leaky_relu", output="softmax", seed=0)
resumed = cr.train(net.copy(), X, Y, cost=cost, optimizer="adam", epochs=40).state

def train(net):
    cr.train(net, X, Y, cost=cost, optimizer="adam", epochs=41, resume=resumed)

def train_sparse(net):
    cr.train(net, S, Y, cost=cost, optimizer="adam", epochs=1, validation=(X, Y))

works = [
    train, train_sparse, lambda net: cr.gradient(net, cost, X, Y), lambda net: net(X), lambda net: net(X[0]),
    lambda net: net(S),
]
outcomes = []
for work in works:
    work(net.copy())
    injection.refuse_request(-1, 0)
    work(net.copy())
    count = injection.request_count()
    for k in range(count):
        new = net.copy()
        try:
            injection.refuse_request(k, 0)
            work(new)
            injection.refuse_request(-1, 0)
        except (MemoryError, SystemError, RuntimeError) as error:
            assert not isinstance(error, RuntimeError) or "lock" in str(error), error
            outcomes.append(type(error).__name__)
    work(net.copy())
print(json.dumps(outcomes))
"""
    assert json.loads(output_with_faults(program, PYTHONMALLOC="malloc")).count("MemoryError") > 1000
