"""The MLP pair in a file: labels, parameters, predictions, curves, and training that goes on."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor

QUICK: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}
X = np.random.default_rng(0).normal(size=(60, 3))
NUMBERS = (3 * X[:, 0]).astype(int) % 3
LABELS: dict[str, Any] = {
    "three integers": NUMBERS,
    "three texts": np.array(["a", "b", "c"])[NUMBERS],
    "two booleans": NUMBERS > 0,
    "several labels": make_multilabel_classification(60, 3, n_classes=4, random_state=0)[1],
}


def fitted(model: Any, y: Any) -> Any:
    """The estimator after a few epochs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def assert_equal(one: Any, other: Any, y: Any) -> None:
    """Asserts that two estimators have the same parameters, attributes and predictions."""
    assert one.get_params() == other.get_params()
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    assert one.score(X, y) == other.score(X, y)
    for name in (name for name in vars(other) if name.endswith("_")):
        ours, theirs = getattr(one, name), getattr(other, name)
        if name in ("coefs_", "intercepts_"):
            ours, theirs = (np.concatenate([array.ravel() for array in arrays]) for arrays in (ours, theirs))
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("labels", LABELS)
def test_a_classifier_comes_back_with_its_labels(labels: str, tmp_path: Path) -> None:
    """Classes of every kind come back with their type, and probabilities bit for bit."""
    model = fitted(MLPClassifier(**QUICK), LABELS[labels])
    model.save(tmp_path / "m")
    again = MLPClassifier.load(tmp_path / "m")
    assert_equal(again, model, LABELS[labels])
    assert again.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("settings", [
    {}, {"solver": "lbfgs"}, {"early_stopping": True}, {"solver": "sgd", "learning_rate": "adaptive"},
    {"activation": cr.mish, "alpha": np.float64(0.1), "hidden_layer_sizes": [4, 3]}, {"precision": "single"},
], ids=["adam", "lbfgs", "early", "sgd", "mish", "single"])  # fmt: skip
def test_a_regressor_comes_back(settings: dict[str, Any], tmp_path: Path) -> None:
    """A regressor of any solver comes back with its curves; two targets too."""
    for y in (X[:, 0], X[:, :2]):
        model = fitted(MLPRegressor(**{**QUICK, **settings}), y)
        model.save(tmp_path / "m")
        assert_equal(MLPRegressor.load(tmp_path / "m"), model, y)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_goes_on_bit_for_bit_from_a_state(solver: str, tmp_path: Path) -> None:
    """With its training state, a file continues as the estimator itself does; without, with new moments."""
    model = fitted(MLPClassifier(solver=solver, **QUICK), NUMBERS)
    model.save(tmp_path / "state", training_state=True)
    model.save(tmp_path / "none")
    again, without = (MLPClassifier.load(tmp_path / name).partial_fit(X, NUMBERS) for name in ("state", "none"))
    model.partial_fit(X, NUMBERS)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert (without.predict_proba(X) != model.predict_proba(X)).any()


def test_wrong_uses_are_refused(tmp_path: Path) -> None:
    """An unfitted estimator is not saved, and the file of one class is not read by the other."""
    with pytest.raises(NotFittedError):
        MLPRegressor().save(tmp_path / "m")
    fitted(MLPRegressor(**QUICK), X[:, 0]).save(tmp_path / "m")
    with pytest.raises(cr.FileFormatError, match=r"holds an MLPRegressor. Read it by MLPRegressor\.load"):
        MLPClassifier.load(tmp_path / "m")
    with pytest.raises(cr.FileFormatError, match=r"Read it by MLPClassifier\.load or MLPRegressor\.load"):
        cr.load(tmp_path / "m")
    with pytest.raises(cr.InputError, match="training_state must be True"):
        fitted(MLPRegressor(**QUICK), X[:, 0]).save(tmp_path / "m", training_state=1.5)
