"""Weights in NetworkClassifier and NetworkRegressor: a row of weight 0 is not there, one of weight 2 is there twice."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas
import pytest

pytest.importorskip("sklearn", "1.6")

from scipy import sparse
from sklearn.ensemble import AdaBoostRegressor, BaggingClassifier, BaggingRegressor

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor

KINDS = [NetworkClassifier, NetworkRegressor]
FAST: dict[str, Any] = {"epochs": 3, "hidden_layer_sizes": 8, "random_state": 0}
RNG = np.random.default_rng(0)
T = 60
COUNTS = RNG.integers(0, 5, T)  # weights 0 to 4
COUNTS[-6:] = 0
COUNTED = COUNTS > 0


def table() -> Any:
    """60 rows of two numbers, with gaps, and a text; the rows of weight 0 have other values and another text."""
    rng = np.random.default_rng(1)
    X = np.empty((T, 3), dtype=object)
    X[:, 0], X[:, 1], X[:, 2] = rng.normal(size=T), rng.normal(size=T), rng.choice(["a", "b", "c"], T)
    X[:9:3, 0] = None
    X[~COUNTED] = [1e6, None, "never"]
    return X


def labels(kind: Any) -> Any:
    """Three classes, one of which has rows of weight 0 alone; or numbers, of which those are large."""
    if kind is NetworkRegressor:
        return np.where(COUNTED, np.random.default_rng(2).normal(size=T), 1e9)
    return np.where(COUNTED, np.random.default_rng(2).choice(["p", "q"], T), "zero")


def assert_same_model(one: Any, other: Any) -> None:
    """Two estimators have the same encoder, networks, decoder, calibration and score, bit for bit."""
    assert one.encoder_.describe() == other.encoder_.describe()
    for a, b in zip(one.networks_, other.networks_, strict=True):
        np.testing.assert_array_equal(a.theta, b.theta)
    assert one.target_.parts()[0] == other.target_.parts()[0]
    assert one.model_.calibration == other.model_.calibration
    np.testing.assert_array_equal(one.model_.residuals, other.model_.residuals)
    assert one.validation_score_ == other.validation_score_
    assert one.recipes_ == other.recipes_
    assert one.model_.about == other.model_.about


SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "one network": {"n_networks": 1},
    "last": {"validation_order": "last"},
    "best": {"preset": "best"},
    "lecture": {"preset": "lecture"},
    "patience": {"patience": 1},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_row_of_weight_zero_is_as_if_it_were_not_there(kind: Any, settings: dict[str, Any]) -> None:
    """The model is bitwise that of the other rows alone, whatever stands in the rows of weight 0."""
    X, y = table(), labels(kind)
    one = kind(**{**FAST, **settings}).fit(X, y, sample_weight=COUNTS)
    other = kind(**{**FAST, **settings}).fit(X[COUNTED], y[COUNTED], sample_weight=COUNTS[COUNTED])
    assert_same_model(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_weight_zero_in_groups_validation_rows_and_new_rows(kind: Any) -> None:
    """Rows of weight 0 do not count among groups, validation rows, the rows of partial_fit and of a warm start."""
    X, y, w = table(), labels(kind), COUNTS
    groups = np.where(COUNTED, np.arange(T) // 3, -1)
    one = kind(**FAST).fit(X, y, sample_weight=w, groups=groups)
    assert_same_model(one, kind(**FAST).fit(X[COUNTED], y[COUNTED], w[COUNTED], groups=groups[COUNTED]))
    known, of_known = X[COUNTED], y[COUNTED]
    one = kind(**FAST).fit(known, of_known, X_val=X, y_val=y, sample_weight_val=w)
    other = kind(**FAST).fit(known, of_known, X_val=known, y_val=of_known, sample_weight_val=w[COUNTED])
    assert_same_model(one, other)
    one, other = kind(**FAST, warm_start=True), kind(**FAST, warm_start=True)
    for _ in range(2):
        one.fit(X, y, sample_weight=w)
        other.fit(known, of_known, sample_weight=w[COUNTED])
        assert_same_model(one, other)
    one, other = kind(**FAST), kind(**FAST)
    for _ in range(2):
        one.partial_fit(X, y, sample_weight=w)
        other.partial_fit(known, of_known, sample_weight=w[COUNTED])
        assert_same_model(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_a_row_of_weight_zero_is_not_even_checked(kind: Any) -> None:
    """A row of weight 0 may hold an infinite number, and lack its label, in y of any kind, and in validation rows."""
    X = RNG.normal(size=(T, 2))
    y = np.where(X[:, 0] > 0.0, "p", "q").astype(object) if kind is NetworkClassifier else X[:, 0].astype(object)
    X[~COUNTED] = np.inf
    gone = y.copy()
    gone[~COUNTED] = None
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": gone})
    w = COUNTS
    other = kind(**FAST).fit(X[COUNTED], y[COUNTED], sample_weight=w[COUNTED])
    for missing in (gone, list(gone), pandas.Series(gone), np.ma.MaskedArray(y, mask=~COUNTED)):
        assert_same_model(kind(**FAST).fit(X, missing, sample_weight=w), other)
    once = kind(**FAST).partial_fit(X, gone, sample_weight=w)
    assert_same_model(once, kind(**FAST).partial_fit(X[COUNTED], y[COUNTED], sample_weight=w[COUNTED]))
    named = kind(**FAST).fit(frame, "y", sample_weight=w, X_val=frame, sample_weight_val=w)
    counted = frame[COUNTED]
    alone = kind(**FAST).fit(counted, "y", sample_weight=w[COUNTED], X_val=counted, sample_weight_val=w[COUNTED])
    assert_same_model(named, alone)
    with pytest.raises(cr.InputError, match=f"no value in row {np.argmin(COUNTED) + 1}"):
        kind(**FAST).fit(np.zeros((T, 2)), gone, sample_weight=w + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_weight_zero_does_not_count_in_the_score(kind: Any) -> None:
    """The score is that of the other rows, though a row of weight 0 holds no label and a number that is refused."""
    X = np.round(RNG.normal(size=(T, 2)), 2)
    y = (X[:, 0] > 0.0).astype(float) if kind is NetworkClassifier else X[:, 0] + X[:, 1]
    model = kind(**FAST).fit(X, y)
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": y})
    named = kind(**FAST).fit(frame, "y")
    expected = model.score(X[COUNTED], y[COUNTED], COUNTS[COUNTED])
    of_named = named.score(frame[COUNTED], "y", COUNTS[COUNTED])
    X[~COUNTED], y[~COUNTED] = np.inf, np.nan
    frame[~COUNTED] = [np.inf, np.nan, np.nan]
    for labels in (y, y.tolist(), pandas.Series(y), np.ma.masked_invalid(y)):
        assert model.score(X, labels, COUNTS) == expected
    assert model.score(X.tolist(), y, COUNTS.tolist()) == expected
    assert model.score(sparse.csr_array(X), y, COUNTS) == expected
    assert named.score(frame, "y", COUNTS) == of_named
    assert named.score(frame[["a", "b"]], frame["y"], COUNTS) == of_named
    with pytest.raises(cr.InputError, match=f"no value in row {np.argmin(COUNTED) + 1}"):
        model.score(X, y, COUNTS + 1)


def test_a_row_of_weight_zero_needs_no_group() -> None:
    """Groups are asked of the rows that count alone."""
    X = RNG.normal(size=(T, 2))
    groups = (np.arange(T) // 3).astype(object)
    groups[~COUNTED] = None
    one = NetworkRegressor(**FAST).fit(X, X[:, 0], COUNTS, groups=groups)
    known, w = X[COUNTED], COUNTS[COUNTED]
    assert_same_model(one, NetworkRegressor(**FAST).fit(known, known[:, 0], w, groups=groups[COUNTED]))
    with pytest.raises(cr.InputError, match=f"groups has no value in row {np.argmin(COUNTED) + 1}"):
        NetworkRegressor(**FAST).fit(X, X[:, 0], groups=groups)


def test_a_class_of_weight_zero_is_unknown() -> None:
    """A class all of whose rows have weight 0, by sample_weight or class_weight, is not among classes_."""
    X, y = table(), labels(NetworkClassifier)
    assert NetworkClassifier(**FAST).fit(X, y, sample_weight=COUNTS).classes_.tolist() == ["p", "q"]
    model = NetworkClassifier(class_weight={"zero": 0.0}, **FAST).fit(X, y)
    assert model.classes_.tolist() == ["p", "q"]
    assert_same_model(model, NetworkClassifier(**FAST).fit(X[COUNTED], y[COUNTED], sample_weight=1.0))


def test_a_row_whose_class_has_weight_zero_is_not_even_checked() -> None:
    """Such a row may hold an infinite number, in fit, in partial_fit and among validation rows."""
    X, y = RNG.normal(size=(T, 2)), np.where(COUNTED, np.where(RNG.random(T) < 0.5, "p", "q"), "zero")
    X[~COUNTED] = np.inf
    one, other = NetworkClassifier(class_weight={"zero": 0.0}, **FAST), NetworkClassifier(**FAST)
    counted, of_counted = X[COUNTED], y[COUNTED]
    assert_same_model(one.fit(X, y), other.fit(counted, of_counted, sample_weight=1.0))
    assert_same_model(one.partial_fit(X, y), other.partial_fit(counted, of_counted, sample_weight=1.0))
    one.fit(X, y, X_val=X, y_val=y)
    known = {"X_val": counted, "y_val": of_counted, "sample_weight_val": 1.0}
    assert_same_model(one, other.fit(counted, of_counted, sample_weight=1.0, **known))


def test_no_rows_are_held_out_of_few_that_count() -> None:
    """Six rows of positive weight among forty are all trained on, as six rows are."""
    X, w = RNG.normal(size=(40, 2)), np.repeat([0.0, 1.0], [34, 6])
    one = NetworkRegressor(**FAST).fit(X, X[:, 0], sample_weight=w)
    assert one.validation_score_ is None
    assert_same_model(one, NetworkRegressor(**FAST).fit(X[-6:], X[-6:, 0], sample_weight=w[-6:]))


@pytest.mark.parametrize(("preset", "tolerance"), [("default", 1e-8), ("lecture", 1e-12)])
@pytest.mark.parametrize(
    ("kind", "class_weight"),
    [
        (NetworkRegressor, None),
        (NetworkClassifier, None),
        (NetworkClassifier, {"p": 3.0, "q": 0.7}),
        (NetworkClassifier, "balanced"),
    ],
    ids=str,
)
def test_a_row_of_weight_two_is_the_row_twice(kind: Any, class_weight: Any, preset: str, tolerance: float) -> None:
    """With full batches and no held-out rows, a whole weight w is w rows, also if classes have weights.

    Standardised targets and balanced classes make ∂J/∂b[r] = 0 in the first step, but for rounding: AdamW divides this
    by ε = 1e-8.
    """
    settings: dict[str, Any] = {"batch_size": "full", "validation_fraction": 0, "n_networks": 1, "dtype": "float64"}
    settings |= {"preset": preset, "epochs": 15, "random_state": 0}
    if class_weight is not None:
        settings["class_weight"] = class_weight
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(60, 3)), rng.integers(0, 5, 60)
    y = X[:, 0] + 0.5 * rng.normal(size=60)
    if kind is NetworkClassifier:
        y = np.where(y > 0.6, "p", "q")
    one = kind(**settings).fit(X, y, sample_weight=w)
    other = kind(**settings).fit(np.repeat(X, w, axis=0), np.repeat(y, w))
    outputs = "predict" if kind is NetworkRegressor else "predict_proba"
    np.testing.assert_allclose(getattr(one, outputs)(X), getattr(other, outputs)(X), rtol=0, atol=tolerance)


def test_balanced_classes_have_the_same_weight() -> None:
    """The shares of the classes in the training rows are equal, whatever the weights of the rows."""
    X, y = RNG.normal(size=(40, 2)), np.repeat(["p", "q", "r"], [4, 6, 30])
    model = NetworkClassifier(class_weight="balanced", **FAST).fit(X, y, sample_weight=RNG.random(40))
    np.testing.assert_allclose(model.target_.shares, 1 / 3)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_bags_of_few_rows_are_fitted(seed: int) -> None:
    """Bagging and boosting, which draw rows by weights, work on 20 rows with any seed."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, 2))
    tiny: dict[str, Any] = {"epochs": 1, "hidden_layer_sizes": 4, "n_networks": 2}
    bags = BaggingRegressor(NetworkRegressor(**tiny), n_estimators=3, random_state=seed).fit(X, X[:, 0])
    assert np.isfinite(bags.predict(X)).all()
    bags = BaggingClassifier(NetworkClassifier(**tiny), n_estimators=3, random_state=seed).fit(X, np.arange(20) % 2)
    np.testing.assert_allclose(bags.predict_proba(X).sum(axis=1), 1.0)
    boosted = AdaBoostRegressor(NetworkRegressor(**tiny), n_estimators=3, random_state=seed).fit(X, X[:, 0])
    assert np.isfinite(boosted.predict(X)).all()


def test_partial_fit_says_what_its_first_rows_lack() -> None:
    """A first call with one row, or with one class, says what to give; "balanced" needs all rows at once."""
    with pytest.raises(cr.InputError, match=r"needs more than one; got 1\. Give more rows first, or use fit"):
        NetworkRegressor(**FAST).partial_fit([[1.0]], [2.0])
    with pytest.raises(cr.InputError, match="needs more than one"):
        NetworkClassifier(**FAST).partial_fit([[1.0]], ["a"], classes=["a", "b"])
    with pytest.raises(cr.InputError, match=r"got one class: 'a'\. Give all of them in classes="):
        NetworkClassifier(**FAST).partial_fit([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(cr.InputError, match="needs all rows at once"):
        NetworkClassifier(class_weight="balanced", **FAST).partial_fit([[1.0], [2.0]], ["a", "b"])
    with pytest.raises(cr.InputError, match=r"must name classes of y, \['a', 'b'\]; got \['c'\]"):
        NetworkClassifier(class_weight={"c": 1.0}, **FAST).partial_fit([[1.0], [2.0]], ["a", "a"], classes=["a", "b"])
    model = NetworkClassifier(class_weight={"b": 2.0}, **FAST)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.partial_fit([[1.0], [2.0]], ["a", "a"], classes=["a", "b"]).partial_fit([[3.0]], ["b"])
    assert model.classes_.tolist() == ["a", "b"]
