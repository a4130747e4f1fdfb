"""Warnings and errors of MLPClassifier and MLPRegressor name the cause and a remedy."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from support.estimators.mlp_problems import CLASSES, NUMBERS, TWO, unconverged

import chainrule as cr
import chainrule.estimators
from chainrule.errors import DataWarning
from chainrule.estimators import MLPClassifier, MLPRegressor, TrainingWarning


def test_unscaled_columns_are_named() -> None:
    """A column of large numbers gives a warning with its name and a remedy; scaled columns give none."""
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(CLASSES[0][:, :2] * [1.0, 1000.0], columns=["age", "income"])
    model = MLPClassifier((5,), max_iter=2000, tol=0.5)
    with pytest.warns(
        DataWarning, match=r"1 of 2 columns of X are not scaled: column 'income' .* make_pipeline.StandardScaler"
    ):
        model.fit(X, CLASSES[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(StandardScaler().fit_transform(X), CLASSES[1])


def test_labels_with_fractions_are_no_classes() -> None:
    """Numbers with fractions are refused as classes, in one line without the numbers."""
    X, y = NUMBERS
    with pytest.raises(ValueError, match=r"^Unknown label type: continuous\. Maybe you are trying to fit a classifier"):
        MLPClassifier().fit(X, y)


@unconverged
@pytest.mark.parametrize("make", [MLPClassifier, MLPRegressor])
def test_a_mask_of_X_is_refused(make: Any) -> None:
    """A masked entry of X is an error in fit, partial_fit and predict, as NaN is, and not the number below the mask."""
    X, y = TWO
    masked: Any = np.ma.MaskedArray(X, mask=np.arange(X.size).reshape(X.shape) == 3)
    model = make(hidden_layer_sizes=(3,), max_iter=2, tol=0.5).fit(np.ma.MaskedArray(X, mask=False), y)
    for act, given in ((make().fit, (masked, y)), (model.partial_fit, (masked, y)), (model.predict, (masked,))):
        with pytest.raises(cr.InputError, match="X must be finite; got masked entries"):
            act(*given)


@unconverged
def test_dead_units_are_counted() -> None:
    """If most units of a layer are constant on every row, a warning names the layer, their number and the remedy."""
    X, y = NUMBERS
    model = MLPRegressor(
        hidden_layer_sizes=(10,), solver="sgd", max_iter=1, learning_rate_init=1e-9, warm_start=True
    ).fit(X, y)
    model.intercepts_[0][:7] = -1e3
    with pytest.warns(TrainingWarning, match=r"7 of the 10 units of layer 1 \(relu\) .* Try a smaller learning_rate"):
        model.fit(X, y)


def test_divergence_names_its_cause() -> None:
    """Training that diverges raises scikit-learn's error, with J, the learning rate and the remedy."""
    X, y = NUMBERS
    model = MLPRegressor(activation="identity", solver="sgd", learning_rate_init=10.0, random_state=0)
    with pytest.raises(ValueError, match=r"non-finite parameter weights.* J rose from .* Try a smaller learning"):
        model.fit(X, y)
    with pytest.warns(ConvergenceWarning, match="Keeping the best weights so far"):
        model.set_params(early_stopping=True).fit(X, y)
    assert np.isnan((model.validation_scores_ or [0.0])[-1])
    assert np.isfinite(model.predict(X)).all()


@unconverged
def test_ctrl_c_keeps_the_current_weights() -> None:
    """Ctrl-C ends training with scikit-learn's warning; the fitted weights and the records are intact."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread alone")

    class Interrupted(MLPClassifier):
        def _score_of(self, *args: Any) -> float:
            if self.n_iter_ == 3:
                signal.raise_signal(signal.SIGINT)
            return super()._score_of(*args)

    X, y = TWO
    model = Interrupted((5,), early_stopping=True)
    with pytest.warns(UserWarning, match=r"Training interrupted by user\."):
        model.fit(X, y)
    assert model.n_iter_ == 3 == len(model.loss_curve_) == len(model.validation_scores_ or [])
    assert model.predict(X).shape == (130,)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_layer_sizes": (5, 0)}, "hidden_layer_sizes must be > 0"),
        ({"hidden_layer_sizes": "many"}, "hidden_layer_sizes must be > 0"),
        ({"activation": "rellu"}, "did you mean 'relu'"),
        ({"activation": 3}, "activation must be an activation"),
        ({"solver": "newton"}, "solver must be one of"),
        ({"alpha": -1.0}, "alpha must be a finite number ≥ 0"),
        ({"batch_size": 0}, "batch_size must be an integer ≥ 1"),
        ({"batch_size": "all"}, "batch_size must be an integer ≥ 1"),
        ({"learning_rate": "fast"}, "learning_rate must be one of"),
        ({"learning_rate_init": 0.0}, "learning_rate_init must be a finite number > 0"),
        ({"momentum": 1.5}, "momentum must be a finite number ≥ 0 and ≤ 1"),
        ({"beta_1": 1.0}, "beta_1 must be < 1"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be an integer ≥ 1"),
        ({"shuffle": 1}, "shuffle must be True or False"),
        ({"precision": "half"}, "precision must be one of"),
        ({"threads": 0}, "threads must be an integer ≥ 1"),
        ({"engine": "warp"}, "unknown engine 'warp'"),
        ({"class_weight": "heavy"}, "class_weight must be None"),
    ],
    ids=str,
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    """A setting out of its range is refused by its name, before any work."""
    with pytest.raises(ValueError, match=re.escape(message)):
        MLPClassifier(**settings).fit(*TWO)


@unconverged
def test_a_warm_start_of_another_shape_is_refused() -> None:
    """Training cannot continue with other hidden layers, or another number of outputs."""
    X, y = NUMBERS
    model = MLPRegressor(hidden_layer_sizes=(5,), warm_start=True, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=r"layers of \[6, 5, 1\] units; this fit needs \[6, 4, 1\]"):
        model.set_params(hidden_layer_sizes=(4,)).fit(X, y)
    with pytest.raises(ValueError, match=r"fit needs \[6, 5, 2\]"):
        model.set_params(hidden_layer_sizes=(5,)).fit(X, np.stack([y, y], axis=1))


def test_the_folder_is_imported_without_scikit_learn() -> None:
    """``import chainrule.estimators`` loads neither scikit-learn nor SciPy; a misspelt name is an AttributeError."""
    code = "import chainrule.estimators, sys; print(sorted({'sklearn', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
    with pytest.raises(AttributeError, match="MLPClasifier"):
        _ = cr.estimators.MLPClasifier  # type: ignore[attr-defined, unused-ignore]
