"""Linear and logistic regression reach the known minimum, stopped by ``tol`` alone.

J − J* is of second order in θ − θ*: if J has not changed by 1e-15 of its size for 100 epochs, θ is right to about 1e-7.
"""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array

datasets = pytest.importorskip("sklearn.datasets")
linear_model = pytest.importorskip("sklearn.linear_model")

ALLOWED = 1e-6
FOREVER = 1_000_000  # epochs, so that tol ends training
TOL, TOL_EPOCHS = 1e-15, 100


def scaled(values: Array) -> Array:
    """Columns of mean 0 and standard deviation 1."""
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("optimizer", [cr.GradientDescent(0.45), cr.Momentum(0.3)], ids=lambda o: o.name)
def test_linear_regression_reaches_least_squares(optimizer: cr.Optimizer, weighted: bool, engine: str) -> None:
    """r = 1, σ = identity, the sum of squares over the diabetes set, from θ = 0: θ is NumPy's lstsq to 1e-6."""
    X, y = datasets.load_diabetes(return_X_y=True)
    X, Y = scaled(X), scaled(y[:, None])
    w = np.random.default_rng(0).uniform(0.5, 1.5, size=len(X)) if weighted else None
    root = np.ones((len(X), 1)) if w is None else np.sqrt(w)[:, None]
    truth = np.linalg.lstsq(root * np.c_[X, np.ones(len(X))], root * Y)[0].ravel()
    net = cr.Network.dense([10, 1], output="identity", initial="zeros")
    history = cr.train(
        net, X, Y, weights=w, cost=cr.SumOfSquares(mean=True), optimizer=optimizer, epochs=FOREVER,
        tol=TOL, tol_epochs=TOL_EPOCHS, engine=engine,
    )  # fmt: skip
    assert history.stopped == "tol"
    assert np.linalg.norm(net.theta - truth) / np.linalg.norm(truth) <= ALLOWED
    assert abs(net.theta - truth).max() <= ALLOWED


@pytest.mark.parametrize("optimizer", [cr.GradientDescent(4.0), cr.Momentum(2.0)], ids=lambda o: o.name)
def test_logistic_regression_reaches_scikit_learns(optimizer: cr.Optimizer, engine: str) -> None:
    """r = 1, σ = sigmoid, the log-likelihood over four columns of the breast cancer set (which they do not separate),
    from θ = 0: θ is that of scikit-learn's unpenalised logistic regression to 1e-6."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    X = scaled(X[:, [0, 1, 4, 8]])  # radius, texture, smoothness, symmetry
    model = linear_model.LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    truth = np.r_[model.coef_.ravel(), model.intercept_]
    net = cr.Network.dense([4, 1], output="sigmoid", initial="zeros")
    history = cr.train(
        net, X, y, cost=cr.LogLikelihood(mean=True), optimizer=optimizer, epochs=FOREVER,
        tol=TOL, tol_epochs=TOL_EPOCHS, engine=engine,
    )  # fmt: skip
    assert history.stopped == "tol"
    assert np.linalg.norm(net.theta - truth) / np.linalg.norm(truth) <= ALLOWED
    assert abs(net.theta - truth).max() <= ALLOWED
    np.testing.assert_allclose(net(X)[:, 0], model.predict_proba(X)[:, 1], atol=ALLOWED)
