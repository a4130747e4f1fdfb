"""scikit-learn's MLP pair, and the face's errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("sklearn", "1.6")
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4))
TARGETS: dict[str, tuple[type, Any]] = {
    "number": (MLPRegressor, X[:, 0]),
    "numbers": (MLPRegressor, X[:, :2]),
    "two_classes": (MLPClassifier, X[:, 0] > 0),
    "three_classes": (MLPClassifier, (X[:, 0] > 0) * 1 + (X[:, 1] > 0)),
}


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_pair_of_scikit_learn(target: str, activation: str) -> None:
    """N(x) is the prediction, or the probabilities in the order of ``classes_``, of two classes that of the second."""
    kind, y = TARGETS[target]
    other = kind(hidden_layer_sizes=(6, 3), activation=activation, max_iter=5, random_state=0).fit(X, y)
    predicted = cr.import_model(other)(X)
    wanted = other.predict(X).reshape(40, -1) if kind is MLPRegressor else other.predict_proba(X)
    if target == "two_classes":
        wanted = wanted[:, 1:]
    np.testing.assert_allclose(predicted, wanted, rtol=1e-14, atol=1e-15)


def test_what_cannot_be_imported(tmp_path: Path) -> None:
    """An unfitted estimator, another model, a file of code and an unknown path are refused with what to do."""
    for model, words in (
        (MLPRegressor(), "must be a fitted MLPClassifier or MLPRegressor; .* Fit it first"),
        (LinearRegression(), r"must be a torch\.nn\.Module that is a chain, .*; got LinearRegression"),
        ("net.pt", "must be the object, not its file: net.pt holds code"),
        (tmp_path / "net.txt", "got the path .*net.txt"),
    ):
        with pytest.raises(cr.InputError, match=words):
            cr.import_model(model)
    with pytest.raises(FileNotFoundError):
        cr.import_model(tmp_path / "missing.net")
