"""Networks that stop when a wave of the learning rate has brought no better epoch, and the folds that they hold out."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule.engines.state import RECORDS
from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.ensemble.settling import Settling, has_settled, needs_three_waves
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.validation_split import fold_numbers
from chainrule.optimizers.schedules import CosLog4
from chainrule.training import History

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
NOISE = RNG.normal(size=60)
FAST: dict[str, Any] = {"n_networks": 2, "hidden_layer_sizes": 8, "epochs": 80, "random_state": 0}


@pytest.mark.parametrize("epochs", [15, 60, 150])
def test_a_wave_ends_at_twice_the_epoch_of_its_beginning(epochs: int) -> None:
    """The learning rate is 0 at both ends of each wave; a network whose best epoch is one has settled at the other."""
    ends = [epochs // 15 * part for part in (1, 3, 7, 15)]
    rates = [CosLog4(1.0).at(end, epochs) for end in ends]
    assert rates == pytest.approx([0.0] * 4, abs=1e-12)
    for begin, end in pairwise(ends):
        assert has_settled(end, begin, epochs)
        assert not has_settled(end - 1, begin, epochs)
        assert not has_settled(end, begin + 1, epochs)


def test_noise_is_settled_early() -> None:
    """Of targets that are noise nothing is learned for long: networks stop with the reason "patience"."""
    model = NetworkRegressor(**FAST).fit(X, NOISE)
    assert model.stopped_ == "patience"
    for history in model.histories_:
        best = 1 + int(history.validation_J.argmin())
        assert has_settled(history.epochs, best, 80)
        assert history.epochs <= 2 * best + math.ceil(80 / 15) + 5  # looked at each sixth epoch
    assert np.isfinite(model.predict(X)).all()


def test_the_last_epoch_is_no_early_stop() -> None:
    """A network that would settle at its last epoch has trained all epochs, and ``stopped`` says so."""
    model = NetworkRegressor(**{**FAST, "n_networks": 8, "epochs": 3}).fit(X, NOISE)
    best = [1 + int(history.validation_J.argmin()) for history in model.histories_]
    assert any(has_settled(3, epoch, 3) for epoch in best)
    assert model.stopped_ == "epochs"
    assert {history.stopped for history in model.histories_} == {"epochs"}


@pytest.mark.parametrize(("best", "expected"), [(1, True), (14, True), (16, True), (17, False), (30, False)])
def test_three_waves_were_enough(best: int, expected: bool) -> None:
    """Of 30 epochs the fourth wave takes 15 to 30, and its rate is low until the 16th; a best epoch later needs it."""
    records = {name: np.abs(np.arange(1.0, 31.0) - best) for name in RECORDS}
    history = History.of_records(records, planned_epochs=30, stopped=None, engine="", engine_reason="")
    assert history.best_epoch == best
    assert needs_three_waves(history) is expected


def test_a_network_may_end_after_three_waves() -> None:
    """One that ends early is stopped at the first look at or after the end of the third wave, unless it has settled."""
    falling = np.arange(60.0, 0.0, -1.0)
    for ends_early, expected in ((True, [28]), (False, [])):
        settling = Settling(60, ends_early)
        assert [done for done in range(4, 61, 4) if settling._look(falling[:done])][:1] == expected
    assert next(done for done in range(4, 61, 4) if Settling(60, True)._look(falling[::-1][:done])) == 8


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_networks_learn_from_the_first_of_their_recipe(noise: float) -> None:
    """Of recipes that compete, further networks end after three waves if the first has its best epoch by then."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 2))
    model = NetworkRegressor(preset="best", hidden_layer_sizes=8, epochs=30, batch_size=64, random_state=0)
    model.fit(rows, rows[:, 0] * rows[:, 1] + noise * rng.normal(size=300))
    of: dict[Recipe, list[History]] = {}
    for recipe, history in zip(model.recipes_, model.histories_, strict=True):
        of.setdefault(recipe, []).append(history)
    others = {needs_three_waves(first): each for first, *each in of.values()}
    assert set(others) == {noise > 0.0}
    for each in others[noise > 0.0]:
        assert each.epochs <= 14 if noise else each.stopped == "epochs"


def test_given_patience_has_the_last_word() -> None:
    """With a patience of all epochs every epoch is trained, and a smaller one counts epochs."""
    model = NetworkRegressor(**FAST, patience=80).fit(X, NOISE)
    assert [history.epochs for history in model.histories_] == [80, 80]
    model = NetworkRegressor(**FAST, patience=3).fit(X, NOISE)
    assert [history.epochs - 1 - int(history.validation_J.argmin()) for history in model.histories_] == [3, 3]


def test_without_waves_or_held_out_rows_all_epochs_are_trained() -> None:
    """A constant learning rate has no waves, and without held-out rows there is no best epoch."""
    for changes in ({"optimizer": "adam"}, {"validation_fraction": 0.0}):
        model = NetworkRegressor(**{**FAST, **changes, "epochs": 20}).fit(X, NOISE)
        assert [history.epochs for history in model.histories_] == [20, 20]
        assert model.stopped_ == "epochs"


@pytest.mark.parametrize("n_networks", range(1, 20))
def test_most_networks_have_a_fold_of_their_own(n_networks: int) -> None:
    """No fold is held out by more than two networks; a quarter of the networks repeat one, from four on."""
    folds = fold_numbers(n_networks)
    assert sorted(set(folds)) == list(range(max(folds) + 1))
    counts = np.bincount(folds)
    assert counts.max() <= 2
    assert (counts == 2).sum() == n_networks // 4
    for fold in np.flatnonzero(counts == 2):
        first, second = (j for j in range(n_networks) if folds[j] == fold)
        assert (second - first) % 2  # so that two recipes, in turn, have one of them each
