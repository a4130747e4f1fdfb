"""Facts about sparse tables: their rows stay sparse, and their columns need no object each."""

from __future__ import annotations

import json
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import FileFormatError, InputError
from chainrule.tables import TableEncoder, TableModel
from chainrule.tables.numeric_table import NumberedNames, NumericTable
from chainrule.tables.reading.read import read
from chainrule.tables.target_decoder import NumericLabels

Dense = np.ndarray[Any, np.dtype[np.float64]]


def thin(t: int, n: int, share: float = 0.05, seed: int = 0) -> Any:
    """Returns a random sparse array (t, n) in which this share of the entries is stored."""
    return scipy.sparse.random_array((t, n), density=share, rng=np.random.default_rng(seed), format="csr")


def dense(Z: Any) -> Dense:
    """Returns the features as an array."""
    return Z if isinstance(Z, np.ndarray) else Z.toarray()


@pytest.mark.parametrize("numbers", ["robust", "standard", "none"])
@pytest.mark.parametrize("make", [scipy.sparse.csr_array, scipy.sparse.csc_array, scipy.sparse.csr_matrix])
def test_sparse_rows_have_sparse_features(numbers: Any, make: Any) -> None:
    """The features of mostly zero columns are sparse, of the kind that came, and equal to those of the dense rows."""
    X = make(thin(200, 50))
    encoder = TableEncoder(numbers, dtype="float32").fit(X)
    Z = encoder.transform(X)
    assert isinstance(Z, type(X.tocsr()))
    assert (Z.dtype, Z.has_canonical_format, Z.nnz) == (np.float32, True, X.nnz)
    np.testing.assert_array_equal(Z.toarray(), encoder.transform(X.toarray()))


@given(st.integers(0, 10_000), st.sampled_from(["robust", "standard", "none"]), st.booleans())
def test_dense_and_sparse_rows_have_equal_features(seed: int, numbers: Any, has_gaps: bool) -> None:
    """Columns that are never 0, gaps, and columns left out do not matter: sparse rows are encoded as dense ones."""
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((40, 30)) < 0.1, rng.normal(size=(40, 30)), 0.0)
    X[:, 3] = rng.normal(2.0, 1.0, 40) * (rng.random(40) < 0.9)
    X[:, 5] = 0.0
    if has_gaps:
        X[rng.random((40, 30)) < 0.02] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoder = TableEncoder(numbers).fit(scipy.sparse.csr_array(X))
    Z = encoder.transform(scipy.sparse.csr_array(X))
    assert scipy.sparse.issparse(Z)
    np.testing.assert_array_equal(Z.toarray(), encoder.transform(X))


def test_mostly_zero_columns_are_not_centred() -> None:
    """In a sparse table, a column that is 0 in more than half of the rows has center 0 by every rule."""
    X = scipy.sparse.csr_array(np.array([[1.0, 3.0], [0.0, 5.0], [0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]))
    assert TableEncoder("standard").fit(X).scale_.center.round(9).tolist() == [0.0, 3.2]
    np.testing.assert_allclose(TableEncoder("standard").fit(X).scale_.factor, 1.0 / X.toarray().std(axis=0))
    assert TableEncoder("standard").fit(X.toarray()).scale_.center.round(9).tolist() == [0.8, 3.2]
    assert TableEncoder("robust").fit(X).scale_.center.tolist() == [0.0, 4.0]


def test_joint_scaling_keeps_proportions() -> None:
    """With "joint", the rows' mean ‖x‖² becomes 1, and columns keep their proportions unless their size is above 1."""
    X = thin(300, 40)
    for rows, sizes in (
        (X, np.ones(40)),
        (X.toarray(), np.ones(40)),
        (X * np.r_[1e6, np.ones(39)], np.r_[1e6, np.ones(39)]),
    ):
        encoder = TableEncoder("joint").fit(rows)
        Z = dense(encoder.transform(rows))
        np.testing.assert_allclose((Z**2).sum(axis=1).mean(), 1.0)
        factor = encoder.scale_.factor
        assert np.ptp(factor[1:]) == 0.0
        scaled = X.toarray()[:, 0] * sizes[0]
        np.testing.assert_allclose(factor[0], factor[1] / max(1.0, np.sqrt((scaled**2).mean())))
        assert not encoder.scale_.center.any()


def test_centred_columns_make_rows_dense() -> None:
    """If 0 becomes another number in more than a tenth of the columns, the features are an array."""
    X = thin(200, 20)
    assert isinstance(TableEncoder("standard").fit(X.toarray()).transform(X), np.ndarray)


def test_categories_of_a_sparse_table() -> None:
    """Columns of numbers named as categories are encoded, and the other columns stay sparse."""
    X = thin(100, 40)
    X = scipy.sparse.hstack([scipy.sparse.csr_array(np.arange(100)[:, None] % 3), X]).tocsr()
    encoder = TableEncoder("none", categories=[0]).fit(X)
    Z = encoder.transform(X)
    assert scipy.sparse.issparse(Z)
    np.testing.assert_array_equal(Z.toarray(), encoder.transform(X.toarray()))
    assert Z.toarray()[:, -3:].sum(axis=1).tolist() == [1.0] * 100


def test_empty_columns_are_left_out_in_silence() -> None:
    """A vocabulary or a hash has columns without entries; they are left out without a warning, as dropped_ says."""
    X = scipy.sparse.csr_array(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.0, 3.0, 0.0]]))
    encoder = TableEncoder().fit(X)
    assert encoder.dropped_ == {"x0": "0 in every training row"}
    assert encoder.get_feature_names_out().tolist() == ["x1", "x2"]
    with pytest.raises(InputError, match="'x1' of X is infinite in row 2"):
        encoder.transform(scipy.sparse.csr_array(np.array([[0.0, 0.0, 1.0], [5.0, np.inf, 0.0]])))


def test_a_million_columns() -> None:
    """A million columns are fitted, encoded, described and stored without an object for each."""
    n = 1_000_000
    X = thin(20, n, 5e-6)
    tracemalloc.start()
    encoder = TableEncoder("none").fit(X)
    Z = encoder.transform(X)
    header, tensors = encoder.parts()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250 * n  # a handful of numbers per column; one `Feature` each takes far more
    assert Z.shape == (20, len(np.unique(X.indices)))
    assert len(json.dumps(header)) < 1_000
    again = TableEncoder.from_parts(json.loads(json.dumps(header)), tensors)
    np.testing.assert_array_equal(again.transform(X).toarray(), Z.toarray())
    assert (again.features_[7].name, again.names_[-1]) == ("x7", "x999999")
    assert again.describe(2)[1][0] == "x1"


@pytest.mark.parametrize(
    "change",
    [
        {"numbers": 0, "left_out": []},
        {"numbers": 3, "left_out": ["0 in every training row", "another"]},
        {"numbers": "3", "left_out": []},
        {"numbers": 1, "left_out": ["0 in every training row"]},
        {"numbers": 4, "left_out": ["0 in every training row"]},
        {"numbers": 2**62, "left_out": ["0 in every training row"]},  # for which there is no memory
    ],
)
def test_spoilt_numbers_without_names(change: dict[str, Any]) -> None:
    """A file that describes columns of numbers wrongly is refused."""
    header, tensors = TableEncoder().fit(scipy.sparse.csr_array(np.diag([1.0, 2.0, 0.0]))).parts()
    assert header["columns"] == {"numbers": 3, "left_out": ["0 in every training row"]}
    with pytest.raises(FileFormatError):
        TableEncoder.from_parts(header | {"columns": change}, tensors)


def test_a_saved_model_of_sparse_rows(tmp_path: Path) -> None:
    """A model of sparse rows predicts the same numbers from sparse and dense rows, and once it is loaded."""
    X = thin(60, 200)
    encoder = TableEncoder("none").fit(X)
    net = cr.Network.dense([encoder.n_features_out_, 5, 1], seed=0)
    model = TableModel(encoder, NumericLabels.fit(X.sum(axis=1)), (net,))
    model.save(tmp_path / "m.safetensors")
    expected = model.predict(X.toarray())
    for other in (model, TableModel.load(tmp_path / "m.safetensors")):
        np.testing.assert_allclose(other.predict(X), expected, rtol=1e-12)
        np.testing.assert_allclose(other.predict(X.tocsc()[:1]), expected[:1], rtol=1e-12)


def test_named_numbers_are_matched_by_name() -> None:
    """A sparse table with names finds its columns in another order, and columns left out may be absent."""
    X = thin(80, 6, 0.3)
    names = tuple("abcdef")
    encoder = TableEncoder().fit(NumericTable("X", X, names))
    assert list(encoder.feature_names_in_) == list(names)
    order = [3, 1, 0, 5, 4, 2]
    shuffled = NumericTable("X", X[:, order], tuple(names[k] for k in order))
    np.testing.assert_array_equal(dense(encoder.transform(shuffled)), dense(encoder.transform(X)))
    with pytest.raises(InputError, match="has no column 'f'"):
        encoder.transform(NumericTable("X", X[:, :5], names[:5]))


@pytest.mark.parametrize("name", ["x5", "x05", "x", "y1", "x-1", "x²", "x3 ", "x4"])
def test_names_by_number(name: str) -> None:
    """The names x0, x1, … behave as a tuple of them."""
    names, few = NumberedNames(5), tuple(f"x{k}" for k in range(5))
    assert (name in names) == (name in few)
    assert names == few
    assert hash(names) == hash(few)
    assert names != (*few[:4], 4)
    assert (names[1:3], names[-1], len(names), list(names)) == (few[1:3], few[-1], 5, list(few))
    if name in few:
        assert names.index(name) == few.index(name)
    else:
        with pytest.raises(ValueError, match="is not one of x0 … x4"):
            names.index(name)
    with pytest.raises(IndexError):
        names[5]


def test_columns_of_one_table() -> None:
    """`read` keeps the entries in rows, in canonical form."""
    table = read(scipy.sparse.csc_array(np.eye(3)))
    assert isinstance(table, NumericTable)
    assert table.values.format == "csr"
    assert table.floats(["x2", "x0"]).toarray().tolist() == [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
