"""MLPClassifier and MLPRegressor pass scikit-learn's checks, work in its tools, and offer Chainrule's extensions."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")

from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_sample_weight_equivalence_on_dense_data, parametrize_with_checks
from support.estimators.fit_recorder import FitRecorder
from support.estimators.mlp_problems import CLASSES, NUMBERS, OURS, TWO, unconverged

import chainrule as cr
import chainrule.estimators
from chainrule.estimators import MLPClassifier, MLPRegressor


@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])  # type: ignore[untyped-decorator, unused-ignore]
@pytest.mark.filterwarnings("ignore")  # the checks expect warnings, and say which
def test_scikit_learns_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    """``check_estimator`` passes without expected failures."""
    check(estimator)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator", [MLPClassifier(solver="lbfgs"), MLPRegressor(solver="sgd", tol=1e-2, random_state=42)], ids=str
)
def test_scikit_learns_check_of_weights_passes(estimator: Any) -> None:
    """The check of weights passes with the settings that scikit-learn uses for its own pair."""
    check_sample_weight_equivalence_on_dense_data(type(estimator).__name__, estimator)


@unconverged
def test_grid_search_in_two_processes() -> None:
    """GridSearchCV(n_jobs=2) and cross_val_score work on a pipeline that ends with an MLP of Chainrule."""
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifier((20,), max_iter=60, random_state=0, learning_rate_init=0.01))
    search = GridSearchCV(model, {"mlpclassifier__activation": ["relu", "mish"]}, n_jobs=2, cv=3).fit(X, y)
    assert search.best_score_ > 0.9
    assert cross_val_score(model, X, y, cv=3).mean() > 0.9


@unconverged
def test_tools_of_inspection_and_calibration() -> None:
    """Permutation importance, partial dependence, calibration and a transformed target work."""
    X, y = TWO
    model = MLPClassifier((10,), max_iter=50, random_state=0).fit(X, y)
    assert permutation_importance(model, X, y, n_repeats=2, random_state=0).importances_mean.shape == (6,)
    assert partial_dependence(model, X, [0], grid_resolution=5)["average"].shape == (1, 5)
    calibrated = CalibratedClassifierCV(MLPClassifier((10,), max_iter=50, random_state=0), cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1.0)
    scaled = TransformedTargetRegressor(
        MLPRegressor(hidden_layer_sizes=(10,), max_iter=300, random_state=0), transformer=StandardScaler()
    )
    assert scaled.fit(NUMBERS[0], 1e6 * NUMBERS[1]).score(NUMBERS[0], 1e6 * NUMBERS[1]) > 0.5


@unconverged
def test_frames_in_a_pipeline() -> None:
    """In a pipeline of frames, the MLP has the names of the columns and checks them in ``predict``."""
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(CLASSES[0], columns=list("abcdef"))
    model = make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=5)).set_output(transform="pandas")
    model.fit(X, CLASSES[1])
    assert list(model[-1].feature_names_in_) == list("abcdef")
    with pytest.raises(ValueError, match="feature names"):
        model[-1].predict(X[list("fedcba")])


@unconverged
@pytest.mark.parametrize("kind", OURS)
def test_copies_continue_alike(kind: str) -> None:
    """With warm_start, a pickle as a deep copy continues training bitwise alike; a clone is not fitted."""
    X, y = TWO if kind == "MLPClassifier" else NUMBERS
    model = OURS[kind](hidden_layer_sizes=(5,), max_iter=5, random_state=0, warm_start=True).fit(X, y)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):  # noqa: S301  # our own bytes
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        first = copy.deepcopy(model).partial_fit(X, y)
        np.testing.assert_array_equal(other.partial_fit(X, y).coefs_[0], first.coefs_[0])
    with pytest.raises(NotFittedError):
        _ = clone(model).network_


@unconverged
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", OURS)
def test_scikit_learns_callbacks_follow_every_epoch(kind: str, solver: str) -> None:
    """Each epoch (of lbfgs: iteration) is a task that ends with an estimator ready to predict; True ends training."""
    pytest.importorskip("sklearn.callback")
    X, y = TWO if kind == "MLPClassifier" else NUMBERS
    recorder = FitRecorder(X, y, epochs=5)
    model = OURS[kind](hidden_layer_sizes=(5,), solver=solver, random_state=0).set_callbacks(recorder).fit(X, y)
    assert recorder.course == ["setup", "fit", "network", *["epoch"] * 5, "teardown"]
    assert model.n_iter_ == 5
    assert recorder.scores[-1] == model.score(X, y)
    assert recorder.scores[0] != recorder.scores[-1]


def hidden_names() -> list[str]:
    """The names of the catalogue's activations for hidden layers."""
    return sorted(cr.activations.ACTIVATIONS)


@unconverged
@pytest.mark.parametrize("name", hidden_names())
def test_every_activation_of_the_catalogue(name: str) -> None:
    """Each σ of the catalogue can be trained with, by name and as a value."""
    X, y = TWO
    settings: dict[str, Any] = {"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0}
    model = MLPClassifier(activation=name, **settings).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    same = MLPClassifier(activation=cr.activations.get(name), **settings).fit(X, y)
    assert same.loss_curve_ == model.loss_curve_
    assert clone(same).fit(X, y).loss_curve_ == model.loss_curve_


@unconverged
def test_coefs_are_views_of_the_network() -> None:
    """Changes of entries of ``coefs_``, or of the whole list, change the predictions, also after pickling."""
    X, y = NUMBERS
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, random_state=0).fit(X, y)
    for one in (model, pickle.loads(pickle.dumps(model))):  # noqa: S301
        assert one.coefs_[0].shape == (6, 5)
        np.testing.assert_array_equal(one.coefs_[0], one.network_.W[1].T)
        one.coefs_[1][...] = 0.0
        one.intercepts_[1][...] = 7.0
        np.testing.assert_array_equal(one.predict(X), np.full(len(X), 7.0))
        one.intercepts_ = [one.intercepts_[0], np.array([8.0])]
        np.testing.assert_array_equal(one.predict(X), np.full(len(X), 8.0))


@unconverged
def test_the_network_is_saved_without_scikit_learn(tmp_path: Any) -> None:
    """``network_`` is an ordinary network, which can be saved, loaded and explained without scikit-learn."""
    X, y = CLASSES
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, y)
    model.network_.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(cr.load(tmp_path / "model.safetensors")(X), model.predict_proba(X))


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_precision() -> None:
    """Weights have X's dtype; "auto" trains in float32 if that is precise enough."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 20))
    y = X[:, 0] > 0.0

    def rounded(X: Any, **settings: Any) -> bool:
        model = MLPClassifier((20,), max_iter=2, random_state=0, **settings).fit(X, y)
        assert model.coefs_[0].dtype == X.dtype
        return bool((model.coefs_[0] == model.coefs_[0].astype(np.float32)).all())

    assert rounded(X)
    assert rounded(X, precision="single")
    assert not rounded(X, precision="double")
    assert not rounded(X[:, :1] + 1e5)  # float32 would keep two digits of the deviation
    assert not rounded(X, solver="lbfgs")
    assert rounded(X.astype(np.float32))


@unconverged
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_a_row_is_checked_however_often_rows_are_predicted(kind: Any) -> None:
    """After predictions, one row gives the numbers of many, and what is wrong with it is still said."""
    X = np.random.default_rng(0).normal(size=(50, 3))
    model = kind(hidden_layer_sizes=4, max_iter=2, random_state=0).fit(X, X[:, 0] > 0)
    expected = model.predict(X)
    for rows in (
        X[:1],
        X[:1].astype(np.float32),
        X[:1].tolist(),
        csr_array(X[:1]),
        csr_array(X[:1].astype(np.float32)),
    ):
        np.testing.assert_allclose(model.predict(rows), expected[:1], rtol=1e-5)
    for wrong, message in (
        (X[0], "Expected 2D array, got 1D array"),
        (X[:1, :2], "X has 2 features, but"),
        (csr_array(X[:1, :2]), "X has 2 features, but"),
        (np.full((1, 3), np.nan), "Input X contains NaN"),
        (csr_array(np.full((1, 3), np.inf)), "Input X contains infinity"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(wrong)
    named = kind(hidden_layer_sizes=4, max_iter=2).fit(pd.DataFrame(X, columns=list("abc")), X[:, 0] > 0)
    for _ in range(2):
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            named.predict(X[:1])


@unconverged
@pytest.mark.parametrize("labels", [["a"], ["a", "b"], ["a", "b", "c"], [0, 1], [True, False]])
def test_labels_are_those_of_the_largest_probability(labels: list[Any]) -> None:
    """The label of a row is the class of the largest probability, of the type of y."""
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.array(labels * 60)[:60]
    model = MLPClassifier(4, max_iter=3, random_state=0, learning_rate_init=0.1).fit(X, y)
    predicted, P = model.predict(X), model.predict_proba(X)
    assert predicted.dtype == model.classes_.dtype
    expected = P.argmax(axis=1) if P.shape[1] > 1 and len(labels) > 1 else np.zeros(60, int)
    np.testing.assert_array_equal(predicted, model.classes_[expected])
