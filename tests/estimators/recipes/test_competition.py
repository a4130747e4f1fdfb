"""Facts about the competition of recipes: which of them are kept, by their predictions of held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule._internal.checks import Floats
from chainrule.costs import TrainingSet
from chainrule.costs.training_set import Subset
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network import base
from chainrule.estimators.network.competition import finalists, winners
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.recipe import FEWEST, Recipe
from chainrule.estimators.network.recipes.presets import FEWEST_TO_COMPETE, preset
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.tables.target_decoder import NumericLabels

Y = np.array([-1.0, 1.0, -1.0, 1.0])  # mean 0 and deviation 1: standardised as it is
TARGET = NumericLabels.fit(Y)
BEST = preset("best", "regression", 1000)
NOTHING = np.arange(0)


def member(
    recipe: Recipe,
    error: float,
    rows: Sequence[int] = (0, 1, 2, 3),
    weights: Any = None,
    slope: float = 1.0,
    labels: Floats = Y,
) -> Member:
    """A network that predicts slope · y + error, and holds out these rows."""
    net = cr.Network([cr.Layer(np.full((1, 1), slope), np.full(1, error), "identity")])
    at = np.array(rows)
    held_out = Subset(
        TrainingSet(labels[at, None], labels[at, None], None if weights is None else np.array(weights)[at])
    )
    return Member(0, net, recipe, 0, ValidationSplit(NOTHING, at), held_out, held_out, at)


def kept(members: Sequence[Member], labels: Floats = Y) -> list[int]:
    """The numbers, in the list, of the members that are kept."""
    left = winners(members, TARGET, labels)
    return [k for k, each in enumerate(members) if any(each is other for other in left)]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([3.0, 1.0, -1.0, 2.0, -2.0, 9.0, 8.0], [1, 2, 3, 4]),  # errors that cancel each other
        ([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0], [0, 1, 2]),  # three, which are better on every row
        ([1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.0], [0, 1, 2, 3, 4, 5, 6]),  # of equal losses that of most recipes
    ],
)
def test_recipes_that_predict_best_together_are_kept(errors: list[float], expected: list[int]) -> None:
    """Of all sets of recipes, that with the smallest squared error of the mean prediction."""
    assert kept([member(recipe, error) for recipe, error in zip(BEST, errors, strict=True)]) == expected


@pytest.mark.parametrize(("repeated", "expected"), [(1, [0, 1, 2, 4]), (100, [0, 4])], ids=["4 rows", "400 rows"])
def test_fewer_than_four_must_be_clearly_better(repeated: int, expected: list[int]) -> None:
    """By hand: the loss of a pair is lower than that of four by 0.045 ± 0.071, and ± 0.007 on a hundred times the rows.

    Four networks predict y + √0.6, and the other one of the pair 1.5 y + 0.5.
    """
    labels, rows = np.tile(Y, repeated), range(4 * repeated)
    members = [member(recipe, np.sqrt(0.6), rows, labels=labels) for recipe in BEST[:4]]
    members.append(member(BEST[4], 0.5, rows, slope=1.5, labels=labels))
    assert kept(members, labels) == expected


def test_alone_only_the_best_recipe_is_kept() -> None:
    """Of recipes that compete alone all networks of one are kept, though the mean of others has a smaller loss."""
    recipes = [replace(recipe, competes="alone") for recipe in BEST[:3]]
    assert kept([member(recipes[k], error) for k, error in [(0, 2.0), (1, -1.0), (2, -2.0), (1, -1.0)]]) == [1, 3]


def test_networks_count_by_their_number() -> None:
    """The mean is that of the networks: two with the error 1 and one with −2 cancel each other."""
    errors = [(0, 1.0), (0, 1.0), (1, -2.0), (2, 0.0), (3, 0.0), (4, 9.0)]
    assert kept([member(BEST[k], error) for k, error in errors]) == [0, 1, 2, 3, 4]


def test_only_rows_that_all_hold_out_are_compared() -> None:
    """Of row 0, which some networks hold out alone, and of rows of weight 0, errors do not count."""
    weights = [1.0, 1.0, 0.0, 1.0]
    exact = [member(BEST[k], 0.0, (1, 2, 3), weights) for k in range(4)]
    others = [member(BEST[k], 1.0, (1, 2, 3), weights) for k in (4, 5)]
    wrong_elsewhere = member(BEST[3], 7.0, (0,), weights)
    assert kept([*exact, *others, wrong_elsewhere]) == [0, 1, 2, 3, 6]
    assert kept([*exact, *others, member(BEST[6], 5.0, (0,), weights)]) == list(range(7))  # no row of all


def test_without_competition_all_are_kept() -> None:
    """All remain without held-out rows, if recipes do not compete, and if there are few rows."""
    errors = [3.0, 1.0, -1.0, 2.0, -2.0, 9.0, 8.0]
    members = [member(recipe, error) for recipe, error in zip(BEST, errors, strict=True)]
    for each in members[1:]:
        each.held_out = None
    assert kept(members) == list(range(7))
    assert kept([member(replace(recipe, competes=None), e) for recipe, e in zip(BEST, errors, strict=True)]) == list(
        range(7)
    )
    of_few_rows = preset("best", "regression", FEWEST_TO_COMPETE - 1)
    assert kept([member(recipe, float(k)) for k, recipe in enumerate(of_few_rows)]) == list(range(FEWEST))


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([3.0, 1.0, -1.0, 2.0, -2.0, 9.0, 8.0], {1, 2, 3, 4}),  # errors that cancel each other
        ([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0], {0, 1, 2, 3}),  # three would be better, of few rows
        ([3.0, None, -1.0, 2.0, -2.0, 9.0, 8.0], {0, 2, 3, 4}),  # one that is not usable
        ([3.0, None, None, None, -2.0, 9.0, 8.0], {0, 4, 5, 6}),  # with it only four are
        ([None] * 7, set(range(7))),
    ],
)
def test_four_recipes_go_on(errors: list[float | None], expected: set[int]) -> None:
    """By hand: after a network of each, the four recipes whose mean prediction has the smallest squared error."""
    members = [member(recipe, error or 0.0) for recipe, error in zip(BEST, errors, strict=True)]
    for each, error in zip(members, errors, strict=True):
        each.improved = error is not None
    assert {BEST.index(recipe) for recipe in finalists(members, TARGET, Y)} == expected


def test_without_rows_that_all_hold_out_all_go_on() -> None:
    """Nothing tells which are better."""
    members = [member(recipe, float(k), rows=(k % 4,)) for k, recipe in enumerate(BEST)]
    for each in members:
        each.improved = True
    assert finalists(members, TARGET, Y) == set(BEST)


SMOOTH = np.random.default_rng(0).normal(size=(500, 3))
OF_BEST: dict[str, Any] = {"preset": "best", "epochs": 4, "hidden_layer_sizes": 8, "random_state": 0}


def thetas(model: Any) -> dict[Recipe, list[Floats]]:
    """The θ of the networks, by their recipes."""
    found: dict[Recipe, list[Floats]] = {}
    for recipe, net in zip(model.recipes_, model.networks_, strict=True):
        found.setdefault(recipe, []).append(net.theta)
    return found


def trained_after_all_go_on(monkeypatch: pytest.MonkeyPatch) -> dict[Recipe, list[Floats]]:
    """The θ of all networks of "best", where all go on and are kept."""
    with monkeypatch.context() as patch:
        patch.setattr(base, "finalists", lambda members, **_: {each.recipe for each in members})
        patch.setattr(base, "winners", lambda members, *_: members)
        return thetas(NetworkRegressor(**OF_BEST).fit(SMOOTH, SMOOTH.sum(axis=1)))


def test_more_networks_are_those_that_all_recipes_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that go on have bitwise the θ as if all did: for any threads, in two processes, within a time limit."""
    count = preset("best", "regression", len(SMOOTH))[0].n_networks
    every = trained_after_all_go_on(monkeypatch)
    assert [len(of_recipe) for of_recipe in every.values()] == [count] * len(BEST)
    for settings in ({"threads": 1}, {"threads": 3}, {"workers": 2}, {"time_limit": 600.0}):
        model = NetworkRegressor(**OF_BEST, **settings).fit(SMOOTH, SMOOTH.sum(axis=1))
        assert model.stopped_ == "epochs"
        assert len(set(model.recipes_)) <= FEWEST
        for recipe, found in thetas(model).items():
            np.testing.assert_array_equal(found, every[recipe])


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_best_keeps_whole_recipes(kind: Any) -> None:
    """Of the recipes of "best" that go on as many networks are trained, on the same folds, and kept or left out."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(FEWEST_TO_COMPETE, 2))
    y = X.sum(axis=1) + 0.1 * rng.normal(size=len(X))
    model = kind(preset="best", epochs=3, n_networks=2, random_state=0)
    model.fit(X, y > 0 if kind is NetworkClassifier else y)
    counts = [list(model.recipes_).count(recipe) for recipe in dict.fromkeys(model.recipes_)]
    assert len(counts) == FEWEST
    assert set(counts) == {2}
    held_out = [split.held_out.tolist() for split in model._splits.splits()]
    assert held_out == [fold for k in (0, len(counts)) for fold in [held_out[k]] * len(counts)]
    assert held_out[0] != held_out[-1]


def test_few_rows_do_not_choose() -> None:
    """With fewer rows there are four recipes, all of which are kept."""
    X = np.random.default_rng(0).normal(size=(FEWEST_TO_COMPETE - 1, 1))
    model = NetworkRegressor(preset="best", epochs=1, n_networks=2, random_state=0).fit(X, X[:, 0])
    assert len(set(model.recipes_)) == FEWEST
    assert len(model.recipes_) == 2 * FEWEST


def test_incremental_training_has_no_competition() -> None:
    """The networks of partial_fit are of the first four recipes in turn."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = NetworkRegressor(preset="best", n_networks=2, random_state=0).partial_fit(X, X[:, 0])
    assert [len(recipe.hidden) for recipe in model.recipes_] == [3] * 8
    assert model.recipes_[:4] == model.recipes_[4:]
    assert len(set(model.recipes_)) == 4
