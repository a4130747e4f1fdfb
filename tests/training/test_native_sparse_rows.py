"""The native engine over sparse rows: the bits of a run over the dense matrix, for any number of threads and slices."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from support.engines.gradient_bounds import Case, assert_within, reference
from support.engines.native_runs import OPTIMIZERS
from support.rounding import difference_bounds

import chainrule as cr
from chainrule import engines
from chainrule._internal.sparse_rows import SparseRows, as_sparse_rows
from chainrule.costs import TrainingSet
from chainrule.engines import TrainingRun
from chainrule.engines.problem import Problem
from chainrule.errors import EngineDeclined

pytestmark = [pytest.mark.native, pytest.mark.usefixtures("as_many_threads_as_requested")]

N = 90  # columns, of which the last ten are empty
SHAPES: dict[str, tuple[list[int], list[Any]]] = {
    "one layer, half a panel": ([N, 40], []),
    "full panels": ([N, 64, 3], ["relu"]),
    "many panels": ([N, 150, 35], ["gelu"]),
    "vector-valued": ([N, 70, 40, 3], ["softmax", cr.Parametric("tanh")]),
}  # wider than 32 units, so that a run over the dense matrix is computed in panels too


def rows(t: int, seed: int, dtype: str) -> SparseRows:
    """Rows of up to 14 entries, of which every fifth is empty; a row may hold explicit zeros."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 15, size=t) * (np.arange(t) % 5 > 0)
    columns = [np.sort(rng.choice(N - 10, size=count, replace=False)) for count in counts]
    data = rng.normal(size=counts.sum()) * (rng.random(counts.sum()) > 0.1)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return SparseRows(indptr, np.concatenate(columns).astype(np.int32), data.astype(dtype), (t, N))


def make_problem(
    shape: str, dtype: str, optimizer: cr.Optimizer, t: int = 53, batch_size: int = 16, **own: Any
) -> Problem:
    """A problem over sparse rows, with a validation set and, if ``weighted``, example weights."""
    m, hidden = SHAPES[shape]
    rng = np.random.default_rng(7)
    net = cr.Network.dense(m, hidden=hidden, dropout=own.pop("dropout", 0.0), seed=2, dtype=dtype)
    net.b[1][...] = rng.normal(size=m[1])
    cost, epochs = own.pop("cost", cr.SumOfSquares(mean=True)), own.pop("epochs", 3)
    weights = rng.uniform(0.5, 2.0, size=t).astype(dtype) if own.pop("weighted", False) else None
    data = TrainingSet(rows(t, 1, dtype), rng.normal(size=(t, m[-1])).astype(dtype), weights)
    held_out = TrainingSet(rows(20, 2, dtype), rng.normal(size=(20, m[-1])).astype(dtype))
    return Problem(net, cost, optimizer, data, batch_size, epochs, 3, validation=held_out, **own)


def dense(problem: Problem) -> Problem:
    """The same problem over dense matrices."""
    sets = (problem.data, problem.validation)
    data, held_out = (s if s is None else s._replace(X=s.X.toarray()) for s in sets)  # type: ignore[union-attr]
    assert data is not None
    return replace(problem, data=data, validation=held_out)


def started(problem: Problem, threads: int, state: cr.TrainingState | None = None) -> TrainingRun:
    """Starts a run with a copy of the network."""
    problem = replace(problem, net=problem.net.copy(), threads=threads)
    return engines.chosen(problem.net, problem.cost, problem.optimizer, engine="native").engine.start(problem, state)


def bits(run: TrainingRun, records: tuple[str, ...] = ("J", "validation_J")) -> dict[str, Any]:
    """θ, the best θ, the moments, these records and the reason to stop."""
    state = run.state()
    arrays = {"theta": state.theta, "best": state.best_theta, **state.moments}
    return {
        **{name: None if array is None else (array + 0.0).tobytes() for name, array in arrays.items()},  # −0 is 0
        **{name: list(run.records[name]) for name in records},
        "stopped": run.stopped,
    }


def finished(problem: Problem, threads: int) -> TrainingRun:
    """A finished run."""
    run = started(problem, threads)
    while run.stopped is None:
        run.advance(problem.epochs, math.inf)
    return run


ALL = ("J", "validation_J", "gradient_norm")
VARIANTS = [
    *OPTIMIZERS,
    cr.Adam(cr.Cosine(0.01, warmup=1.0)),  # the first step has the learning rate 0
    cr.AdamW(cr.OneCycle(0.03), weight_decay=cr.Cosine(0.3)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", VARIANTS, ids=repr)
def test_bits_of_the_dense_matrix(optimizer: cr.Optimizer, dtype: str) -> None:
    """θ, the moments, J and the validation cost of a run over sparse rows are bitwise those of the dense matrix.

    Steps of columns without a gradient wait and are made later, for every optimizer and any schedule.
    """
    own = {"batch_size": 53} if optimizer.full_batch_only else {}
    problem = make_problem("full panels", dtype, optimizer, weighted=True, patience=50, **own)
    assert bits(finished(problem, 2)) == bits(finished(dense(problem), 1))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch_size", [1, 16, 53])
def test_bits_of_the_dense_matrix_for_every_shape(shape: str, batch_size: int) -> None:
    """The same for one layer and for several, with dropout and κ, for single rows and for full batches."""
    problem = make_problem(shape, "float32", cr.Adam(0.01), batch_size=batch_size)
    if shape != "one layer, half a panel":
        problem = make_problem(shape, "float32", cr.Adam(0.01), batch_size=batch_size, dropout=0.2)
    assert bits(finished(problem, 3)) == bits(finished(dense(problem), 1))


def test_rates_of_the_first_layer() -> None:
    """Factors of the steps and of the decay of W[1] apply to the steps that wait; a factor of 0 keeps every bit."""
    for rate in (cr.Factors(W=0.0), cr.Factors(W=6.0, b=0.1)):
        problem = make_problem("full panels", "float64", cr.AdamW(0.01, weight_decay=0.1))
        first, *rest = problem.net.layers
        layer = cr.Layer(first.W, first.b, first.sigma, rate=rate, decay=cr.Factors(W=2.0, b=0.5))
        problem = replace(problem, net=cr.Network([layer, *rest]))
        assert bits(finished(problem, 2)) == bits(finished(dense(problem), 1))


def test_more_steps_than_may_wait() -> None:
    """Over an epoch of 1,500 steps, columns catch up before their constants are forgotten."""
    problem = make_problem("full panels", "float32", cr.Adam(0.001), t=1500, batch_size=1, epochs=1)
    assert bits(finished(problem, 2)) == bits(finished(dense(problem), 1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_indices_of_both_types(kind: type, dtype: str) -> None:
    """The type of the indices changes no bit."""
    problem = make_problem("many panels", dtype, cr.Adam(0.01))
    X = problem.examples.X
    assert isinstance(X, SparseRows)
    other = replace(problem, data=problem.examples._replace(X=replace(X, indices=X.indices.astype(kind))))
    assert bits(finished(other, 1)) == bits(finished(problem, 1))
    np.testing.assert_array_equal(problem.net(replace(X, indices=X.indices.astype(kind))), problem.net(X))


COSTS = {
    "plain": {}, "penalties": {"cost": cr.SumOfSquares(mean=True, mean_penalty=True, l1=0.01, l2=0.1)},
    "clipped": {"optimizer": cr.Adam(0.01, clip_norm=0.1)}, "patience": {"patience": 1},
}  # fmt: skip


@pytest.mark.parametrize("own", COSTS.values(), ids=COSTS.keys())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_and_slices_change_no_bit(own: dict[str, Any], dtype: str) -> None:
    """θ, moments and all records are the same for 1 to 8 threads, in slices of one step, and after stop and resume."""
    settings = {"optimizer": cr.AdamW(0.02, weight_decay=0.05), **own}
    problem = make_problem("many panels", dtype, dropout=0.1, **settings)
    sought = bits(finished(problem, 1), ALL)
    for threads in (2, 3, 8):
        assert bits(finished(problem, threads), ALL) == sought
    sliced = started(problem, 2)
    while sliced.stopped is None:
        sliced.advance(problem.epochs, 0.0)  # one step
    assert bits(sliced, ALL) == sought
    resumed = started(problem, 1)
    while resumed.stopped is None:
        resumed = started(problem, 2, resumed.state())
        resumed.advance(problem.epochs, 0.0)
    assert bits(resumed, ALL) == sought


@pytest.mark.parametrize("own", COSTS.values(), ids=COSTS.keys())
def test_the_path_agrees_with_the_reference(own: dict[str, Any]) -> None:
    """With penalties, clipping or patience too, the path is the reference's over the same sparse rows."""
    problem = make_problem("many panels", "float64", **{"optimizer": cr.Adam(0.01), **own})
    runs = [replace(problem, net=problem.net.copy()) for _ in range(2)]
    states = []
    for one, engine in zip(runs, ("native", "reference"), strict=True):
        run = engines.chosen(one.net, one.cost, one.optimizer, engine=engine).engine.start(one, None)
        while run.stopped is None:
            run.advance(one.epochs, math.inf)
        states.append(run.state())
    np.testing.assert_allclose(states[0].theta, states[1].theta, rtol=0, atol=1e-11)
    for name in ALL:
        np.testing.assert_allclose(states[0].records[name], states[1].records[name], rtol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_lie_within_the_bounds(shape: str, dtype: str) -> None:
    """J, ∇J(θ) and every δ[i] over sparse rows lie within the bounds that are derived for the dense matrix."""
    problem = make_problem(shape, dtype, cr.Adam(), cost=cr.SumOfSquares(l1=0.01, l2=0.1), weighted=True)
    X, Y, weights = dense(problem).examples
    assert isinstance(X, np.ndarray)
    case = Case(problem.net, problem.cost, X, Y, weights)
    truth, bound = reference(case), difference_bounds(*case)
    g = cr.gradient(problem.net, problem.cost, problem.examples.X, Y, weights, engine="native")
    assert_within("J", g.J, truth.J, bound.J)
    assert_within("∇J", g.theta, truth.theta, bound.theta)
    for i in range(1, problem.net.r + 1):
        assert_within(f"δ[{i}]", g.delta[i], truth.delta[i], bound.delta[i])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("t", [1, 3, 4, 300])
def test_outputs_lie_within_the_bounds(shape: str, dtype: str, t: int) -> None:
    """N(x) of one, of a few and of many sparse rows lies within the bounds; empty rows give N(0)."""
    problem = make_problem(shape, dtype, cr.Adam())
    X, net = rows(t, 5, dtype), problem.net
    Y = np.zeros((t, net.m[-1]), dtype)
    bound = difference_bounds(net, problem.cost, X.toarray(), Y).a[net.r]
    truth = net.astype("float64")(X.toarray().astype(np.float64), engine="reference")
    assert_within("N(x)", net(X, engine="native"), truth, bound)
    assert X.indptr[1] == 0
    assert_within("N(0)", net(X, engine="native")[:1], truth[:1], bound[:1])


def test_divergence_leaves_the_last_finite_theta() -> None:
    """A run over sparse rows diverges at the step of the dense matrix, with the same θ, clipped or not."""
    for optimizer in (cr.Momentum(1e4), cr.Momentum(1e4, clip_norm=1e30), cr.AdamW(1e30, weight_decay=1e8)):
        problem = make_problem("full panels", "float32", optimizer, epochs=200)
        sparse, full = finished(problem, 2), finished(dense(problem), 1)
        assert sparse.stopped == "diverged"
        assert sparse.state().step == full.state().step
        assert np.isfinite(sparse.state().theta).all()
        np.testing.assert_allclose(sparse.state().theta, full.state().theta, rtol=1e-3)


def test_a_block_diagonal_first_layer_is_declined() -> None:
    """A block-diagonal W[1] over sparse rows is left to the reference engine, with the reason."""
    net = cr.Network([cr.Layer(cr.Diagonal([1.0, 2.0]), [0.0, 0.0], "identity"), cr.Layer([[1.0, 1.0]], [0.0], "tanh")])
    X, Y = sp.csr_array([[1.0, 0.0], [0.0, 1.0]]), [[1.0], [0.0]]
    with pytest.raises(EngineDeclined, match="X is sparse, and W\\[1\\] is block-diagonal"):
        cr.train(net, X, Y, engine="native")
    with pytest.warns(engines.EngineNotice, match="X is sparse"):
        assert cr.train(net, X, Y, epochs=1).engine == "reference"
    np.testing.assert_allclose(net(X), net(X.toarray()))
    assert as_sparse_rows(X, "X", float).shape == (2, 2)
