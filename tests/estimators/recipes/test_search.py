"""preset="tuned": a search over recipes by successive halving, and the choice of those that are best together."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.errors import TrainingWarning
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.recipe import FEWEST
from chainrule.estimators.network.recipes.presets import preset
from chainrule.estimators.network.recipes.search_space import CANDIDATES, EMBEDDINGS, RATE_FACTOR
from chainrule.estimators.network.search.halving import KEPT, MORE

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 2))
Y = np.sin(2.0 * X[:, 0]) + X[:, 1] ** 2


def quick(**more: Any) -> Any:
    """Returns a search that takes a second."""
    return NetworkRegressor(preset="tuned", epochs=4, hidden_layer_sizes=8, activation="mish", random_state=0, **more)


@pytest.fixture(scope="module")
def searched() -> Any:
    """A regressor that was fitted by a search."""
    return quick().fit(X, Y)


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_the_candidates_are_drawn_around_those_of_best(task: Any) -> None:
    """There are 24, always the same and all different; the first are those of "best", and rates lie within thrice."""
    recipes, known = preset("tuned", task, 1000), preset("best", task, 1000)
    assert len(set(recipes)) == CANDIDATES
    assert recipes == preset("tuned", task, 1000)
    assert [r.hidden for r in recipes[: len(known)]] == [r.hidden for r in known]
    rates = {r.embedding: r.optimizer.schedule.rate for r in known}
    assert [r.competes for r in recipes] == ["together"] * len(known) + [None] * (CANDIDATES - len(known))
    factors = [r.optimizer.schedule.rate / rates[r.embedding] for r in recipes]
    assert min(factors) >= 1.0 / RATE_FACTOR
    assert max(factors) <= RATE_FACTOR


@pytest.mark.parametrize("t", [40, 1_000, 50_000])
def test_every_embedding_is_tried(t: int) -> None:
    """Also on few rows, for which "best" has fewer kinds, each embedding and none is among the candidates."""
    assert {recipe.embedding for recipe in preset("tuned", "regression", t)} == set(EMBEDDINGS)


def known_among(recipes: Any) -> list[Any]:
    """Returns those of "best"."""
    return [recipe for recipe in recipes if recipe.competes]


def test_a_third_goes_on_and_others_join_the_known_ones(searched: Any) -> None:
    """All recipes are tried, and the best third and the known ones again; the model has the known ones and others that
    lessened the loss."""
    first, last = ([trial for trial in searched.trials_ if trial.round == k] for k in (1, 2))
    known = len(known_among(trial.recipe for trial in first))
    assert (len(first), known) == (CANDIDATES, len(preset("best", "regression", len(X))))
    assert CANDIDATES // KEPT <= len(last) <= CANDIDATES // KEPT + known
    assert all(trial.kept for trial in first[: CANDIDATES // KEPT])
    assert [trial.loss for trial in last] == sorted(trial.loss for trial in last)
    kept = {trial.recipe for trial in last if trial.kept}
    assert known < len(kept) <= known + MORE
    assert len(known_among(kept)) == known
    assert len(known_among(set(searched.recipes_))) == known  # of few rows none is left out
    assert set(searched.recipes_) <= kept
    assert len(searched.networks_) == searched.recipe_.n_networks * len(set(searched.recipes_))
    assert f"Recipes tried: {CANDIDATES}; the best of round 2" in searched.summary()


def test_the_known_ones_compete() -> None:
    """From 250 rows on the model has those of "best" that predict best together, and the best of the others."""
    Z = np.random.default_rng(1).normal(size=(1500, 2))
    model = quick().set_params(epochs=1, batch_size="full").fit(Z, np.abs(Z[:, 0]))
    recipes = set(model.recipes_)
    assert len(model.networks_) == 6 * len(recipes)  # twice as many of each as "best" has
    assert 1 <= len(known_among(recipes)) < len(preset("best", "regression", 1500))


def test_a_search_of_one_network_each() -> None:
    """With n_networks=1 all networks hold out the same rows."""
    model = quick(n_networks=1).fit(X, Y)
    assert len(model.networks_) == len(set(model.recipes_))


def test_a_search_is_reproduced_by_any_number_of_threads(searched: Any) -> None:
    """The same seed gives the same networks, with one thread or three."""
    np.testing.assert_array_equal(quick(threads=3).fit(X, Y).predict(X), searched.predict(X))


def test_a_searched_model_is_trained_on() -> None:
    """A warm start keeps training the networks that the search found; fitting with another preset clears the trials."""
    model = quick(warm_start=True).fit(X, Y)
    found = model.recipes_
    model.set_params(epochs=6).fit(X, Y)
    assert model.n_iter_ == 6
    assert len(model.recipes_) == len(found)
    assert model.partial_fit(X[:40], Y[:40]).trials_
    model.set_params(preset="default", warm_start=False, n_networks=1).fit(X, Y)
    assert not hasattr(model, "trials_")


def test_a_time_limit_bounds_the_search() -> None:
    """Each round ends in time; the model has networks of kept recipes, and a warning says how far they are trained."""
    model = NetworkClassifier(preset="tuned", epochs=10**6, patience=10**6, time_limit=1.5, random_state=0, threads=1)
    with pytest.warns(TrainingWarning, match=r"time limit of 1\.5 s cut the plan: .* trained for .* epochs"):
        model.fit(X, Y > 0.5)
    assert model.stopped_ == "time_limit"
    assert {trial.round for trial in model.trials_} <= {1, 2}
    assert len(model.networks_) >= 1
    assert model.score(X, Y > 0.5) > 0.6


def test_ctrl_c_keeps_the_best_so_far() -> None:
    """A search that is interrupted in its first round has networks of the recipes that were best until then."""
    calls = []

    def interrupt(history: cr.History) -> None:
        calls.append(history)
        if len(calls) == 60:
            os.kill(os.getpid(), signal.SIGINT)

    model = quick(callbacks=[interrupt], threads=1)
    with pytest.warns(TrainingWarning, match="interrupted"):
        model.set_params(epochs=40).fit(X, Y)
    assert model.stopped_ == "interrupted"
    assert 1 <= len(model.networks_) <= FEWEST


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"checkpoint": "nets"}, "checkpoint does not go with preset"),
        ({"validation_fraction": 0.0}, "chooses recipes by held-out rows"),
    ],
    ids=["checkpoint", "rows"],
)
def test_what_does_not_go_with_a_search(parameters: dict[str, Any], words: str) -> None:
    """Parameters that a search cannot follow are refused by their names."""
    with pytest.raises(cr.InputError, match=words):
        quick(**parameters).fit(X, Y)
