"""Losses, predictions and held-out rows of MLPClassifier and MLPRegressor equal scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")


from support.estimators.mlp_problems import CLASSES, NUMBERS, OURS, PROBLEMS, SOLVERS, TWO, pair, unconverged


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_loss_curve_equals_scikit_learns(solver: str, problem: str) -> None:
    """Without a shuffle, losses, scores, weights, rates and stops are scikit-learn's to rounding."""
    kind, (X, y), special = PROBLEMS[problem]
    settings = {
        "hidden_layer_sizes": (7, 5), "alpha": 0.5, "batch_size": 32, "max_iter": 25, "shuffle": False,
        "random_state": 3, "learning_rate_init": 0.01, **special, **SOLVERS[solver],
    }  # fmt: skip
    ours, sklearns = pair(kind, settings)
    ours.fit(X, y)
    sklearns.fit(X, y)
    assert (ours.n_iter_, ours.t_) == (sklearns.n_iter_, sklearns.t_)
    assert ours._no_improvement_count == sklearns._no_improvement_count
    np.testing.assert_allclose(ours.loss_curve_, sklearns.loss_curve_, rtol=1e-8)
    for mine, its in zip([*ours.coefs_, *ours.intercepts_], [*sklearns.coefs_, *sklearns.intercepts_], strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-6, atol=1e-8)
    assert (ours.out_activation_, ours.n_layers_, ours.n_outputs_) == (
        sklearns.out_activation_, sklearns.n_layers_, sklearns.n_outputs_,
    )  # fmt: skip
    if solver == "early-stopping":
        np.testing.assert_allclose(ours.validation_scores_, sklearns.validation_scores_, rtol=1e-8)
        np.testing.assert_allclose(ours.best_validation_score_, sklearns.best_validation_score_, rtol=1e-8)
    else:
        np.testing.assert_allclose(ours.best_loss_, sklearns.best_loss_, rtol=1e-8)
    if settings.get("solver") == "sgd":
        assert ours._optimizer.learning_rate == sklearns._optimizer.learning_rate
    np.testing.assert_allclose(ours.predict(X), sklearns.predict(X), rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")
@pytest.mark.parametrize("solver", ["adam", "nesterov", "invscaling"])
def test_partial_fit_equals_scikit_learns(solver: str) -> None:
    """partial_fit continues moments, steps and rates over minibatches and calls of any size, as in scikit-learn."""
    X, y = CLASSES
    ours, sklearns = pair("MLPClassifier", {"hidden_layer_sizes": 5, "shuffle": False, "random_state": 0, "alpha": 0.1,
                                            "batch_size": 20, **SOLVERS[solver]})  # fmt: skip
    for first, last in ((0, 50), (50, 57), (57, 130), (0, 130)):
        for model in (ours, sklearns):
            model.set_params(batch_size=min(20, last - first))
            model.partial_fit(X[first:last], y[first:last], classes=[0, 1, 2])
    np.testing.assert_allclose(ours.loss_curve_, sklearns.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(ours.coefs_[0], sklearns.coefs_[0], rtol=1e-8, atol=1e-10)
    assert (ours.t_, ours.n_iter_) == (sklearns.t_, 1)


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")
@pytest.mark.parametrize("kind", OURS)
def test_a_warm_start_equals_scikit_learns(kind: str) -> None:
    """A warm start keeps weights, t_ and the curve, and resets the moments, as scikit-learn's does."""
    X, y = TWO if kind == "MLPClassifier" else NUMBERS
    ours, sklearns = pair(kind, {"hidden_layer_sizes": 5, "shuffle": False, "random_state": 0, "warm_start": True,
                                 "max_iter": 4, "batch_size": 30})  # fmt: skip
    for model in (ours, sklearns):
        model.fit(X, y).set_params(max_iter=6).fit(X, y)
    np.testing.assert_allclose(ours.loss_curve_, sklearns.loss_curve_, rtol=1e-8)
    assert (ours.t_, ours.n_iter_, len(ours.loss_curve_)) == (10 * len(X), 6, 10)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_lbfgs_finds_the_minimum_of_scikit_learns(problem: str) -> None:
    """On a convex problem (one hidden unit, the identity, alpha) both find the same loss and predictions."""
    kind, (X, y), special = PROBLEMS[problem]
    settings = {"solver": "lbfgs", "alpha": 1.0, "max_iter": 2000, "tol": 1e-7, "random_state": 0, **special}
    ours, sklearns = pair(kind, {**settings, "hidden_layer_sizes": (4,), "activation": "identity"})
    ours.fit(X, y)
    sklearns.fit(X, y)
    np.testing.assert_allclose(ours.loss_, sklearns.loss_, rtol=1e-5)
    np.testing.assert_allclose(ours.predict(X), sklearns.predict(X), atol=2e-2)
    assert ours.n_iter_ < 2000


@unconverged
@pytest.mark.parametrize(("kind", "data"), [("MLPClassifier", CLASSES), ("MLPRegressor", NUMBERS)])
def test_the_initial_weights_and_held_out_rows_equal_scikit_learns(kind: str, data: tuple[Any, Any]) -> None:
    """random_state draws the same weights, and early stopping holds out the same rows, so that first scores agree."""
    X, y = data
    settings = {"random_state": 5, "max_iter": 1, "learning_rate_init": 1e-12, "early_stopping": True}
    ours, sklearns = pair(kind, settings)
    ours.fit(X, y)
    sklearns.fit(X, y)
    for mine, its in zip(ours.coefs_, sklearns.coefs_, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-8)
    np.testing.assert_allclose(ours.validation_scores_, sklearns.validation_scores_, rtol=1e-6)
