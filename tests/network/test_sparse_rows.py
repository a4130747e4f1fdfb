"""Sparse X: what is accepted, what it means, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import chainrule as cr
from chainrule._internal.sparse_rows import SparseRows, as_sparse_rows
from chainrule.network import few_outputs

DENSE = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.5]])


def stored(indptr: list[int], indices: list[int], data: list[float], kind: type = np.int32) -> Any:
    """A CSR array that holds exactly these numbers."""
    X = sp.csr_array((3, 3))
    X.indptr, X.indices, X.data = np.array(indptr, kind), np.array(indices, kind), np.array(data)
    return X


ACCEPTED = {
    **{f: getattr(sp, f"{f}_array")(DENSE) for f in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")},
    "matrix": sp.csr_matrix(DENSE),
    "int64 indices": stored([0, 1, 1, 3], [1, 0, 2], [2.0, -1.0, 0.5], np.int64),
    "unsorted": stored([0, 1, 1, 3], [1, 2, 0], [2.0, 0.5, -1.0]),
    "duplicates": stored([0, 2, 2, 5], [1, 1, 2, 0, 2], [1.5, 0.5, 0.25, -1.0, 0.25]),
    "explicit zeros": stored([0, 2, 3, 6], [0, 1, 1, 0, 1, 2], [0.0, 2.0, 0.0, -1.0, 0.0, 0.5]),
    "room after the last entry": stored([0, 1, 1, 3], [1, 0, 2, 9], [2.0, -1.0, 0.5, np.nan]),
    "float32": sp.csr_array(DENSE.astype(np.float32)),
}


@pytest.mark.parametrize("X", ACCEPTED.values(), ids=ACCEPTED.keys())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_form_means_the_same(X: Any, dtype: str) -> None:
    """Any format of SciPy becomes rows with rising columns and the numbers of the dense matrix."""
    rows = as_sparse_rows(X, "X", dtype)
    assert rows.dtype == dtype
    np.testing.assert_array_equal(rows.toarray(), DENSE)
    for first, last in zip(rows.indptr, rows.indptr[1:], strict=False):
        assert (np.diff(rows.indices[first:last]) > 0).all()


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_suitable_arrays_are_not_copied(kind: type, dtype: type) -> None:
    """Indices of 32 or 64 bits and numbers of the wanted type are used where they are."""
    X = stored([0, 1, 1, 3], [1, 0, 2], [2.0, -1.0, 0.5], kind)
    X.data = X.data.astype(dtype)
    rows = as_sparse_rows(X, "X", dtype)
    assert np.shares_memory(rows.indices, X.indices)
    assert np.shares_memory(rows.data, X.data)


@pytest.mark.parametrize("j", [0, -1, np.int64(2)])
def test_one_row(j: Any) -> None:
    """A number selects the row that it selects of the dense matrix; beyond the last one there is none."""
    rows = as_sparse_rows(sp.csr_array(DENSE), "X", float)
    np.testing.assert_array_equal(rows[j], DENSE[j])
    run = cr.Network.dense([3, 2]).forward(sp.csr_array(DENSE)).row(j)
    np.testing.assert_array_equal(run.a[0], DENSE[j])
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.parametrize("selection", [slice(1, 3), slice(None), slice(2, 1), slice(None, None, 2), [2, 0, 2], [1], []])
def test_selected_rows(selection: Any) -> None:
    """Slices and index arrays select the rows that they select of the dense matrix."""
    rows = as_sparse_rows(sp.csr_array(DENSE), "X", float)
    chosen = selection if isinstance(selection, slice) else np.array(selection, np.intp)
    np.testing.assert_array_equal(rows[chosen].toarray(), DENSE[chosen])


def test_products_take_a_few_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """X B and ∂J/∂W do not depend on how many rows become dense at a time."""
    monkeypatch.setattr("chainrule._internal.sparse_rows.NUMBERS_OF_A_BLOCK", 6)
    X = as_sparse_rows(sp.csr_array(DENSE), "X", float)
    assert [block.shape for _, block in X.blocks()] == [(2, 3), (1, 3)]
    np.testing.assert_array_equal(X @ np.eye(3)[:, :2], DENSE[:, :2])
    for W in (np.ones((2, 3)), cr.BlockDiagonal([np.ones((1, 2)), np.ones((1, 1))])):
        net = cr.Network([cr.Layer(W, [0.0, 0.0], "identity")])
        sparse, dense = (cr.gradient(net, "sum_of_squares", x, np.ones((3, 2)), engine="reference") for x in (X, DENSE))
        np.testing.assert_array_equal(sparse.theta, dense.theta)


@pytest.mark.parametrize("engine", ["native", "reference", pytest.param("torch", marks=pytest.mark.torch)])
@pytest.mark.parametrize("shape", ["a row of a matrix", "a row of an array", "all rows"])
def test_one_example_and_several(engine: str, shape: str) -> None:
    """N(x) of a sparse x is that of the dense one: (1, n) → (1, m), (n,) → (m,), (t, n) → (t, m)."""
    net = cr.Network.dense([3, 4, 2], hidden="tanh", seed=1)
    x: Any = {
        "a row of a matrix": sp.csr_matrix(DENSE)[2],
        "a row of an array": sp.coo_array(DENSE[2]),
        "all rows": sp.csc_array(DENSE),
    }[shape]
    expected = net(x.toarray(), engine="reference")
    for computed in (net(x, engine=engine), net(x), net.predictor()(x), net.forward(x).a[2]):
        assert computed.shape == expected.shape
        np.testing.assert_allclose(computed, expected, rtol=1e-14)
    a = net.forward(x).a[0]
    np.testing.assert_array_equal(a.toarray() if isinstance(a, SparseRows) else a, x.toarray())
    np.testing.assert_allclose(net.jacobian(x), net.jacobian(x.toarray()), rtol=1e-14)


@pytest.mark.parametrize("engine", ["native", "reference", pytest.param("torch", marks=pytest.mark.torch)])
def test_cost_and_gradient(engine: str) -> None:
    """J(θ), ∇J(θ) and every δ of a sparse X are those of the dense one."""
    net, Y, w = cr.Network.dense([3, 4, 2], hidden="tanh", seed=1), np.ones((3, 2)), [1.0, 2.0, 0.5]
    cost = cr.SumOfSquares(l2=0.1)
    sparse, dense = (cr.gradient(net, cost, X, Y, w, wrt_x=True, engine=engine) for X in (sp.csr_array(DENSE), DENSE))
    assert cost(net, sp.csr_array(DENSE), Y, w) == pytest.approx(cost(net, DENSE, Y, w), rel=1e-14)
    assert sparse.J == pytest.approx(dense.J, rel=1e-14)
    for name in ("theta", "x"):
        np.testing.assert_allclose(getattr(sparse, name), getattr(dense, name), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(sparse.delta[1], dense.delta[1], rtol=1e-13, atol=1e-15)


def wrong(indptr: list[int], indices: list[int]) -> Any:
    """A CSR array whose indices are not those of a matrix (3, 3)."""
    return stored(indptr, indices, [1.0] * len(indices))


def one_row_ending_before_0() -> Any:
    """A CSR array of one row, which ends before it begins."""
    X = sp.csr_array([[1.0, 2.0, 0.0]])
    X.indptr[1] = -1
    return X


REFUSED = {
    "NaN": (sp.csr_array([[0, 0, 0], [0, 0, np.nan], [0, 0, 0]]), "x must be finite; got nan at index (1, 2)"),
    "too large": (sp.csr_array([[0, 1e300, 0]]), "x must be finite; got inf at index (0, 1)"),
    "complex": (sp.csr_array([[0, 1j, 0]]), "x must hold real numbers"),
    "columns": (sp.csr_array((2, 4)), "x must have shape (3,) or (t, 3) with t ≥ 1; got (2, 4)"),
    "no rows": (sp.csr_array((0, 3)), "with t ≥ 1; got (0, 3)"),
    "three dimensions": (sp.coo_array(np.zeros((2, 2, 3))), "x must have one or two dimensions; got shape (2, 2, 3)"),
    "column too large": (wrong([0, 1, 1, 2], [1, 3]), "x must be a valid sparse matrix"),
    "column negative": (wrong([0, 1, 1, 2], [1, -1]), "x must be a valid sparse matrix"),
    "rows overlap": (wrong([0, 2, 1, 2], [0, 1]), "x must be a valid sparse matrix"),
    "rows that were checked": (as_sparse_rows(sp.csr_array([[0, 1e300, 0]]), "x", float), "got 1e+300 at index (0,)"),
    "rows end before 0": (wrong([0, 0, 0, -1], [0, 1]), "x must be a valid sparse matrix"),
    "one row ends before 0": (one_row_ending_before_0(), "x must be a valid sparse matrix"),
    "rows end too late": (wrong([0, 1, 1, 3], [0, 1]), "x must be a valid sparse matrix"),
}


@pytest.mark.parametrize(("x", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(x: Any, message: str) -> None:
    """Numbers that are not finite, other shapes and indices out of range are refused by name."""
    net = cr.Network.dense([3, 1], dtype="float32")
    net([1.0, 2.0, 3.0])  # from now on a shortcut sees x first
    with pytest.raises(cr.InputError) as error:
        net(x)
    assert message in str(error.value)


FEW = ["csr", "matrix", "int64 indices", "explicit zeros", "room after the last entry", "float32"]


@pytest.mark.native
@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_few_rows_take_a_shortcut(name: str, dtype: str) -> None:
    """Up to three rows in CSR with rising columns need no conversion; the others do, and give the same bits."""
    net, X = cr.Network.dense([3, 4, 2], hidden="tanh", seed=1, dtype=dtype), ACCEPTED[name]
    expected = net(as_sparse_rows(X, "x", dtype), engine="native")
    np.testing.assert_array_equal(net(X), expected)
    np.testing.assert_array_equal(net(X), expected)
    np.testing.assert_array_equal(net.predictor()(X), expected)
    taken = few_outputs(net, X)
    assert (taken is not None) == (name in FEW)
    if taken is not None:
        again = pickle.loads(pickle.dumps(X))  # noqa: S301  # it is our own
        np.testing.assert_array_equal(taken, expected)
        np.testing.assert_array_equal(few_outputs(net, again), expected)
        assert few_outputs(net, sp.vstack([X, X]).tocsr()) is None


@pytest.mark.native
@pytest.mark.parametrize("name", REFUSED)
def test_shortcuts_decline_what_is_refused(name: str) -> None:
    """Rows that the compiled code cannot read go through the checks, whose error names the fault."""
    net = cr.Network.dense([3, 1], dtype="float32")
    net([1.0, 2.0, 3.0])
    assert few_outputs(net, REFUSED[name][0]) is None
    diagonal = cr.Network([cr.Layer(cr.Diagonal([1.0, 2.0, 3.0]), [0.0] * 3, "identity")])
    diagonal([1.0, 2.0, 3.0])
    assert few_outputs(diagonal, sp.csr_array(DENSE)) is None
    np.testing.assert_array_equal(diagonal(sp.csr_array(DENSE)), diagonal(DENSE))


@pytest.mark.parametrize("rows", [2, 3_000])
def test_products_that_overflow(rows: int) -> None:
    """z may be infinite: N(x) of every row is that of the dense row."""
    net = cr.Network.dense([3, 20, 2], seed=1, dtype="float32")
    net.theta *= 1e30
    X = np.full((rows, 3), 1e-30, np.float32)
    X[0] = 1e30
    np.testing.assert_allclose(net(sp.csr_array(X)), net(X), rtol=1e-5)
