"""After partial_fit, intervals, temperature and score are those of rows that no network was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import SparseRows, as_sparse_rows
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.incremental.recent_rows import MOST_ROWS, RecentRows, most_rows
from chainrule.estimators.network.incremental.row_keys import row_keys
from chainrule.estimators.network.incremental.splits import incremental_splits
from chainrule.tables.calibration import Calibration, best_temperature
from chainrule.tables.targets.decoders import encoded

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4_000, 3))
y = np.sin(2.0 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * RNG.normal(size=len(X))
OLD, NEW, TEST = slice(0, 300), slice(300, 800), slice(800, None)
WAYS: list[dict[str, Any]] = [{}, {"interval": "scaled"}, {"quantiles": (0.05, 0.5, 0.95)}]
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


def heteroscedastic(t: int, seed: int) -> tuple[Floats, Floats]:
    """Rows (t, 3) and numbers whose spread grows with the second column."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(t, 3))
    return Z, np.sin(2.0 * Z[:, 0]) + Z[:, 2] + (0.1 + 1.0 / (1.0 + np.exp(-3.0 * Z[:, 1]))) * rng.normal(size=t)


def covered(model: Any, Z: Floats, numbers: Floats) -> float:
    """The share of rows in their intervals of 90 %."""
    low, high = model.predict_interval(Z, 0.9).T
    return float(((low <= numbers) & (numbers <= high)).mean())


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("way", WAYS, ids=["constant", "scaled", "quantiles"])
def test_intervals_stay_true_over_several_calls(way: dict[str, Any], k: int) -> None:
    """After six calls of 800 rows, and four more with noise of three times the size, intervals cover 90 % ± 2.2 %.

    In each of four draws the residuals are of some 480 rows at first, and of 320 of the new noise: the coverage has the
    standard error √(0.9 · 0.1/320) = 1.7 %, and its mean 0.85 %, plus 0.2 % for 4 · 4,000 new rows. By residuals of
    single networks, which quantiles with noise have much larger than their average, it would be 95 and 97 % for these.
    """
    shares = []
    for seed in range(4):
        Z, numbers = heteroscedastic(13_000, seed)
        model = NetworkRegressor(**{**QUICK, "n_networks": k, "random_state": seed}, **way)
        model.fit(Z[:1_000], numbers[:1_000])
        for first in range(1_000, 5_800, 800):
            model.partial_fit(Z[first : first + 800], numbers[first : first + 800])
        shares.append([covered(model, Z[9_000:], numbers[9_000:])])
        numbers = numbers + 3.0 * np.random.default_rng(seed).normal(size=len(numbers))
        for first in range(5_800, 9_000, 800):
            model.partial_fit(Z[first : first + 800], numbers[first : first + 800])
        shares[-1].append(covered(model, Z[9_000:], numbers[9_000:]))
    assert np.abs(np.mean(shares, axis=0) - 0.9).max() < 0.022


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


@pytest.mark.parametrize("k", [3, 8])
def test_probabilities_stay_calibrated_over_several_calls(k: int) -> None:
    """After six calls of 800 rows, log T is within 0.06 of the best one, on average over five draws.

    It differs by some 0.06 from draw to draw, that is by 0.03 in the mean. The T of single networks is 1.1 times this.
    """
    differences, scores = [], []
    for seed in range(5):
        Z, numbers = heteroscedastic(9_000, seed)
        classes = np.where(numbers > 0.0, 1, 0)
        model = NetworkClassifier(**{**QUICK, "n_networks": k, "random_state": seed}).fit(Z[:1_000], classes[:1_000])
        for first in range(1_000, 5_800, 800):
            model.partial_fit(Z[first : first + 800], classes[first : first + 800])
        best = best_temperature(model.model_.outputs(Z[5_800:]), classes[5_800:])
        assert isinstance(model.model_.calibration, Calibration)
        differences.append(np.log(model.model_.calibration.temperature / best))
        assert model.validation_score_ is not None
        scores.append(model.validation_score_ - model.score(Z[5_800:], classes[5_800:]))
    assert abs(np.mean(differences)) < 0.06
    assert abs(np.mean(scores)) < 0.02


@pytest.mark.parametrize("is_sparse", [False, True])
def test_a_model_of_a_file_with_its_state_continues_alike(is_sparse: bool, tmp_path: Path) -> None:
    """A file with the state of training has the recent rows, so that residuals after new rows are equal to the bit."""
    sparse = pytest.importorskip("scipy.sparse")
    wide = np.where(RNG.random((1_200, 300)) < 0.05, 1.0, 0.0)
    Z: Any = sparse.csr_array(wide) if is_sparse else wide[:, :20]
    numbers = wide[:, :20].sum(axis=1) + 0.3 * RNG.normal(size=1_200)
    model = NetworkRegressor(**{**QUICK, "epochs": 3}).fit(Z[:900], numbers[:900])
    model.save(tmp_path / "m", training_state=True)
    again = NetworkRegressor.load(tmp_path / "m")
    for each in (model, again):
        each.partial_fit(Z[900:], numbers[900:])
    assert isinstance(model._recent.Z, SparseRows) == is_sparse
    np.testing.assert_array_equal(again.model_.residuals, model.model_.residuals)
    assert again.validation_score_ == model.validation_score_


def test_damaged_recent_rows_are_refused(tmp_path: Path) -> None:
    """Recent rows of a file that do not fit together are named."""
    model = NetworkRegressor(**{**QUICK, "epochs": 3}).fit(X[OLD], y[OLD])
    tensors, t = model._recent.parts(), len(model._recent)
    networks, target = model.networks_, model.target_
    damage: dict[str, Any] = {
        "keys": tensors["held_out_rows.keys"][1:], "Z": tensors["held_out_rows.Z"][:, :2], "by": np.zeros((t, 3)),
        "labels": np.full(t, np.nan), "weights": np.full(t, -1.0), "spreads": np.full((t, 1), -1.0),
    }  # fmt: skip
    for name, tensor in damage.items():
        with pytest.raises(ValueError, match="the recent rows must"):
            RecentRows.from_parts({**tensors, f"held_out_rows.{name}": tensor}, target, networks)


def test_rows_that_were_trained_on_are_forgotten() -> None:
    """Of the rows that `fit` held out, only those stay that hold-out by keys holds out again, a fifth of them."""
    model = NetworkRegressor(**QUICK).fit(X[OLD], y[OLD])
    before = model._recent.keys
    model.partial_fit(X[OLD], y[OLD])
    stays = np.isin(before, model._recent.keys)
    assert (stays == (before % np.uint64(5) == 0)).all()
    assert 0 < stays.sum() < len(before)
    assert model._recent.by.all()


def test_few_rows_after_a_file_change_nothing_yet(tmp_path: Path) -> None:
    """Residuals of a file without the state of training stay until a hundred rows are held out, in several calls."""
    NetworkRegressor(**QUICK).fit(X[OLD], y[OLD]).save(tmp_path / "m")
    model = NetworkRegressor.load(tmp_path / "m")
    sizes = [180]
    for first in range(300, 1_200, 100):
        model.partial_fit(X[first : first + 100], y[first : first + 100])
        assert model.model_.residuals is not None
        sizes.append(len(model.model_.residuals))
    assert sizes[:4] == [180] * 4
    assert 100 <= sizes[-1] < 300


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
    """Rows with these keys, and this number as input and label."""
    t = len(keys)
    of_each = np.ones((t, 2), dtype=bool), np.full(t, value), np.ones(t), np.zeros((t, 1))
    return RecentRows(np.array(keys, dtype=np.uint64), np.full((t, 3), value), *of_each)


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
