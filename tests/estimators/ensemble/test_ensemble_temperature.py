"""The temperature of an average of networks, from rows that two of them held out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.estimators.network.calibration.ensemble_temperature import ensemble_temperature
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions, Single
from chainrule.tables.calibration import best_temperature

K = 8


def probabilities(log_odds: Floats) -> Floats:
    """Probabilities (…, 2) of two classes."""
    p = 1.0 / (1.0 + np.exp(-log_odds))
    return np.stack([1.0 - p, p], axis=-1)


def networks(t: int, noise: float, seed: int) -> tuple[Floats, NDArray[np.intp]]:
    """Probabilities (K, t, 2) of networks whose log odds are twice the true ones, plus noise; and the classes (t,)."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0.0, 1.5, t)
    classes = (rng.random(t) < 1.0 / (1.0 + np.exp(-true))).astype(np.intp)
    return probabilities(2.0 * true + rng.normal(0.0, noise, (K, t))), classes


def held_out(P: Floats, of: NDArray[np.intp], weights: Floats | None = None) -> HeldOutPredictions:
    """Predictions of rows (t,), each held out by the networks ``of`` (t, c)."""
    t, c = of.shape
    single = P[of, np.arange(t)[:, None]]  # (t, c, 2)
    alone = Single(single.reshape(-1, 2), np.repeat(np.arange(t), c))
    return HeldOutPredictions(single.mean(axis=1), np.arange(t), weights, alone)


@pytest.mark.parametrize("noise", [0.0, 1.0, 2.0])
def test_pairs_of_networks_give_the_temperature_of_all(noise: float) -> None:
    """From rows that two of eight networks held out follows the T that is best for the average of all eight."""
    P, classes = networks(40_000, noise, seed=0)
    of = np.stack([np.arange(40_000) % 4 * 2, np.arange(40_000) % 4 * 2 + 1], axis=1)
    found = ensemble_temperature(held_out(P, of), classes, K)
    Q, new = networks(40_000, noise, seed=1)
    best, single = best_temperature(Q.mean(axis=0), new), best_temperature(Q[0], new)
    assert found == pytest.approx(best, rel=0.05)
    assert noise == 0.0 or single > 1.1 * best


def test_rows_that_all_networks_held_out_give_it_directly() -> None:
    """For rows that all networks held out, T is that of their average."""
    P, classes = networks(500, 1.0, seed=2)
    everywhere = np.tile(np.arange(K), (500, 1))
    assert ensemble_temperature(held_out(P, everywhere), classes, K) == best_temperature(P.mean(axis=0), classes)


def test_rows_that_one_network_held_out_say_nothing_about_the_average() -> None:
    """Without rows that several networks held out, T is that of single networks."""
    P, classes = networks(500, 1.0, seed=3)
    of = np.arange(500)[:, None] % K
    alone = held_out(P, of)
    assert ensemble_temperature(alone, classes, K) == best_temperature(alone.P, classes)


def test_equal_networks_need_no_correction() -> None:
    """Networks without noise have the correlation 1, whatever their number: T is that of one, but for its smoothing."""
    P, classes = networks(500, 0.0, seed=4)
    pairs = held_out(P, np.tile([0, 1], (500, 1)))
    assert ensemble_temperature(pairs, classes, K) == pytest.approx(best_temperature(P[0], classes), rel=5e-3)


def test_rows_count_by_their_weights() -> None:
    """A row of weight 2 counts as two rows of weight 1, to the smoothing of the labels."""
    P, classes = networks(3_000, 1.0, seed=5)
    of = np.tile([0, 1], (3_000, 1))
    w: Floats = np.where(np.arange(3_000) < 1_500, 2.0, 1.0)
    twice = np.concatenate([np.arange(3_000), np.arange(1_500)])
    weighted = ensemble_temperature(held_out(P, of, w), classes, K)
    repeated = ensemble_temperature(held_out(P[:, twice], of[twice]), classes[twice], K)
    assert weighted == pytest.approx(repeated, rel=1e-3)
