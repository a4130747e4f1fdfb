"""MLPClassifier and MLPRegressor: scikit-learn's interface and numbers, and the extensions."""

from __future__ import annotations

import copy
import pickle
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
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
from sklearn.utils.estimator_checks import check_sample_weight_equivalence_on_dense_data, parametrize_with_checks

import chainrule as cr
import chainrule.estimators
from chainrule.errors import DataWarning
from chainrule.estimators import MLPClassifier, MLPRegressor, TrainingWarning

unconverged = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks([MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)])  # type: ignore[untyped-decorator, unused-ignore]
@pytest.mark.filterwarnings("ignore")  # the checks expect warnings, and say which
def test_scikit_learns_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    """``check_estimator`` passes, with no failure that is expected."""
    check(estimator)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator", [MLPClassifier(solver="lbfgs"), MLPRegressor(solver="sgd", tol=1e-2, random_state=42)], ids=str
)
def test_scikit_learns_check_of_weights_passes(estimator: Any) -> None:
    """The check of weights passes with the settings that scikit-learn takes for its own pair too."""
    check_sample_weight_equivalence_on_dense_data(type(estimator).__name__, estimator)


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
    if "loss" in settings and "loss" not in getattr(theirs, kind)().get_params():
        pytest.skip("this scikit-learn has no Poisson loss yet")
    return OURS[kind](**settings, precision="double"), getattr(theirs, kind)(**settings)


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_curve_is_scikit_learns(solver: str, problem: str) -> None:
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
def test_partial_fit_is_scikit_learns(solver: str) -> None:
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
def test_a_warm_start_is_scikit_learns(kind: str) -> None:
    """A warm start keeps weights, t_ and the curve, and starts the moments afresh, as scikit-learn's."""
    X, y = TWO if kind == "MLPClassifier" else NUMBERS
    ours, sklearns = pair(kind, {"hidden_layer_sizes": 5, "shuffle": False, "random_state": 0, "warm_start": True,
                                 "max_iter": 4, "batch_size": 30})  # fmt: skip
    for model in (ours, sklearns):
        model.fit(X, y).set_params(max_iter=6).fit(X, y)
    np.testing.assert_allclose(ours.loss_curve_, sklearns.loss_curve_, rtol=1e-8)
    assert (ours.t_, ours.n_iter_, len(ours.loss_curve_)) == (10 * len(X), 6, 10)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_lbfgs_finds_what_scikit_learns_finds(problem: str) -> None:
    """On a convex problem (one hidden unit, the identity; alpha) both end at the same loss and predictions."""
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
def test_the_first_weights_and_the_held_out_rows_are_scikit_learns(kind: str, data: tuple[Any, Any]) -> None:
    """random_state draws the same first weights; early stopping holds out the same rows, so that score 1 agrees."""
    X, y = data
    settings = {"random_state": 5, "max_iter": 1, "learning_rate_init": 1e-12, "early_stopping": True}
    ours, sklearns = pair(kind, settings)
    ours.fit(X, y)
    sklearns.fit(X, y)
    for mine, its in zip(ours.coefs_, sklearns.coefs_, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-8)
    np.testing.assert_allclose(ours.validation_scores_, sklearns.validation_scores_, rtol=1e-6)


# ---- weights ---------------------------------------------------------------------------------------------------------

WEIGHED = [
    {"solver": "lbfgs", "max_iter": 30},
    {"solver": "adam", "max_iter": 30, "batch_size": 1000},
    {"solver": "sgd", "max_iter": 30, "batch_size": 1000, "learning_rate_init": 0.1},
]


@unconverged
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize("settings", WEIGHED, ids=lambda settings: settings["solver"])
def test_weight_two_is_the_row_twice(settings: dict[str, Any], kind: str) -> None:
    """Whole weights are repeated rows, and weight 0 a row left out, in the loss and in the fitted weights."""
    X, y = CLASSES if kind == "MLPClassifier" else NUMBERS
    w = np.random.default_rng(0).integers(0, 4, len(X))
    weighed = OURS[kind](**settings, alpha=1.0, random_state=0).fit(X, y, sample_weight=w)
    repeated = OURS[kind](**settings, alpha=1.0, random_state=0).fit(np.repeat(X, w, axis=0), np.repeat(y, w))
    np.testing.assert_allclose(weighed.loss_, repeated.loss_, rtol=1e-6)
    np.testing.assert_allclose(weighed.coefs_[0], repeated.coefs_[0], rtol=1e-4, atol=1e-6)


@unconverged
@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@pytest.mark.parametrize("settings", WEIGHED, ids=lambda settings: settings["solver"])
def test_class_weights_are_row_weights(settings: dict[str, Any]) -> None:
    """A dict weighs the rows of each class; "balanced" gives all classes one weight, and repeated rows count."""
    X, y = CLASSES[0][:100], np.array(["a", "b", "b", "b"] * 25)
    w = 1.0 + np.arange(100) % 2

    def weights_of(class_weight: Any, w: Any) -> Any:
        return MLPClassifier(**settings, class_weight=class_weight, random_state=0).fit(X, y, sample_weight=w).coefs_[0]

    by_hand = w * np.where(y == "a", 3.0, 1.0)
    np.testing.assert_array_equal(weights_of({"a": 3.0}, w), weights_of(None, by_hand))
    mass = {c: w[y == c].sum() for c in "ab"}
    balanced = w * np.array([w.sum() / (2 * mass[c]) for c in y])
    np.testing.assert_allclose(weights_of("balanced", w), weights_of(None, balanced), rtol=1e-9)


@unconverged
def test_class_weights_of_several_labels() -> None:
    """Of several labels the weights of the columns are multiplied."""
    X, Y = LABELS
    given = [{0: 1.0, 1: 2.0}, {1: 3.0}, {0: 1.0}]
    w = np.where(Y[:, 0], 2.0, 1.0) * np.where(Y[:, 1], 3.0, 1.0)
    one = MLPClassifier((5,), max_iter=5, class_weight=given, random_state=0).fit(X, Y)
    other = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, Y, sample_weight=w)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


@unconverged
def test_labels_in_a_sparse_matrix() -> None:
    """Several labels may come as a sparse matrix, with weights of their classes too."""
    X, Y = LABELS
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
    for class_weight in (None, "balanced"):
        one = MLPClassifier(**settings, class_weight=class_weight).fit(X, sparse.csr_matrix(Y))
        np.testing.assert_array_equal(
            one.coefs_[0], MLPClassifier(**settings, class_weight=class_weight).fit(X, Y).coefs_[0]
        )


@unconverged
def test_weights_are_routed() -> None:
    """With metadata routing a search hands sample_weight on to fit."""
    X, y = TWO
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier((5,), max_iter=5, random_state=0)
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        search = GridSearchCV(model, {"alpha": [0.1]}, cv=2).fit(X, y, sample_weight=(y == 1).astype(float))
    assert (search.predict(X) == 1).mean() > 0.6


@unconverged
def test_class_weights_reach_the_held_out_part() -> None:
    """The score of early stopping weighs the held-out rows by their classes too."""
    X, y = TWO
    settings: dict[str, Any] = {"early_stopping": True, "max_iter": 3, "random_state": 0}
    one = MLPClassifier(**settings, class_weight={0: 0.0, 1: 1.0}).fit(X, y)
    other = MLPClassifier(**settings).fit(X, y, sample_weight=(y == 1).astype(float))
    assert one.validation_scores_ == other.validation_scores_


def test_a_part_without_weight_is_refused() -> None:
    """Early stopping cannot score rows that all have weight 0."""
    X, y = NUMBERS
    w = np.zeros(len(X))
    w[3] = 1.0
    with pytest.raises(ValueError, match="have weight 0"):
        MLPRegressor(early_stopping=True, random_state=0).fit(X, y, sample_weight=w)


@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_lbfgs_from_weights_out_of_reach_is_refused() -> None:
    """If J is not finite at the initial weights, lbfgs raises scikit-learn's error, also with early stopping."""
    X, y = COUNTS
    model = MLPRegressor(loss="poisson", solver="lbfgs", activation="identity", early_stopping=True)
    with pytest.raises(ValueError, match=r"non-finite parameter weights.*initial weights"):
        model.fit(1e6 * X, y)


def test_class_weights_are_checked() -> None:
    """A class that y does not have, a negative weight, and "balanced" for partial_fit are refused."""
    X, y = TWO
    with pytest.raises(ValueError, match=r"class_weight must name classes of y, \[0, 1\]; got \[7\]"):
        MLPClassifier(class_weight={7: 1.0}).fit(X, y)
    with pytest.raises(ValueError, match="finite weights ≥ 0"):
        MLPClassifier(class_weight={1: -1.0}).fit(X, y)
    with pytest.raises(ValueError, match="needs all rows at once"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1])
    MLPClassifier(class_weight={1: 2.0}).partial_fit(X[y == 0], y[y == 0], classes=[0, 1])


# ---- scikit-learn's tools --------------------------------------------------------------------------------------------


@unconverged
def test_grid_search_in_two_processes() -> None:
    """GridSearchCV(n_jobs=2) and cross_val_score work on a pipeline with ours at its end."""
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
    """set_output, names of columns, and their check at predict."""
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(CLASSES[0], columns=list("abcdef"))
    model = make_pipeline(StandardScaler(), MLPClassifier((5,), max_iter=5)).set_output(transform="pandas")
    model.fit(X, CLASSES[1])
    assert list(model[-1].feature_names_in_) == list("abcdef")
    with pytest.raises(ValueError, match="feature names"):
        model[-1].predict(X[list("fedcba")])


@unconverged
@pytest.mark.parametrize("kind", OURS)
def test_copies_go_on_alike(kind: str) -> None:
    """A pickled and a deep copy predict the same, and train on bitwise alike; a clone is not fitted."""
    X, y = TWO if kind == "MLPClassifier" else NUMBERS
    model = OURS[kind](hidden_layer_sizes=(5,), max_iter=5, random_state=0).fit(X, y)
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

    class Recorder:
        def __init__(self) -> None:
            self.course: list[str] = []
            self.scores: list[float] = []

        def setup(self, estimator: Any, context: Any) -> None:
            self.course.append("setup")

        def teardown(self, estimator: Any, context: Any) -> None:
            self.course.append("teardown")

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
            self.course.append(context.task_name)

        def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any = None) -> bool:
            if context.task_name == "epoch":
                self.scores.append(fitted_estimator.score(X, y))
            return len(self.scores) == 5

    recorder = Recorder()
    model = OURS[kind](hidden_layer_sizes=(5,), solver=solver, random_state=0).set_callbacks(recorder).fit(X, y)
    assert recorder.course == ["setup", "fit", "network", *["epoch"] * 5, "teardown"]
    assert model.n_iter_ == 5
    assert recorder.scores[-1] == model.score(X, y)
    assert recorder.scores[0] != recorder.scores[-1]


# ---- beyond scikit-learn's -------------------------------------------------------------------------------------------


def hidden_names() -> list[str]:
    """The catalogue."""
    return sorted(cr.activations.ACTIVATIONS)


@unconverged
@pytest.mark.parametrize("name", hidden_names())
def test_every_activation_of_the_catalogue(name: str) -> None:
    """Each σ of the catalogue, by name and as a value, is trained with."""
    X, y = TWO
    settings: dict[str, Any] = {"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0}
    model = MLPClassifier(activation=name, **settings).fit(X, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    same = MLPClassifier(activation=cr.activations.get(name), **settings).fit(X, y)
    assert same.loss_curve_ == model.loss_curve_
    assert clone(same).fit(X, y).loss_curve_ == model.loss_curve_


@unconverged
def test_coefs_are_views_of_the_network() -> None:
    """Numbers that are moved in coefs_, or lists that are given anew, are those that predict; also after pickling."""
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
    """network_ is a network of the library: it is written, read and explained as one."""
    X, y = CLASSES
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, y)
    model.network_.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(cr.load(tmp_path / "model.safetensors")(X), model.predict_proba(X))


@unconverged
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_precision() -> None:
    """Weights have X's type; "auto" trains in single precision where that is enough, and says so by its numbers."""
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
    assert not rounded(X[:, :1] + 1e5)  # 24 bits would leave two digits of the spread
    assert not rounded(X, solver="lbfgs")
    assert rounded(X.astype(np.float32))


@unconverged
def test_rows_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sparse X is made dense in parts to predict; the parts make up the whole."""
    X, y = CLASSES
    model = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, y)
    monkeypatch.setattr("chainrule.estimators.mlp.base.ENTRIES_AT_ONCE", 60)
    np.testing.assert_allclose(model.predict_proba(sparse.csc_matrix(X)), model.predict_proba(X), rtol=1e-12)


# ---- what is said ----------------------------------------------------------------------------------------------------


def test_unscaled_columns_are_named() -> None:
    """A column far from 1 causes a warning with its name and a remedy; scaled columns do not."""
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


@unconverged
def test_dead_units_are_counted() -> None:
    """Most units of a layer constant on every row get a warning with the layer, their number and the remedy."""
    X, y = NUMBERS
    model = MLPRegressor(
        hidden_layer_sizes=(10,), solver="sgd", max_iter=1, learning_rate_init=1e-9, warm_start=True
    ).fit(X, y)
    model.intercepts_[0][:7] = -1e3
    with pytest.warns(TrainingWarning, match=r"7 of the 10 units of layer 1 \(relu\) .* Try a smaller learning_rate"):
        model.fit(X, y)


def test_divergence_names_its_cause() -> None:
    """Training that diverges raises scikit-learn's error, with the step, the learning rate and the remedy."""
    X, y = NUMBERS
    model = MLPRegressor(activation="identity", solver="sgd", learning_rate_init=10.0, random_state=0)
    with pytest.raises(ValueError, match=r"non-finite parameter weights.*not finite at step .* Try a smaller learning"):
        model.fit(X, y)
    with pytest.warns(ConvergenceWarning, match="Keeping the best weights so far"):
        model.set_params(early_stopping=True).fit(X, y)
    assert np.isnan((model.validation_scores_ or [0.0])[-1])
    assert np.isfinite(model.predict(X)).all()


@unconverged
def test_interruption_keeps_what_there_is() -> None:
    """Ctrl-C ends training with scikit-learn's warning; the fitted weights and the records are whole."""
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
