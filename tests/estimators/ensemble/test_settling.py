"""Networks that stop when a wave of the learning rate has brought no better epoch, and the folds that they hold out."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.ensemble.settling import has_settled
from chainrule.estimators.network.validation_split import fold_numbers
from chainrule.optimizers.schedules import CosLog4

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
