"""After partial_fit, intervals, temperature and score are those of rows that no network was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule._internal.sparse_rows import as_sparse_rows
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.incremental.recent_rows import MOST_ROWS, RecentRows, most_rows
from chainrule.estimators.network.incremental.row_keys import row_keys
from chainrule.estimators.network.incremental.splits import incremental_splits
from chainrule.tables.calibration import Calibration, best_temperature
from chainrule.tables.targets.decoders import encoded

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4_000, 3))
y = np.sin(2.0 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * RNG.normal(size=len(X))
OLD, NEW, TEST = slice(0, 300), slice(300, 800), slice(800, None)
QUICK: dict[str, Any] = {"epochs": 40, "n_networks": 3, "hidden_layer_sizes": (32,), "random_state": 0}


@pytest.fixture(scope="module")
def regressor() -> Any:
    """Fitted to 300 rows, then trained on 500 others in six passes."""
    model = NetworkRegressor(**QUICK).fit(X[OLD], y[OLD])
    for _ in range(6):
        model.partial_fit(X[NEW], y[NEW])
    return model


def test_intervals_cover_new_rows_after_several_passes(regressor: Any) -> None:
    """Intervals of 90 % cover 90 % of 3,200 new rows, to within 4 %; R² on held-out rows is that on new rows, ± 0.06.

    The residuals are of some 300 rows, whose 90 % quantile alone has a standard error of 1.7 % of coverage.
    """
    low, high = regressor.predict_interval(X[TEST], 0.9).T
    assert abs(((low <= y[TEST]) & (y[TEST] <= high)).mean() - 0.9) < 0.04
    assert abs(regressor.validation_score_ - regressor.score(X[TEST], y[TEST])) < 0.06


@pytest.mark.parametrize("seed", [0, 1])
def test_a_model_of_a_file_is_not_shaken_by_new_rows(seed: int, tmp_path: Path) -> None:
    """A loaded model, whose optimizer begins anew, learns from new rows without its R² falling by more than 0.02.

    At the full learning rate Adam's first steps would lose 0.024 and more.
    """
    target = np.sin(2.0 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.2 * np.random.default_rng(1).normal(size=len(X))
    NetworkRegressor(n_networks=3, epochs=32, random_state=seed).fit(X[:600], target[:600]).save(tmp_path / "m")
    model = NetworkRegressor.load(tmp_path / "m")
    before = model.score(X[1200:], target[1200:])
    assert model.partial_fit(X[600:1200], target[600:1200]).score(X[1200:], target[1200:]) > before - 0.02


def test_one_step_of_a_loaded_model_moves_it(tmp_path: Path) -> None:
    """New rows that make a single minibatch change the networks of a file, too."""
    NetworkRegressor(**QUICK).fit(X[OLD], y[OLD]).save(tmp_path / "m")
    model = NetworkRegressor.load(tmp_path / "m")
    theta = model.networks_[0].theta.copy()
    model.partial_fit(X[300:305], y[300:305])
    assert (model.networks_[0].theta != theta).any()


def test_probabilities_stay_calibrated() -> None:
    """T lies within a half of the T that is best on 3,200 new rows, and the score within 5 % of theirs.

    Three networks hold out no row together, so that T is that of one network, which is larger than that of the average:
    the more so, the more they differ. These are alike.
    """
    classes = np.where(y > 0.0, "up", "down")
    model = NetworkClassifier(**QUICK, embedding="none").fit(X[OLD], classes[OLD])
    for _ in range(6):
        model.partial_fit(X[NEW], classes[NEW])
    P = model.model_.outputs(X[TEST])
    best = best_temperature(P, encoded(model.target_, classes[TEST]))
    assert isinstance(model.model_.calibration, Calibration)
    assert abs(np.log(model.model_.calibration.temperature / best)) < np.log(3 / 2)
    assert model.validation_score_ == pytest.approx(model.score(X[TEST], classes[TEST]), abs=0.05)


def test_no_network_is_trained_on_the_rows_it_holds_out() -> None:
    """In calls with the same rows in another order, or among others, each row is held out by the same network."""
    Y = np.zeros((60, 1))
    some = RNG.permutation(800)[:60]
    whole = incremental_splits(row_keys(X[:800], np.zeros((800, 1))), 3, 0.2, "random")
    part = incremental_splits(row_keys(X[some], Y), 3, 0.2, "random")
    for one, other in zip(whole, part, strict=True):
        assert set(some[other.held_out].tolist()) == set(one.held_out.tolist()) & set(some.tolist())
        assert set(one.training.tolist()).isdisjoint(one.held_out.tolist())
        assert 0.1 < len(one.held_out) / 800 < 0.3


def test_keys_tell_rows_apart() -> None:
    """Equal rows have keys by their number, the label belongs to the row, and sparse rows have keys of their own."""
    twice = row_keys(np.ones((4, 2)), np.zeros((4, 1)))
    assert len(set(twice.tolist())) == 4
    assert (row_keys(np.ones((2, 2)), np.zeros((2, 1))) == twice[:2]).all()
    assert not np.isin(row_keys(np.ones((4, 2)), np.ones((4, 1))), twice).any()
    sparse = pytest.importorskip("scipy.sparse")
    rows = as_sparse_rows(sparse.csr_array(np.eye(5)), "X", np.float64)
    assert len(set(row_keys(rows, np.zeros((5, 1))).tolist())) == 5


@pytest.mark.parametrize(("t", "fraction", "order", "held_out"), [
    (9, 0.2, "random", 0), (100, 0.0, "random", 0), (100, 0.2, "last", 20),
])  # fmt: skip
def test_few_rows_no_fraction_and_order_are_those_of_fit(t: int, fraction: float, order: str, held_out: int) -> None:
    """Fewer than ten rows, or a fraction of 0, hold none out; in order of time all networks hold out the last rows."""
    splits = incremental_splits(row_keys(X[:t], np.zeros((t, 1))), 2, fraction, order)
    assert [split.held_out.tolist() for split in splits] == [list(range(t - held_out, t))] * 2


def recent(keys: list[int], value: float) -> RecentRows:
    """Rows with these keys, and this number as prediction and label."""
    t = len(keys)
    P = HeldOutPredictions(np.full((t, 1), value), np.arange(t), None)
    return RecentRows.of(P, np.full(t, value), np.array(keys, dtype=np.uint64), "float32")


def test_newer_rows_replace_older_ones() -> None:
    """A row that comes again counts once, as it is now; the newest rows stay, and no more than a thousand."""
    both = recent([1, 2, 3], 0.5).followed_by(recent([2, 4], 1.5))
    assert both.keys.tolist() == [1, 3, 2, 4]
    assert both.labels.tolist() == [0.5, 0.5, 1.5, 1.5]
    many = recent(list(range(900)), 0.5).followed_by(recent(list(range(900, 1_100)), 1.5))
    assert (len(many), many.keys[0]) == (MOST_ROWS, 100)
    assert [most_rows(m) for m in (1, 100, 250, 1_000)] == [1_000, 1_000, 400, 200]


def test_without_held_out_rows_nothing_is_forgotten() -> None:
    """A call that holds no row out keeps intervals and score: those of the rows that fit held out."""
    model = NetworkRegressor(**QUICK).fit(X[OLD], y[OLD])
    residuals, score = model.model_.residuals, model.validation_score_
    assert residuals is not None
    model.partial_fit(X[:5], y[:5])
    assert model.model_.residuals == pytest.approx(residuals, rel=1e-5, abs=1e-6)
    assert model.validation_score_ == pytest.approx(score)
