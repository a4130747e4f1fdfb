"""Data sets, solvers and settings for Chainrule's and scikit-learn's MLPs side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn.neural_network as theirs
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression

from chainrule.estimators import MLPClassifier, MLPRegressor

unconverged = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
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
    if "loss" in settings and "loss" not in getattr(theirs, kind)().get_params():
        pytest.skip("this scikit-learn has no Poisson loss yet")
    return OURS[kind](**settings, precision="double"), getattr(theirs, kind)(**settings)
