"""Block-diagonal W: its entries are parameters in θ, and it acts as the dense W with zeros outside the blocks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.constrained import (
    SHAPES,
    at_blocks,
    blocks_of,
    dense,
    made_dense,
    random_blocks,
    random_constrained,
    sizes,
)
from support.rounding import gamma

import chainrule as cr
from chainrule.network.block_diagonal import Runs, merge_runs
from chainrule.network.theta import Part

shapes = pytest.mark.parametrize("runs", SHAPES.values(), ids=SHAPES)
one_run = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
some_runs = st.lists(one_run, min_size=1, max_size=4).map(merge_runs)


def integers(rng: np.random.Generator, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Whole numbers from −4 to 4, whose sums of products are exact in any order."""
    return rng.integers(-4, 5, size=shape).astype(np.float64)


def integer_network(runs: Runs, seed: int) -> cr.Network:
    """Blocks of whole numbers with ReLU, then a full W of them."""
    rng = np.random.default_rng(seed)
    m = sizes(runs)[0]
    blocks = [integers(rng, p, q) for count, p, q in runs for _ in range(count)]
    return cr.Network(
        [
            cr.Layer(cr.BlockDiagonal(blocks), integers(rng, m), "relu"),
            cr.Layer(integers(rng, 2, m), integers(rng, 2), "identity"),
        ]
    )


def test_by_hand() -> None:
    """W = diag((1 2), (3)), x = (1, 1, 2), y = (0, 7): z = (3, 6), δ = (3, −1), and W has three derivatives."""
    W = cr.BlockDiagonal([[[1.0, 2.0]], [[3.0]]])
    net = cr.Network([cr.Layer(W, [0.0, 0.0], "identity")])
    g = cr.gradient(net, "sum_of_squares", [[1.0, 1.0, 2.0]], [[0.0, 7.0]], wrt_x=True, engine="reference")
    assert net.theta.tolist() == [1.0, 2.0, 3.0, 0.0, 0.0]
    assert net([1.0, 1.0, 2.0]).tolist() == [3.0, 6.0]
    assert g.J == 5.0
    assert g.theta.tolist() == [3.0, 3.0, -2.0, 3.0, -1.0]
    assert [block.tolist() for block in blocks_of(g.W[1]).blocks] == [[[3.0, 3.0]], [[-2.0]]]
    assert g.x is not None
    assert g.x.tolist() == [[3.0, 6.0, -3.0]]
    assert net.jacobian([0.0, 0.0, 0.0]).tolist() == [[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]


@given(runs=some_runs, t=st.integers(1, 5), seed=st.integers(0, 1000))
def test_it_is_the_dense_network_with_those_zeros(runs: Runs, t: int, seed: int) -> None:
    """On whole numbers, whose sums are exact in any order: outputs, every δ, J and ∂J/∂x are the dense network's bit
    for bit, and ∇J(θ) is the dense gradient at the blocks' entries, penalties included."""
    net = integer_network(runs, seed)
    full, rng = made_dense(net), np.random.default_rng([2, seed])
    X, Y = integers(rng, t, net.m[0]), integers(rng, t, 2)
    np.testing.assert_array_equal(net(X, engine="reference"), full(X, engine="reference"))
    cost = cr.SumOfSquares(l1=0.5, l2=2.0)
    g, whole = (cr.gradient(N, cost, X, Y, wrt_x=True, engine="reference") for N in (net, full))
    assert g.J == whole.J
    np.testing.assert_array_equal(at_blocks(blocks_of(net.W[1]), whole.W[1]), blocks_of(g.W[1]).entries)
    for one, other in ((g.W[2], whole.W[2]), (g.b[1], whole.b[1]), (g.b[2], whole.b[2]), (g.x, whole.x)):
        np.testing.assert_array_equal(one, other)
    for i in (1, 2):
        np.testing.assert_array_equal(g.delta[i], whole.delta[i])
    np.testing.assert_array_equal(net.jacobian(X), full.jacobian(X))


@given(runs=some_runs, seed=st.integers(0, 1000))
def test_products_are_the_dense_matrices(runs: Runs, seed: int) -> None:
    """W x, A Wᵀ, D W and Dᵀ A at the blocks are those of W.toarray(), to the rounding of their sums."""
    rng = np.random.default_rng(seed)
    W, (m, n) = random_blocks(rng, runs), sizes(runs)
    full, A, D = W.toarray(), rng.normal(size=(5, n)), rng.normal(size=(5, m))
    assert (W.shape, full.shape, np.asarray(W).shape) == ((m, n),) * 3
    k = 2 * gamma(max(m, n) + 1, 2**-53)
    products = [
        (W @ A[0], full @ A[0], abs(full) @ abs(A[0])),
        (W @ A.T, full @ A.T, abs(full) @ abs(A.T)),
        (A @ W.T, A @ full.T, abs(A) @ abs(full.T)),
        (A[0] @ W.T, A[0] @ full.T, abs(A[0]) @ abs(full.T)),
        (W.T @ D.T, full.T @ D.T, abs(full.T) @ abs(D.T)),
        (W.T @ D[0], full.T @ D[0], abs(full.T) @ abs(D[0])),
        (D @ W, D @ full, abs(D) @ abs(full)),
        (D[0] @ W, D[0] @ full, abs(D[0]) @ abs(full)),
    ]
    for product, truth, size in products:
        assert product.shape == truth.shape
        assert (abs(product - truth) <= k * size).all()
    G = W * 0.0
    G.set_to_product(D, A)
    assert (abs(G.entries - at_blocks(W, D.T @ A)) <= 2 * gamma(6, 2**-53) * at_blocks(W, abs(D.T) @ abs(A))).all()


@shapes
def test_entries_in_theta(runs: Runs) -> None:
    """θ holds the blocks row by row, then b; entries, blocks and ``layers[0].W`` are views into it; other entries of W
    are no parameters."""
    net = random_constrained(1, runs, cr.tanh)
    W, d = blocks_of(net.W[1]), sum(count * p * q for count, p, q in runs)
    assert (W.runs, W.shape, len(W.entries)) == (merge_runs(runs), sizes(runs), d)
    assert net.layout[0] == Part(*sizes(runs), merge_runs(runs))
    assert net.d == d + net.m[1] + (3 * net.m[1] + 3 + 3) + (2 * 3 + 2 + 2)
    np.testing.assert_array_equal(np.concatenate([block.ravel() for block in W.blocks]), net.theta[:d])
    net.theta = np.arange(float(net.d))
    np.testing.assert_array_equal(W.entries, np.arange(d))
    np.testing.assert_array_equal(net.b[1], d + np.arange(net.m[1]))
    assert blocks_of(net.layers[0].W).blocks[-1][-1, -1] == d - 1
    W.blocks[-1][-1, -1] = -7.0
    assert net.theta[d - 1] == -7.0


def test_runs_have_one_form() -> None:
    """Neighbours of equal shape are one run; Diagonal is a single run of 1 × 1 blocks."""
    W = cr.BlockDiagonal([np.ones((17, 1))] * 8 + [np.ones((1, 1))] * 3)
    assert (W.runs, W.shape) == (((8, 17, 1), (3, 1, 1)), (139, 11))
    assert repr(W) == "BlockDiagonal(139 × 11: 8 of 17 × 1, 3 of 1 × 1)"
    assert cr.Diagonal([1.0, 2.0]).runs == cr.BlockDiagonal([[[1.0]], [[2.0]]]).runs == ((2, 1, 1),)
    assert cr.Diagonal([1.0, 2.0]).toarray().tolist() == [[1.0, 0.0], [0.0, 2.0]]


def test_a_step_layer_by_layer() -> None:
    """W[i] := W[i] − α ∂J/∂W[i] (L13) moves θ as the step of the whole vector does."""
    net = random_constrained(3, SHAPES["a mixture"], cr.tanh)
    X, Y = np.random.default_rng(0).normal(size=(4, net.m[0])), np.ones((4, 2))
    whole, g = net.copy(), cr.gradient(net, "sum_of_squares", X, Y, engine="reference")
    whole.theta -= np.float64(0.1) * g.theta
    for i in range(1, 4):
        net.W[i] -= np.float64(0.1) * g.W[i]
        net.b[i][...] = net.b[i] - 0.1 * g.b[i]
        net.kappa[i][...] = net.kappa[i] - 0.1 * g.kappa[i]
    np.testing.assert_array_equal(net.theta, whole.theta)
    net.W[1] += g.W[1] * 0.1
    moved = blocks_of(whole.W[1]).entries + blocks_of(g.W[1]).entries * 0.1
    np.testing.assert_array_equal(blocks_of(net.W[1]).entries, moved)


def test_other_arithmetic_is_refused() -> None:
    """Other arithmetic, and assignments of another structure, are refused instead of being made dense."""
    W, other = cr.Diagonal([1.0, 2.0]), cr.BlockDiagonal([np.ones((2, 2))])
    for wrong in (lambda: W + 1.0, lambda: W * np.ones(2), lambda: np.exp(W), lambda: W[0]):  # type: ignore[operator,index]
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(TypeError):
        W -= other
    for factor in (np.ones(3), np.ones((2, 2, 2)), 3.0):
        with pytest.raises(cr.InputError, match="rows of 2 numbers; got "):
            W @ factor
    with pytest.raises(cr.InputError, match=r"Pass x\.toarray\(\)"):
        cr.Network.dense([2, 1])(W)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_copies(dtype: str) -> None:
    """copy, deepcopy, pickle and astype give the same structure with numbers of its own, of which W and κ are views."""
    net = random_constrained(4, SHAPES["a mixture"], cr.tanh).astype(dtype)
    assert net.dtype == net.W[1].dtype == net.kappa[2].dtype == np.dtype(dtype)
    for other in (net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.astype(dtype)):  # noqa: S301 - our own
        assert (other.layout, other.theta.tobytes(), list(other.sigma)) == (
            net.layout,
            net.theta.tobytes(),
            list(net.sigma),
        )
        assert other.theta is not net.theta
        other.theta[...] = 0.5
        assert dense(other.W[1]).sum() == 0.5 * len(blocks_of(other.W[1]).entries)
        assert other.sigma[2](np.ones(3, dtype)) == pytest.approx(0.5 + 0.5 * np.tanh(1.0), rel=1e-6)
    assert repr(net).startswith("Network(8-11-3-2, tanh parametric tanh parametric identity, d=")
    assert repr(net.layers[0]) == "Layer(8 → 11, block-diagonal, tanh)"
    W, again = blocks_of(net.W[1]), pickle.loads(pickle.dumps(net.W[1]))  # noqa: S301 - our own
    assert (again.runs, again.entries.tobytes()) == (W.runs, W.entries.tobytes())


def test_a_layer_keeps_its_dtype() -> None:
    """float32 stays float32, two dtypes become the wider one, and the network copies the numbers."""
    w = np.array([1.0, 2.0], np.float32)
    assert cr.Layer(cr.Diagonal(w), np.zeros(2, np.float32), "relu").W.dtype == np.float32
    assert cr.Layer(cr.Diagonal(w), [0.0, 0.0], "relu").W.dtype == np.float64
    net = cr.Network([cr.Layer(cr.Diagonal(w), np.zeros(2, np.float32), "relu")])
    w[0] = 7.0
    assert blocks_of(net.W[1]).entries[0] == 1.0
