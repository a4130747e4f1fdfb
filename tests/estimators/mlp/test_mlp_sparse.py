"""Facts about sparse X in MLPClassifier and MLPRegressor: the numbers of scikit-learn, in the memory of the entries."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy import sparse
from support.estimators.mlp_problems import PROBLEMS, SOLVERS, pair, unconverged

from chainrule.errors import DataWarning
from chainrule.estimators import MLPClassifier, MLPRegressor

FORMATS = ["csr_array", "csc_matrix", "csr_matrix", "coo_array"]


def thin(X: Any) -> Any:
    """Returns X with two thirds of its entries 0."""
    return np.where(np.random.default_rng(0).random(X.shape) < 1 / 3, X, 0.0)


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("solver", [*SOLVERS, "lbfgs"])
def test_sparse_fits_equal_scikit_learns(solver: str, problem: str) -> None:
    """Without a shuffle, losses, scores, weights and predictions of a sparse X are scikit-learn's to rounding."""
    kind, (X, y), special = PROBLEMS[problem]
    S = sparse.csr_array(thin(X))
    settings = {
        "hidden_layer_sizes": (4,), "alpha": 0.5, "batch_size": 32, "max_iter": 5, "shuffle": False,
        "random_state": 3, "learning_rate_init": 0.01, **special, **SOLVERS.get(solver, {"solver": solver}),
    }  # fmt: skip
    ours, sklearns = pair(kind, settings)
    ours.fit(S, y)
    sklearns.fit(S, y)
    np.testing.assert_allclose(ours.loss_, sklearns.loss_, rtol=1e-6)
    np.testing.assert_allclose(ours.coefs_[0], sklearns.coefs_[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.predict(S), sklearns.predict(S), rtol=1e-5, atol=1e-6)


@unconverged
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_every_format_and_every_call(kind: Any, form: str) -> None:
    """fit, partial_fit, predict and score give the same numbers for every format as for the dense X."""
    X, y = PROBLEMS["three classes"][1]
    X = thin(X)
    S = getattr(sparse, form)(X)
    settings = {
        "hidden_layer_sizes": 5,
        "max_iter": 3,
        "random_state": 0,
        "precision": "double",
        "early_stopping": True,
    }
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    one, other = (kind(**settings).fit(A, y, weights) for A in (X, S))
    np.testing.assert_allclose(one.coefs_[0], other.coefs_[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.predict(X), other.predict(S), rtol=1e-9)
    np.testing.assert_allclose(one.score(X, y), other.score(S, y), rtol=1e-9)
    for model, A in ((one, X), (other, S)):
        model.set_params(early_stopping=False).partial_fit(A, y)
    np.testing.assert_allclose(one.coefs_[0], other.coefs_[0], rtol=1e-9, atol=1e-12)


@unconverged
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_no_dense_copy(solver: str) -> None:
    """The peak of memory is far below a dense X: it is that of the weights, which the solver keeps several times."""
    t, n = 10_000, 5_000
    X = sparse.random_array((t, n), density=1e-3, rng=np.random.default_rng(0), format="csr")
    y = np.arange(t) % 2
    tracemalloc.start()
    MLPClassifier(2, activation="tanh", solver=solver, max_iter=1, random_state=0).fit(X, y).predict_proba(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < t * n * 8 / 5


@unconverged
def test_the_scale_of_sparse_columns() -> None:
    """The warning about columns that are not scaled counts the zeros of a sparse X."""
    X = np.zeros((100, 3))
    X[0, 1], X[:, 2] = 5_000.0, 1.0
    for A in (X, sparse.csr_array(X)):
        with pytest.warns(
            DataWarning, match="1 of 3 columns of X are not scaled: column 1 has mean 50 and standard de"
        ):
            MLPRegressor(hidden_layer_sizes=2, activation="tanh", solver="lbfgs", max_iter=2).fit(A, X[:, 0])


@unconverged
def test_indices_of_64_bits() -> None:
    """Indices of 64 bits give the same model as those of 32 bits."""
    X, y = PROBLEMS["two classes"][1]
    S = sparse.csr_array(thin(X))
    wide = S.copy()
    wide.indices, wide.indptr = S.indices.astype(np.int64), S.indptr.astype(np.int64)
    P, Q = (MLPClassifier(3, max_iter=2, random_state=0).fit(A, y).predict_proba(A) for A in (S, wide))
    np.testing.assert_array_equal(P, Q)
