"""Weights of rows and of classes in MLPClassifier and MLPRegressor act like repeated rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
import polars
import pytest

pytest.importorskip("sklearn")

import sklearn
from scipy import sparse
from sklearn.model_selection import GridSearchCV
from support.estimators.mlp_problems import CLASSES, COUNTS, LABELS, NUMBERS, OURS, TWO, unconverged

from chainrule.estimators import MLPClassifier, MLPRegressor

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
    """In loss and fitted weights, a whole weight counts as repeated rows and weight 0 as an omitted row."""
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
    """A dict weights the rows of each class; "balanced" gives all classes the same total weight."""
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
    """With several labels the weight of a row is the product of the weights of its columns."""
    X, Y = LABELS
    given = [{0: 1.0, 1: 2.0}, {1: 3.0}, {0: 1.0}]
    w = np.where(Y[:, 0], 2.0, 1.0) * np.where(Y[:, 1], 3.0, 1.0)
    one = MLPClassifier((5,), max_iter=5, class_weight=given, random_state=0).fit(X, Y)
    other = MLPClassifier((5,), max_iter=5, random_state=0).fit(X, Y, sample_weight=w)
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


@unconverged
def test_labels_in_a_sparse_matrix() -> None:
    """Several labels may be a sparse matrix, also with class weights."""
    X, Y = LABELS
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
    for class_weight in (None, "balanced"):
        one = MLPClassifier(**settings, class_weight=class_weight).fit(X, sparse.csr_matrix(Y))
        np.testing.assert_array_equal(
            one.coefs_[0], MLPClassifier(**settings, class_weight=class_weight).fit(X, Y).coefs_[0]
        )


@unconverged
def test_weights_are_routed() -> None:
    """With metadata routing a search passes ``sample_weight`` to ``fit``."""
    X, y = TWO
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier((5,), max_iter=5, random_state=0)
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        search = GridSearchCV(model, {"alpha": [0.1]}, cv=2).fit(X, y, sample_weight=(y == 1).astype(float))
    assert (search.predict(X) == 1).mean() > 0.6


@unconverged
def test_class_weights_reach_the_held_out_part() -> None:
    """The score of early stopping weights the held-out rows by their classes."""
    X, y = TWO
    settings: dict[str, Any] = {"early_stopping": True, "max_iter": 3, "random_state": 0}
    one = MLPClassifier(**settings, class_weight={0: 0.1, 1: 1.0}).fit(X, y)
    other = MLPClassifier(**settings).fit(X, y, sample_weight=np.where(y == 1, 1.0, 0.1))
    assert one.validation_scores_ == other.validation_scores_


@unconverged
@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize(
    "settings", [{}, {"early_stopping": True}, {"solver": "lbfgs"}, {"precision": "single"}], ids=str
)
def test_a_row_of_weight_zero_is_as_if_it_were_not_there(kind: str, settings: dict[str, Any]) -> None:
    """Rows of weight 0 change no bit: minibatches, held-out rows and the scales of columns are those of the others."""
    X, y = CLASSES if kind == "MLPClassifier" else NUMBERS
    w = np.arange(len(X)) % 3
    given = np.where(w[:, None] == 0, 1e6, X)
    one, other = (OURS[kind](**settings, max_iter=5, batch_size=20, random_state=0) for _ in range(2))
    one.fit(given, y, sample_weight=w)
    other.fit(X[w > 0], y[w > 0], sample_weight=w[w > 0])
    for a, b in zip([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
        np.testing.assert_array_equal(a, b)
    assert getattr(one, "validation_scores_", None) == getattr(other, "validation_scores_", None)


@unconverged
@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize("form", ["array", "lists", "pandas", "polars", "csr", "coo"])
def test_what_stands_in_a_row_of_weight_zero_is_not_even_checked(kind: str, form: str) -> None:
    """A row of weight 0 may hold infinite numbers and lack its label, in fit, partial_fit and score, in every form."""
    X, y = CLASSES if kind == "MLPClassifier" else NUMBERS
    w = np.arange(len(X)) % 3
    bad_X, bad_y = np.where(w[:, None] == 0, np.inf, X), np.where(w == 0, np.nan, y)
    given: dict[str, Callable[[Any], Any]] = {
        "array": np.asarray,
        "lists": np.ndarray.tolist,
        "pandas": lambda values: pandas.DataFrame(values, columns=[f"c{j}" for j in range(X.shape[1])]),
        "polars": lambda values: polars.DataFrame(values, schema=[f"c{j}" for j in range(X.shape[1])]),
        "csr": sparse.csr_array,
        "coo": sparse.coo_array,
    }
    ours = given[form]
    X, y, known = ours(X[w > 0]), y[w > 0].astype(float), w[w > 0]
    whole = ours(bad_X)
    labels = {"lists": bad_y.tolist(), "pandas": pandas.Series(bad_y), "polars": polars.Series(bad_y)}.get(form, bad_y)
    settings: dict[str, Any] = {"max_iter": 3, "random_state": 0}
    one, other = (OURS[kind](**settings) for _ in range(2))
    classes = {"classes": np.unique(y)} if kind == "MLPClassifier" else {}
    for method, more in (("fit", {}), ("partial_fit", classes)):
        getattr(one, method)(whole, labels, sample_weight=w, **more)
        getattr(other, method)(X, y, sample_weight=known, **more)
        for a, b in zip([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
            np.testing.assert_array_equal(a, b)
        assert one.score(whole, labels, w) == other.score(X, y, known)
        one, other = (OURS[kind](**settings) for _ in range(2))
    with pytest.raises(ValueError, match="no value in row 1"):
        one.fit(whole, labels, sample_weight=w + 1)


@unconverged
def test_a_class_of_weight_zero_is_unknown() -> None:
    """A class all of whose rows have weight 0 is not among classes_; several labels may be NaN in such rows."""
    X, y = CLASSES
    model = MLPClassifier(max_iter=1, solver="lbfgs", random_state=0)
    assert model.fit(X, y, y != y.max()).classes_.tolist() == np.unique(y)[:-1].tolist()
    X, Y = LABELS
    w = np.arange(len(X)) % 2
    gaps = np.where(w[:, None] == 0, np.nan, Y)
    assert model.fit(X, gaps, w).predict(X).shape == Y.shape


@unconverged
@pytest.mark.parametrize("X", [CLASSES[0], sparse.csr_array(CLASSES[0])], ids=["dense", "sparse"])
def test_a_row_whose_class_has_weight_zero_is_as_if_it_were_not_there(X: Any) -> None:
    """Such a row may hold infinite numbers, and its class is not among classes_, in fit, warm start and partial_fit."""
    y = np.array(["a", "b", "c"])[CLASSES[1]]
    kept, gone = np.flatnonzero(y != "c"), np.flatnonzero(y == "c")
    spoilt = X.tolil() if sparse.issparse(X) else X.copy()
    spoilt[gone, 0] = np.inf
    spoilt = spoilt.tocsr() if sparse.issparse(X) else spoilt
    one = MLPClassifier(class_weight={"b": 2.0, "c": 0}, max_iter=3, warm_start=True, random_state=0)
    other = MLPClassifier(class_weight={"b": 2.0}, max_iter=3, warm_start=True, random_state=0)
    for _ in range(2):
        one.fit(spoilt, y)
        other.fit(X[kept], y[kept])
        assert one.classes_.tolist() == ["a", "b"]
        np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])
    for model, rows, labels in ((one, spoilt, y), (other, X[kept], y[kept])):
        model.set_params(warm_start=False).__dict__.pop("classes_")
        del model.coefs_
        for _ in range(2):
            model.partial_fit(rows, labels, classes=["a", "b", "c"])
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])
    with pytest.raises(ValueError, match=r"class_weight must name classes of y, \['a', 'b', 'c'\]; got \['z'\]"):
        MLPClassifier(class_weight={"z": 0}).fit(X, y)
    labels = np.stack([y == "a", y == "c"], axis=1).astype(int)
    one, other = (MLPClassifier(max_iter=3, random_state=0) for _ in range(2))
    one.set_params(class_weight=[{0: 1.0}, {1: 0.0}]).fit(spoilt, sparse.csr_array(labels))
    np.testing.assert_array_equal(one.coefs_[0], other.fit(X[kept], labels[kept]).coefs_[0])


@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_lbfgs_from_an_infinite_cost_is_refused() -> None:
    """If J is not finite at the initial weights, lbfgs raises scikit-learn's error, also with early stopping."""
    X, y = COUNTS
    model = MLPRegressor(loss="poisson", solver="lbfgs", activation="identity", early_stopping=True)
    with pytest.raises(ValueError, match=r"non-finite parameter weights.*initial weights"):
        model.fit(1e6 * X, y)


def test_class_weights_are_checked() -> None:
    """ "balanced" for partial_fit is refused, and so are weights that leave no row; a class may occur later."""
    X, y = TWO
    with pytest.raises(ValueError, match="needs all rows at once"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="no row has a positive weight"):
        MLPClassifier(class_weight={0: 0, 1: 0}).fit(X, y)
    MLPClassifier(class_weight={1: 2.0}).partial_fit(X[y == 0], y[y == 0], classes=[0, 1])
