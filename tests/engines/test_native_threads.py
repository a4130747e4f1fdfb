"""Any number of threads gives bitwise the same trainings, outputs and gradients.

A step is shared in three ways: examples across the lanes, panels by the rows of the batch, and panels by the columns of
the layers. `as_many_threads_as_requested` lifts the lower limit of work per thread, so that each way runs on every
number of threads; test_native_thread_counts.py counts them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engines.thread_runs import (
    THREADS,
    WAYS,
    make_problem,
    trained,
)

import chainrule as cr
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem
from chainrule.optimizers import OPTIMIZERS

pytestmark = [pytest.mark.native, pytest.mark.usefixtures("as_many_threads_as_requested")]


@settings(max_examples=80)
@given(
    way=st.sampled_from(sorted(WAYS)),
    dtype=st.sampled_from(["float32", "float64"]),
    kind=st.sampled_from(sorted(OPTIMIZERS)),
    t=st.integers(1, 300),
    batch_size=st.integers(1, 300),
    dropout=st.sampled_from([0.0, 0.4]),
    clip_norm=st.sampled_from([None, 0.1, 100.0]),
    cost=st.builds(
        cr.SumOfSquares, mean=st.booleans(), l1=st.sampled_from([0.0, 0.01]), l2=st.sampled_from([0.0, 0.02])
    ),
    weighted=st.booleans(),
    patience=st.sampled_from([None, 5]),
)
def test_any_number_of_threads_gives_the_same_bits(
    way: str, dtype: str, kind: str, t: int, batch_size: int, dropout: float, clip_norm: float | None, cost: cr.Cost,
    weighted: bool, patience: int | None,
) -> None:  # fmt: skip
    """θ, moments and records are bitwise the same for 1, 2, 3, 4 and 8 threads, with every optimizer, any minibatches
    (also of fewer rows than threads), dropout, penalties, clipping, weights and validation."""
    optimizer = OPTIMIZERS[kind](0.001, clip_norm=clip_norm)
    t = min(t, WAYS[way].batch)
    size = t if optimizer.full_batch_only else max(min(batch_size, t), t // 12)  # few steps per epoch
    problem = make_problem(
        way, dtype, optimizer, t, size, dropout=dropout, cost=cost, weighted=weighted, patience=patience
    )
    one = trained(problem, 1)
    for threads in THREADS[1:]:
        assert trained(problem, threads) == one, threads


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_rows_in_blocks(dtype: str) -> None:
    """The bits agree when a full batch is summed in several blocks of rows, and in many chunks across the lanes."""
    for way in ("lanes", "rows"):
        problem = make_problem(way, dtype, cr.Adam(0.01), 9001, 9001)
        one = trained(problem, 1)
        for threads in (2, 3, 8):
            assert trained(problem, threads) == one, (way, threads)


@pytest.mark.parametrize("batch_size", [256, 2000])
def test_a_last_minibatch_of_fewer_rows(batch_size: int) -> None:
    """The bits agree when minibatches are summed in halves, or are too large for that, and the last one has fewer rows;
    J is the reference engine's."""
    rng = np.random.default_rng(8)
    net = cr.Network.dense([32, 256, 256, 1], hidden="relu", seed=1, dtype="float32")
    X = rng.normal(size=(batch_size + 200, 32)).astype("float32")
    data = TrainingSet(X, X[:, :1] * X[:, 1:2], None)
    problem = Problem(net, cr.SumOfSquares(mean=True), cr.Adam(0.001), data, batch_size, 3, 11)
    one = trained(problem, 1)
    assert trained(problem, 2) == one
    assert trained(problem, 3) == one
    native_J, reference_J = (
        cr.train(
            net.copy(), *data[:2], cost=problem.cost, optimizer=problem.optimizer, epochs=3, batch_size=batch_size,
            seed=11, engine=engine,
        ).J
        for engine in ("native", "reference")
    )  # fmt: skip
    np.testing.assert_allclose(native_J, reference_J, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", WAYS)
def test_outputs_and_gradients(way: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """N(x), J(θ), ∇J(θ) and every δ[i] are bitwise the same for 1, 2, 3, 4 and 8 threads (CHAINRULE_THREADS)."""
    for t in (1, 5, 60, 300):
        problem = make_problem(way, dtype, cr.Adam(), t, t)
        net, (X, Y, _) = problem.net, problem.examples
        seen = set()
        for threads in THREADS:
            monkeypatch.setenv("CHAINRULE_THREADS", str(threads))
            g = cr.gradient(net, problem.cost, X, Y, engine="native")
            arrays = [net(X, engine="native"), np.array(g.J), g.theta, *g.delta]
            seen.add(b"".join(array.tobytes() for array in arrays))
        assert len(seen) == 1, t
