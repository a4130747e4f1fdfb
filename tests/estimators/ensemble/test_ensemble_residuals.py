"""The residuals of an average of networks, from rows that two of them held out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.estimators.network.calibration.ensemble_residuals import FEWEST, ensemble_residuals
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions, Single
from chainrule.tables.intervals.conformal import bounds

K = 4
PAIRS = np.array([[0, 0], [1, 1], [2, 3]])  # networks that hold out a third of the rows each


def identity(P: Floats) -> Floats:
    """Predictions in the unit of the outputs."""
    return P


def errors(t: int, rho: float, seed: int) -> Floats:
    """Normal residuals (t, K) with mean 3 and variance 4, of networks of the correlation ρ."""
    rng = np.random.default_rng(seed)
    shared, own = rng.normal(size=(t, 1)), rng.normal(size=(t, K))
    return 3.0 + 2.0 * (math.sqrt(rho) * shared + math.sqrt(1.0 - rho) * own)


def held_out(E: Floats, of: NDArray[np.intp], spreads: Floats | None = None) -> HeldOutPredictions:
    """Predictions −e of numbers that are 0, of rows (t,) held out by the networks ``of`` (t, c), or by one twice."""
    single = -np.take_along_axis(E, of, axis=1)
    both = of[:, 0] != of[:, -1]
    rows = np.concatenate([np.arange(len(E)), np.flatnonzero(both)])
    P = np.concatenate([single[:, 0], single[both, -1]])[:, None]
    return HeldOutPredictions(single.mean(axis=1, keepdims=True), np.arange(len(E)), None, Single(P, rows), spreads)


def of_average(held: HeldOutPredictions) -> Floats:
    """The residuals (t,) of the average of all networks."""
    return ensemble_residuals(held, np.zeros((len(held.P), 1)), identity, K)[:, 0]


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("t", [600, 30_000])
def test_pairs_give_the_residuals_of_the_average(rho: float, t: int) -> None:
    """Their variance is that of the average of four, 4 (ρ + (1 − ρ)/4), plus what the margin on ρ adds.

    ρ from t/3 normal pairs has the standard error (1 − ρ²)/√(t/3), which is added twice; the variance is 4/4 + 3 ρ.
    """
    found = of_average(held_out(errors(t, rho, 0), PAIRS[np.arange(t) % 3]))
    error = (1.0 - rho**2) / math.sqrt(t / 3)
    expected = 4.0 * (rho + 0.25 * (1.0 - rho))
    slack = 3.0 * expected * math.sqrt(2.0 / t)
    assert expected - 3.0 * error - slack < found.var() < expected + 15.0 * error + slack
    assert found.mean() == pytest.approx(3.0, abs=3.0 * 2.0 / math.sqrt(t))


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.9])
def test_intervals_of_their_residuals_cover_the_average(rho: float) -> None:
    """In 100 draws of 900 rows, intervals of 90 % cover 90 to 93 % of residuals of averages; before, 94 % and more.

    The coverage by 900 residuals has a standard error of 1 %, and the mean of 100 draws one of 0.1 %.
    """
    new = errors(50_000, rho, 1).mean(axis=1)
    before: list[float] = []
    after: list[float] = []
    for seed in range(100):
        held = held_out(errors(900, rho, seed + 2), PAIRS[np.arange(900) % 3])
        for shares, residuals in ((before, -held.P[:, 0]), (after, of_average(held))):
            low, high = bounds(np.sort(residuals)[:, None], 0.9)
            shares.append(float(((low <= new) & (new <= high)).mean()))
    assert 0.897 < np.mean(after) < 0.93
    assert np.mean(after) < np.mean(before)
    assert rho == 0.9 or np.mean(before) > 0.94


def test_spreads_divide_them() -> None:
    """Residuals are divided by the spreads of their rows before they are compared."""
    E, S = errors(900, 0.5, 0) - 3.0, np.where(np.arange(900) % 2 == 0, 1.0, 10.0)[:, None]
    of = PAIRS[np.arange(900) % 3]
    np.testing.assert_allclose(of_average(held_out(E * S, of, S)), of_average(held_out(E, of)), rtol=1e-9)


def test_rows_of_all_networks_and_few_common_rows_change_nothing() -> None:
    """Rows that all networks held out already have the residuals of the average; with too few pairs nothing changes."""
    E = errors(300, 0.5, 0)
    P = -E.mean(axis=1, keepdims=True)
    everywhere = Single(-E.T.reshape(-1, 1), np.tile(np.arange(300), K))
    assert (of_average(HeldOutPredictions(P, np.arange(300), None, everywhere)) == -P[:, 0]).all()
    assert (of_average(HeldOutPredictions(P, np.arange(300), None)) == -P[:, 0]).all()
    few = held_out(E, PAIRS[np.where(np.arange(300) < FEWEST - 1, 2, 0)])
    assert (of_average(few) == -few.P[:, 0]).all()
    exact = held_out(np.zeros((600, K)), PAIRS[np.arange(600) % 3])
    assert (of_average(exact) == 0.0).all()
