"""The pair MLP*: scikit-learn's interface and its very numbers, and what is added to them."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris, make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor
from chainrule.estimators.advice import Advice

unconverged = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks(  # type: ignore[untyped-decorator, unused-ignore]
    [
        MLPClassifier(max_iter=100),
        MLPRegressor(max_iter=100),
        MLPClassifier(solver="lbfgs"),  # with these two scikit-learn checks the weights of its own pair
        MLPRegressor(solver="sgd", tol=1e-2, random_state=42),
    ]
)
@pytest.mark.filterwarnings("ignore")  # the checks expect warnings, and say which
def test_scikit_learns_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    """``check_estimator`` passes, with no failure that is expected."""
    check(estimator)


# ---- scikit-learn's numbers ------------------------------------------------------------------------------------------

SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {},
    "adam-large-epsilon": {"epsilon": 0.1, "beta_1": 0.5, "beta_2": 0.9},
    "sgd": {"solver": "sgd", "momentum": 0.0},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd"},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.25},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 1e-2, "n_iter_no_change": 2},
    "early-stopping": {"early_stopping": True, "n_iter_no_change": 3},
    "plateau": {"tol": 1e-2, "n_iter_no_change": 4},
}
CLASSES = make_classification(130, 6, n_informative=4, n_classes=3, random_state=0)
TWO = make_classification(130, 6, n_informative=4, random_state=1)
LABELS = make_multilabel_classification(130, 6, n_classes=3, random_state=0)
NUMBERS = make_regression(130, 6, noise=5.0, random_state=0)
NUMBERS = (NUMBERS[0], NUMBERS[1] / NUMBERS[1].std())
COUNTS = (NUMBERS[0], np.random.default_rng(0).poisson(np.exp(0.5 * NUMBERS[0][:, 0])))
PROBLEMS: dict[str, tuple[str, tuple[Any, Any], dict[str, Any]]] = {
    "three classes": ("MLPClassifier", CLASSES, {}),
    "two classes": ("MLPClassifier", TWO, {"activation": "logistic"}),
    "several labels": ("MLPClassifier", LABELS, {"activation": "tanh"}),
    "numbers": ("MLPRegressor", NUMBERS, {}),
    "counts": ("MLPRegressor", COUNTS, {"loss": "poisson", "activation": "identity", "learning_rate_init": 1e-3}),
}
OURS = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}


def pair(kind: str, settings: dict[str, Any]) -> tuple[Any, Any]:
    """Ours, in double precision, and scikit-learn's with the same settings."""
    return OURS[kind](**settings, precision="double"), getattr(theirs, kind)(**settings)


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_curve_is_scikit_learns(solver: str, problem: str) -> None:
    """Without a shuffle, losses, scores, weights, rates and stops are scikit-learn's to rounding: ragged batches, alpha."""
    kind, (X, y), special = PROBLEMS[problem]
    settings = {
        "hidden_layer_sizes": (7, 5), "alpha": 0.5, "batch_size": 32, "max_iter": 25, "shuffle": False,
        "random_state": 3, "learning_rate_init": 0.01, **special, **SOLVERS[solver],
    }  # fmt: skip
    ours, sklearns = pair(kind, settings)
    if solver == "early-stopping":  # accuracies jump where a row is on the border; one epoch is compared in full
        settings["max_iter"] = 10
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
