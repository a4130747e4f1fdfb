"""The native engine's ∇²J(θ) v lies within the derived rounding bounds of the reference's, for every σ and cost."""

from __future__ import annotations

import signal
import threading
import zlib
from collections.abc import Callable
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from support.constrained import SHAPES, random_constrained_case
from support.engines.gradient_bounds import DTYPES, Case
from support.engines.gradient_cases import TABLE, cases, draw
from support.engines.hessian_bounds import hessian_difference_bound
from support.patience import LIMIT

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import SparseRows
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.engines import thread_counts

pytestmark = pytest.mark.native
# ‖bound‖ ≤ SHARPNESS ‖∇²J v‖ with an entrywise σ.
SHARPNESS = {"float32": 0.3, "float64": 1e-9}


def products(case: Case, engine: str = "native", check: Callable[[], None] = lambda: None) -> Callable[[Array], Array]:
    """v ↦ ∇²J(θ) v of an engine."""
    net, cost, X, Y, weights = case
    chosen = engines.chosen(net, cost, X=X, engine=engine).engine
    return chosen.hessian(net, cost, X, Y, weights, check)()


def reference(case: Case, v: Array) -> Array:
    """∇²J(θ) v of the reference in float64."""
    wide = case._replace(
        net=case.net.astype(np.float64), X=case.X.astype(np.float64), Y=case.Y.astype(np.float64),
        weights=None if case.weights is None else case.weights.astype(np.float64),
    )  # fmt: skip
    return products(wide, "reference")(v.astype(np.float64))


def direction(case: Case, seed: int = 0) -> Array:
    """A random v (d,) in the dtype of θ."""
    return np.random.default_rng(seed).standard_normal(case.net.d).astype(case.net.dtype)


def assert_within_the_bound(case: Case, is_sharp: bool) -> None:
    """Asserts the bound for the first product at θ and for a second one."""
    v = direction(case)
    truth, bound, product = reference(case, v), hessian_difference_bound(case, v), products(case)
    size = float(np.linalg.norm(cr.gradient(*case[:4], case.weights).theta))
    for _ in range(2):
        mine = product(v)
        assert mine.dtype == case.net.dtype
        np.testing.assert_array_less(abs(mine - truth), bound + np.finfo(np.float64).tiny)
        if mine.dtype == np.float64:  # where the bound is wide
            assert np.linalg.norm(mine - truth) <= 1e-10 * max(float(np.linalg.norm(truth)), size)
    if is_sharp:
        assert np.linalg.norm(bound) <= SHARPNESS[case.net.dtype.name] * np.linalg.norm(truth)


@pytest.mark.parametrize(("sigma", "kind"), TABLE)
def test_products_lie_within_the_derived_bounds(sigma: Sigma, kind: type[cr.Cost]) -> None:
    """Every σ with every cost that it fits, in both precisions, with means, penalties and weights, m from 1 to 257."""
    first = zlib.crc32(f"{sigma.name} {kind.name}".encode()) % 3
    for case in islice(cases(sigma, kind), first, None, 3):  # each third one: sizes and precisions take turns
        assert_within_the_bound(case, is_sharp=False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("t", [1, 257, 5003])
def test_many_rows(t: int, dtype: str) -> None:
    """The bounds hold for several micro-batches, and are sharp."""
    case = draw(cr.tanh, cr.SumOfSquares, (9, 40, 37, 3), t, dtype, 3)
    assert case is not None
    assert_within_the_bound(case, is_sharp=t > 1)


@pytest.mark.parametrize("sigma", ["tanh", "mish", "relu", "elu"])
@pytest.mark.parametrize("name", SHAPES)
def test_blocks_and_kappas(name: str, sigma: str) -> None:
    """Block-diagonal W and parametric σ, also of the last layer, give the product of the reference."""
    for output in (cr.sigmoid, cr.tanh):
        net, cost, X, Y = random_constrained_case(
            SHAPES[name], ACTIVATIONS[sigma], cr.SumOfSquares(l2=0.3), output=output
        )
        case = Case(net, cost, X, Y, None)
        v = direction(case)
        truth, bound = reference(case, v), hessian_difference_bound(case, v)
        np.testing.assert_array_less(abs(products(case)(v) - truth), bound + np.finfo(np.float64).tiny)


def integers(sizes: tuple[int, ...], t: int, dtype: str, sigma: str = "relu") -> Case:
    """Small integers in θ, X, Y and weights: every sum of a product is exact, in any order."""
    rng = np.random.default_rng(t)
    layers = [
        cr.Layer(rng.integers(-1, 2, (m, n)), rng.integers(-2, 3, m), sigma if k < len(sizes) - 2 else "identity")
        for k, (n, m) in enumerate(pairwise(sizes))
    ]
    X, Y = rng.integers(-2, 3, (t, sizes[0])), rng.integers(-3, 4, (t, sizes[-1]))
    return Case(
        cr.Network(layers).astype(dtype), cr.SumOfSquares(l2=0.5), X.astype(dtype), Y.astype(dtype),
        rng.integers(0, 3, t).astype(dtype),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sigma", ["relu", "identity"])
@pytest.mark.parametrize(("sizes", "t"), [((3, 2), 5), ((1, 17, 33, 1), 70), ((40, 5, 16, 7), 129), ((3, 4, 2), 9000)])
def test_integers_are_exact(sizes: tuple[int, ...], t: int, sigma: str, dtype: str) -> None:
    """For integers, of which all sums are exact, both engines give the same bits."""
    if dtype == "float32" and t > 1000:
        pytest.skip("the sums are beyond 2²⁴")
    case = integers(sizes, t, dtype, sigma)
    v = np.random.default_rng(1).integers(-1, 2, case.net.d).astype(dtype)
    np.testing.assert_array_equal(products(case)(v), reference(case, v))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sparse_examples(dtype: str) -> None:
    """Sparse X give the product of the same dense X exactly where sums are exact, with empty rows and columns."""
    case = integers((50, 21, 2), 80, dtype)
    X = np.where(np.arange(50) % 4 == 1, case.X, 0.0) * (np.arange(80)[:, None] > 2)
    v = np.random.default_rng(1).integers(-1, 2, case.net.d).astype(dtype)
    dense = products(case._replace(X=X.astype(dtype)))(v)
    for index in (np.int32, np.int64):
        rows = scipy.sparse.csr_array(X.astype(dtype))
        sparse: Any = SparseRows(rows.indptr.astype(np.int64), rows.indices.astype(index), rows.data, rows.shape)
        np.testing.assert_array_equal(products(case._replace(X=sparse))(v), dense)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(3, 70, 40, 2), (9, 5, 1)])
def test_threads_change_no_bit(sizes: tuple[int, ...], dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of threads gives the same bits, in the first product at θ and in later ones."""
    case = draw(cr.gelu, cr.SumOfSquares, sizes, 1100, dtype, 3)
    assert case is not None
    v = direction(case)
    one = products(case)(v)
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", 1.0)
    for threads in (1, 2, 3, 8):
        monkeypatch.setenv("CHAINRULE_THREADS", str(threads))
        product = products(case)
        for _ in range(3):
            np.testing.assert_array_equal(product(v), one)


def test_theta_is_taken_when_it_is_asked_for() -> None:
    """The operator belongs to the θ that the network had when it was made, also after several products."""
    case = draw(cr.tanh, cr.LogLikelihood, (5, 9, 2), 3000, "float64", 1)
    assert case is not None
    net, cost, X, Y, weights = case
    at_theta = engines.chosen(net, cost, engine="native").engine.hessian(net, cost, X, Y, weights, lambda: None)
    for seed in range(4):
        net.theta = np.random.default_rng(seed).normal(size=net.d)
        product = at_theta()
        for k in range(1 + seed % 3):
            v = direction(case, k)
            np.testing.assert_array_equal(product(v), products(case)(v))


def test_an_overflow_is_not_hidden() -> None:
    """A product whose numbers overflow is not finite, as on the reference engine."""
    net = cr.Network([cr.Layer([[1e200]], [0.0], "identity"), cr.Layer([[1e200]], [0.0], "identity")])
    case = Case(net, cr.SumOfSquares(), np.ones((1, 1)), np.ones((1, 1)), None)
    assert not np.isfinite(products(case)(np.ones(net.d))).all()


def large() -> Case:
    """A case whose product takes seconds."""
    net = cr.Network.dense([64, 512, 512, 1], hidden="tanh", seed=0)
    X = np.random.default_rng(0).normal(size=(60_000, 64))
    return Case(net, cr.SumOfSquares(), X, X[:, :1].copy(), None)


def repeated(product: Callable[[Array], Array], v: Array) -> None:
    """Computes the same product until something ends it."""
    while True:
        product(v)


def test_ctrl_c_is_heard_within_a_product() -> None:
    """Ctrl-C ends a product that is not finished, and the next product is complete."""
    case = large()
    product, v = products(case), direction(case)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        repeated(product, v)
    timer.join(LIMIT)
    small = case._replace(X=case.X[:50], Y=case.Y[:50])
    np.testing.assert_array_equal(products(small)(v), products(small)(v))


def test_check_may_end_a_product() -> None:
    """The product raises the exception of ``check``, in the middle of it."""
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StopIteration

    case = large()
    product, v = products(case, check=check), direction(case)
    with pytest.raises(StopIteration):
        repeated(product, v)
    assert calls == 3


@pytest.mark.parametrize("is_wide", [False, True])
def test_many_blocks_are_left_to_numpy(is_wide: bool) -> None:
    """A block-diagonal W that is mostly zeros is not filled up with them; the product is the same."""
    blocks = [np.full((2, 1), 0.1 * (k + 1)) for k in range(12 if is_wide else 3)]
    layers = [cr.Layer(cr.BlockDiagonal(blocks), np.zeros(2 * len(blocks)), "tanh"),
              cr.Layer(np.ones((1, 2 * len(blocks))), [0.0], "identity")]  # fmt: skip
    rng = np.random.default_rng(0)
    case = Case(cr.Network(layers), cr.SumOfSquares(), rng.normal(size=(9, len(blocks))), np.zeros((9, 1)), None)
    v = direction(case)
    np.testing.assert_allclose(products(case)(v), reference(case, v), rtol=1e-12)
