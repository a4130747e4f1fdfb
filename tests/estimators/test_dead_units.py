"""Dead units: truly dead layers are found, and units that fire for few rows are not taken for dead."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.diagnosis.dead_units import dead_layer
from chainrule.estimators import MLPClassifier, NetworkClassifier, TrainingWarning

T, LEVELS = 3000, 60
STORES = np.arange(T) // (T // LEVELS)  # rows sorted by store
ONE_HOT = np.eye(LEVELS)[STORES]  # (t, 60)
IDS = np.eye(T // 4)[np.arange(T) // 4]  # (t, 750), each level in four rows
WORDS = (np.random.default_rng(0).random((T, 400)) < 0.002).astype(float)  # most words in six rows
LATE = np.where(np.arange(T) < T - 3, 0.0, 1.0)[:, None] * np.ones(4)  # varies in the last three rows alone
RNG = np.random.default_rng(1)


def layer(n: int, sigma: str, b: float = 0.0) -> cr.Layer:
    """Returns a layer of n units, each of which passes on its own input plus b."""
    return cr.Layer(np.eye(n), np.full(n, b), sigma)


def net(n: int, *hidden: cr.Layer) -> cr.Network:
    """Returns a network of these layers of n units, and one output."""
    return cr.Network([*hidden, cr.Layer(np.ones((1, n)), [0.0], "identity")])


def scaling(n: int) -> cr.Layer:
    """Returns a first layer W = diag(w), as the estimators have it."""
    return cr.Layer(cr.Diagonal(np.ones(n)), np.zeros(n), "identity")


@pytest.mark.parametrize(
    "X", [ONE_HOT, IDS, WORDS, LATE, ONE_HOT[::-1]], ids=["stores", "ids", "words", "late", "reversed"]
)
def test_units_that_fire_for_few_rows_are_alive(X: Any) -> None:
    """No layer is dead if each unit varies in some rows, wherever they are, though most inputs are rare."""
    n = X.shape[1]
    assert dead_layer(net(n, scaling(n), layer(n, "relu")), X) is None


@pytest.mark.parametrize("X", [ONE_HOT, WORDS, LATE, RNG.normal(size=(50, 4))], ids=["stores", "words", "late", "few"])
def test_units_that_never_fire_are_dead(X: Any) -> None:
    """A layer of ReLUs below their kink for every row is dead, and the first such layer is named."""
    n = X.shape[1]
    found = dead_layer(net(n, scaling(n), layer(n, "relu", -10.0), layer(n, "relu")), X)
    assert found is not None
    assert found.startswith(f"{n} of the {n} units of layer 2 (relu) are dead")


@pytest.mark.parametrize("dead", [50, 51])
def test_a_layer_is_dead_if_most_of_its_units_are(dead: int) -> None:
    """51 dead units of 100 are reported, 50 are not."""
    b = np.repeat([-100.0, 100.0], [dead, 100 - dead])
    found = dead_layer(net(100, cr.Layer(np.eye(100), b, "relu")), RNG.normal(size=(2500, 100)))
    assert (found is not None) == (dead > 50)


@pytest.mark.parametrize(
    ("X", "hidden"),
    [
        (np.ones((100, 4)), layer(4, "relu")),  # no input varies
        (RNG.normal(size=(100, 4)), cr.Layer(np.zeros((4, 4)), np.ones(4), "identity")),  # no σ
        (RNG.normal(size=(19, 4)), layer(4, "relu", -100.0)),  # too few rows
    ],
    ids=["constant", "identity", "few"],
)
def test_what_is_not_dead(X: Any, hidden: cr.Layer) -> None:
    """Constant inputs, a layer without σ and fewer than 20 rows are no dead units."""
    assert dead_layer(net(4, hidden), X) is None


@pytest.mark.parametrize("preset", ["default", "best"])
def test_a_table_sorted_by_a_category_has_no_dead_units(preset: str) -> None:
    """Training on rows sorted by store issues no warning."""
    X = np.array([(f"s{s}", x) for s, x in zip(STORES, RNG.normal(size=T), strict=True)], dtype=object)
    y = X[:, 1].astype(float) + STORES / 30 > 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainingWarning)
        NetworkClassifier(preset=preset, epochs=1, n_networks=1, hidden_layer_sizes=8, random_state=0).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_bags_of_words_have_no_dead_units() -> None:
    """The MLP pair does not warn about columns that are zero in most rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainingWarning)
        MLPClassifier(max_iter=2, random_state=0).fit(WORDS, WORDS[:, 0] > 0)
