"""NetworkClassifier and NetworkRegressor as estimators: scikit-learn's rules and tools, and predictions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

import chainrule as cr
from chainrule.errors import InputError
from chainrule.estimators import Hidden, NetworkClassifier, NetworkRegressor, load

# What scikit-learn's own MLP fails too with minibatches; with full batches it holds: below.
MINIBATCHES = "a minibatch of repeated rows is another than one of weighted rows"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": MINIBATCHES,
    "check_sample_weight_equivalence_on_sparse_data": MINIBATCHES,
}
NAMES = {"check_dataframe_column_names_consistency": "columns are found by their names, in any order"}
SMALL: dict[str, Any] = {
    "epochs": 40, "hidden_layer_sizes": (32,), "n_networks": 2, "batch_size": 32, "random_state": 0,
}  # fmt: skip
EXACT: dict[str, Any] = {"batch_size": "full", "validation_fraction": 0, "dtype": "float64", "random_state": 0}


@pytest.fixture(scope="module")
def iris() -> tuple[Any, Any]:
    """150 flowers of three classes."""
    X, y = load_iris(return_X_y=True)
    return X, y


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_scikit_learn_accepts_the_estimator(kind: Any) -> None:
    """check_estimator passes, but for what scikit-learn's MLP lacks with minibatches too, and the order of columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = estimator_checks.check_estimator(kind(**SMALL), on_fail=None, expected_failed_checks=EXPECTED | NAMES)
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert not failed


@pytest.mark.parametrize("preset", ["default", "lecture"])
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
@pytest.mark.parametrize("check", EXPECTED)
def test_a_whole_weight_counts_as_that_number_of_rows(check: str, kind: Any, preset: str) -> None:
    """With full batches, a whole weight w has the effect of w rows, including 0, also on scales and medians."""
    slow = {"optimizer": cr.GradientDescent(0.1)} if preset == "lecture" else {}  # with 1, J explodes on these rows
    estimator = kind(preset=preset, epochs=20, hidden_layer_sizes=16, **EXACT, **slow)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(estimator_checks, check)(kind.__name__, estimator)


def test_parameters_are_kept_as_given() -> None:
    """__init__ has no logic: get_params returns the arguments, and a clone is equal and unfitted."""
    layers = (Hidden(8, "tanh"), 4)
    model = NetworkRegressor(hidden_layer_sizes=layers, cost=cr.Huber(2.0), optimizer=cr.Adam(0.01))
    copy = clone(model)
    assert copy.get_params()["hidden_layer_sizes"] == layers
    assert copy.get_params()["cost"] == cr.Huber(2.0)
    with pytest.raises(NotFittedError):
        copy.predict([[1.0]])


def test_it_works_in_pipelines_and_searches(iris: tuple[Any, Any]) -> None:
    """It works in a pipeline, a grid search with two processes and a cross-validation."""
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), NetworkClassifier(**SMALL)).set_output(transform="pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        search = GridSearchCV(pipeline, {"networkclassifier__hidden_layer_sizes": [32, (16, 16)]}, cv=2, n_jobs=2)
        search.fit(X, y)
    assert search.best_score_ > 0.85
    assert cross_val_score(NetworkClassifier(**SMALL), X, y, cv=2).min() > 0.85


def test_it_works_in_calibration_and_inspection(iris: tuple[Any, Any]) -> None:
    """CalibratedClassifierCV, permutation_importance and partial_dependence work on it."""
    X, y = iris
    calibrated = CalibratedClassifierCV(NetworkClassifier(**SMALL), cv=2).fit(X, y)
    assert calibrated.predict_proba(X).shape == (150, 3)
    model = NetworkClassifier(**SMALL).fit(X, y)
    importance = permutation_importance(model, X, y, n_repeats=2, random_state=0).importances_mean
    assert importance[2:].sum() > importance[:2].sum()  # petals tell the flowers apart
    assert partial_dependence(model, X, [2], grid_resolution=5)["average"].shape == (3, 5)


def test_probabilities_sum_to_one_and_agree_with_predictions(iris: tuple[Any, Any]) -> None:
    """Rows of predict_proba are distributions over classes_, the likeliest of which is predicted."""
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = NetworkClassifier(**SMALL).fit(X, names)
    P = model.predict_proba(X)
    np.testing.assert_allclose(P.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert (model.classes_[P.argmax(axis=1)] == model.predict(X)).all()
    assert model.score(X, names) > 0.9


@pytest.mark.parametrize("cost", ["cross_entropy", "log_likelihood", "sum_of_squares"])
def test_two_classes_by_any_cost(cost: str) -> None:
    """Two classes need two softmax outputs, or one sigmoid."""
    X = np.linspace(-1.0, 1.0, 60)[:, None]
    y = X[:, 0] > 0.2
    model = NetworkClassifier(cost=cost, **SMALL).fit(X, y)
    assert model.networks_[0].m[-1] == (2 if cost == "cross_entropy" else 1)
    assert model.score(X, y) > 0.9
    assert model.predict(X).dtype == bool


def test_several_targets() -> None:
    """y (t, m) gives predictions (t, m) and intervals (t, m, 2)."""
    X, Y = make_regression(200, 4, n_targets=3, random_state=0)
    model = NetworkRegressor(**SMALL).fit(X, Y)
    assert model.predict(X).shape == (200, 3)
    assert model.score(X, Y) > 0.8
    assert model.predict_interval(X, 0.8).shape == (200, 3, 2)


def test_intervals_have_their_coverage() -> None:
    """On fresh rows of the same kind, 90 % intervals hold y about as often, and wider ones more often."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1200, 2))
    y = X[:, 0] + rng.normal(size=1200) * 0.5
    model = NetworkRegressor(**{**SMALL, "epochs": 10}).fit(X[:600], y[:600])
    held = []
    for coverage in (0.5, 0.9):
        low, high = model.predict_interval(X[600:], coverage).T
        held.append(((low <= y[600:]) & (y[600:] <= high)).mean())
    assert abs(held[0] - 0.5) < 0.1  # five standard deviations of a share of 600 rows
    assert abs(held[1] - 0.9) < 0.06


def test_quantiles_have_their_share_of_labels_below() -> None:
    """The cost of the 0.9-quantile gives predictions above about 90 % of the labels."""
    rng = np.random.default_rng(1)
    X = rng.uniform(-1.0, 1.0, size=(1500, 1))
    y = X[:, 0] + rng.exponential(size=1500)
    model = NetworkRegressor(cost=cr.Quantile(0.9, mean=True), **{**SMALL, "epochs": 40}).fit(X, y)
    assert abs((y <= model.predict(X)).mean() - 0.9) < 0.04


def test_counts_by_poisson() -> None:
    """The Poisson cost has outputs exp(z) > 0, in the units of y; a negative count is refused."""
    rng = np.random.default_rng(2)
    X = rng.uniform(-1.0, 1.0, size=(800, 1))
    y = rng.poisson(np.exp(2.0 + X[:, 0]))
    model = NetworkRegressor(cost="poisson", **SMALL).fit(X, y)
    assert model.networks_[0].sigma[model.networks_[0].r].name == "exp"
    np.testing.assert_allclose(model.predict([[-0.5], [0.5]]), np.exp([1.5, 2.5]), rtol=0.15)
    with pytest.raises(cr.InputError, match=r"must lie in \[0, inf\)"):
        NetworkRegressor(cost="poisson", **SMALL).fit(X, y - 30)


def test_a_table_of_everything() -> None:
    """Numbers, categories, holes and times in one data frame; y may be named, and rows to predict need not have it."""
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "area": np.where(rng.random(200) < 0.1, np.nan, rng.normal(80.0, 20.0, 200)),
            "kind": rng.choice(["flat", "house", "villa"], 200),
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 200), unit="D"),
            "garden": rng.random(200) < 0.5,
        }
    )
    frame["price"] = frame["area"].fillna(80.0) * 2.0 + frame["kind"].map({"flat": 0.0, "house": 30.0, "villa": 90.0})
    model = NetworkRegressor(**{**SMALL, "epochs": 60}).fit(frame, "price")
    assert model.score(frame.drop(columns="price"), frame["price"]) > 0.8
    assert model.feature_names_in_.tolist() == ["area", "kind", "sold", "garden"]
    other = frame[["kind", "price", "area", "sold", "garden"]]
    assert (model.predict(other) == model.predict(frame)).all()
    assert model.score(other, "price") == model.score(frame, "price")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["kind", "area"]])


def test_saved_models_predict_the_same(tmp_path: Any, iris: tuple[Any, Any]) -> None:
    """A file gives back predictions, probabilities and intervals, bit for bit."""
    X, y = iris
    path = tmp_path / "model.safetensors"
    model = NetworkClassifier(**SMALL).fit(X, y)
    model.save(path)
    np.testing.assert_array_equal(load(path).predict_proba(X), model.predict_proba(X))
    regressor = NetworkRegressor(**SMALL).fit(X[:, :3], X[:, 3])
    regressor.save(path)
    np.testing.assert_array_equal(load(path).predict_interval(X[:, :3]), regressor.predict_interval(X[:, :3]))


def test_the_html_shows_layers_curves_and_score(iris: tuple[Any, Any]) -> None:
    """A fitted estimator shows its layers, its curves and its held-out score as HTML, before scikit-learn's diagram."""
    X, y = iris
    model = NetworkClassifier(**SMALL)
    assert "chainrule-card" not in model._repr_html_()
    html = model.fit(X, y)._repr_html_()
    assert html.index("accuracy on held-out rows") < html.index("sk-top-container")
    assert html.count("<svg") >= 2
    assert "learning curves" in html
    assert "<script" not in html[: html.index("sk-top-container")]


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_levels_beyond_max_levels_share_a_feature(kind: Any) -> None:
    """``max_levels`` is that of the encoder: the rarest levels, and unseen ones, share a feature. They are predicted
    alike, unless their targets differ: then each has an effect.
    """
    letters = np.array(list("aaaaabbbbbcccdde" * 8))[:, None]
    y = np.array([ord(letter) % 2 for letter in letters[:, 0]])
    one_hot, others = ["x0_a", "x0_b", "x0_other"], [["c"], ["d"], ["e"], ["new"]]
    for targets, effects, predictions in ((np.repeat([0, 1], 64), [], 1), (y, ["x0_effect"], 3)):
        model = kind(max_levels=3, **{**SMALL, "epochs": 2}).fit(letters, targets)
        assert model.encoder_.get_feature_names_out().tolist() == one_hot + effects
        predict = model.predict_proba if kind is NetworkClassifier else model.predict
        assert len(np.unique(predict(others), axis=0)) == predictions  # those of c and e are the same
        assert not np.allclose(predict([["a"]]), predict([["new"]]))
    assert len(kind(**{**SMALL, "epochs": 2}).fit(letters, y).encoder_.get_feature_names_out()) == 5
    with pytest.raises(InputError, match="max_levels"):
        kind(max_levels=1, **SMALL).fit(letters, y)


def test_log_probabilities(iris: tuple[Any, Any]) -> None:
    """predict_log_proba is the logarithm of predict_proba, without a warning where a probability is 0."""
    X, y = iris
    model = NetworkClassifier(**SMALL).fit(X, y)
    assert (model.predict_log_proba(X) == np.log(model.predict_proba(X))).all()
    for net in model.networks_:
        net.b[net.r][:] = [0.0, 1e4, 0.0]
    logarithms = model.predict_log_proba(X[:2])
    assert (logarithms[:, 0] == -np.inf).all()
    assert (logarithms[:, 1] == 0.0).all()
    with pytest.raises(NotFittedError):
        NetworkClassifier().predict_log_proba(X)
