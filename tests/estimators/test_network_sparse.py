"""Facts about sparse rows in NetworkClassifier and NetworkRegressor: no dense copy, and recipes that compete."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy import sparse

from chainrule.estimators import NetworkClassifier, NetworkRegressor, load
from chainrule.estimators.network.training_rows import sparse_features
from chainrule.tables.model import network_outputs
from chainrule.tables.reading.read import read

T, N = 240, 400
QUICK: dict[str, Any] = {"epochs": 3, "n_networks": 2, "random_state": 0}


def thin(t: int = T, n: int = N, share: float = 0.03) -> Any:
    """Returns a random sparse array (t, n) in which this share of the entries is stored."""
    return sparse.random_array((t, n), density=share, rng=np.random.default_rng(0), format="csr")


X = thin()
NUMBERS = np.asarray(X.sum(axis=1))
CLASSES = np.where(NUMBERS > np.median(NUMBERS), "long", "short")


def one_hot(codes: Any, levels: int) -> Any:
    """Returns the one-hot features (t, k · levels) of integer codes (t, k)."""
    t, k = codes.shape
    columns = (codes + levels * np.arange(k)).ravel()
    return sparse.csr_array((np.ones(t * k), columns, np.arange(t + 1) * k), shape=(t, k * levels))


@pytest.mark.parametrize(
    ("table", "features"),
    [
        (thin(), N),
        (thin().toarray(), 0),
        (thin(T, 256), 0),
        (thin(T, 400, 0.2), 0),
        (sparse.hstack([thin(), sparse.csr_array((T, 10_000))]).tocsr(), N),
        (sparse.csr_array((T, 10_000)), 0),
    ],
)
def test_tables_that_stay_sparse(table: Any, features: int) -> None:
    """A sparse table stays so if over 256 columns have entries, and at most a tenth of these numbers is stored."""
    assert sparse_features(read(table)) == features


@pytest.mark.parametrize("preset", ["default", "best", "lecture"])
@pytest.mark.parametrize(("kind", "y"), [(NetworkClassifier, CLASSES), (NetworkRegressor, NUMBERS)])
def test_every_form_has_the_same_predictions(kind: Any, y: Any, preset: str, tmp_path: Path) -> None:
    """A model of sparse rows predicts the same from sparse rows of every format, dense rows, and once it is loaded."""
    model = kind(preset=preset, **QUICK).fit(X, y)
    expected = model.predict(X)
    model.save(tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors")
    for other in (model, again):
        for rows in (X, X.tocsc(), X.tocoo(), X.toarray()):
            predicted = other.predict(rows)
            if kind is NetworkRegressor:
                np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=1e-4)
            else:
                np.testing.assert_array_equal(predicted, expected)
    assert len(model.networks_) == len(model.histories_) == len(model.recipes_) == 2
    assert (model.recipe_.numbers == "joint") == (preset != "lecture")


def test_no_dense_copy_of_sparse_rows() -> None:
    """Training and prediction of sparse rows take far less memory than a dense X of the networks' number type."""
    wide = thin(4_000, 8_000, 1e-3)
    y = np.arange(4_000) % 3
    tracemalloc.start()
    NetworkClassifier(epochs=1, n_networks=1, random_state=0).fit(wide, y).predict_proba(wide)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000 * 8_000 * 4 / 3


def test_the_best_recipe_is_kept() -> None:
    """Networks with a hidden layer are kept if the classes need one, and linear networks if they do not."""
    rng = np.random.default_rng(0)
    codes = rng.integers(40, size=(2_000, 8))
    rows = one_hot(codes, 40)
    halves = codes >= 20
    model = NetworkClassifier(random_state=0, n_networks=2)
    assert model.fit(rows, halves[:, 0] ^ halves[:, 1]).recipe_.hidden
    assert model.fit(rows, halves[:, 0]).score(rows, halves[:, 0]) > 0.99
    words = thin(600, 1_000, 0.02)
    weights = rng.normal(size=1_000)
    assert not NetworkClassifier(random_state=0, n_networks=2).fit(words, words @ weights > 0.0).recipe_.hidden


def test_given_hidden_layers() -> None:
    """Hidden layers that are given replace those of the recipe that has some; linear networks do not compete."""
    model = NetworkClassifier(hidden_layer_sizes=(7, 5), **QUICK).fit(X, CLASSES)
    assert {net.m[1:] for net in model.networks_} == {(7, 5, 2)}


@pytest.mark.parametrize(("kind", "y"), [(NetworkClassifier, CLASSES), (NetworkRegressor, NUMBERS)])
def test_validation_weights_groups_and_order(kind: Any, y: Any) -> None:
    """Given validation rows, weights, groups and the last rows as validation rows work with sparse rows."""
    weights = np.ones(T)
    assert kind(**QUICK).fit(X, y, weights, X_val=X[:50], y_val=y[:50]).validation_score_ is not None
    assert kind(**QUICK).fit(X, y, groups=np.arange(T) // 4).validation_score_ is not None
    assert kind(validation_order="last", **QUICK).fit(X, y).validation_score_ is not None
    assert kind(validation_fraction=0, **QUICK).fit(X, y).validation_score_ is None
    assert kind(initial="data", **QUICK).fit(X, y).predict(X).shape == (T,)


@pytest.mark.parametrize(("kind", "y"), [(NetworkClassifier, CLASSES), (NetworkRegressor, NUMBERS)])
def test_continued_training_of_the_best_recipe(kind: Any, y: Any) -> None:
    """A warm start continues the networks that were kept, with their own recipe, as if they had not stopped."""
    settings = QUICK | {"learning_rate": 0.01, "optimizer": "adam"}
    whole = kind(**settings | {"epochs": 6}).fit(X, y)
    parts = kind(warm_start=True, **settings).fit(X, y)
    recipe = parts.recipe_
    parts.set_params(epochs=6).fit(X, y)
    assert parts.recipe_.hidden == recipe.hidden
    assert parts.n_iter_ == whole.n_iter_ == 6


@pytest.mark.parametrize(("kind", "y"), [(NetworkClassifier, CLASSES), (NetworkRegressor, NUMBERS)])
def test_partial_fit_of_sparse_rows(kind: Any, y: Any) -> None:
    """partial_fit takes sparse rows, also after dense ones. Networks of all recipes take turns, and are averaged."""
    model = kind(epochs=3, n_networks=4, random_state=0)
    for rows, labels in ((X[:100], y[:100]), (X[100:].toarray(), y[100:]), (X, y)):
        model.partial_fit(rows, labels)
    assert [len(recipe.hidden) for recipe in model.recipes_] == [0, 0, 1, 0]
    assert [net.r for net in model.networks_] == [1, 1, 2, 1]
    assert len(set(model.recipes_)) == 3
    outputs = sum(network_outputs(net, model.encoder_.encode(X), model.target_) for net in model.networks_)
    np.testing.assert_allclose(model.model_.outputs(X), outputs / 4, rtol=1e-12)
    one = kind(hidden_layer_sizes=(5,), n_networks=2, random_state=0).partial_fit(X, y)
    assert [net.m[1] for net in one.networks_] == [5, 5]


def test_intervals_of_sparse_rows() -> None:
    """Conformal intervals are made from the held-out rows of the recipe that was kept."""
    model = NetworkRegressor(**QUICK).fit(X, NUMBERS)
    low, high = model.predict_interval(X, 0.8).T
    assert np.mean((low <= NUMBERS) & (NUMBERS <= high)) > 0.6
