"""Intervals of varying width, and several quantiles in one fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from sklearn.base import clone

import chainrule as cr
from chainrule import tables
from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import as_sparse_rows
from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.calibration.spread_learning import FEWEST, FOLDS, LearnedSpread, learned_spread
from chainrule.estimators.network.calibration.spread_rows import SpreadRows
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.inspection.results import results_of
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.intervals.spread import spread_of

RNG = np.random.default_rng(0)
X = RNG.uniform(0.0, 1.0, size=(3_000, 2))
y = X[:, 0] + (0.05 + X[:, 0]) * RNG.normal(size=len(X))  # the spread of y grows with the first column
FIT, NEW, TEST = slice(0, 800), slice(800, 1_200), slice(1_200, None)
LEVELS = (0.1, 0.5, 0.9)
QUICK: dict[str, Any] = {"epochs": 40, "n_networks": 2, "hidden_layer_sizes": (16,), "random_state": 0}


def inside(ends: Any, rows: slice = TEST) -> float:
    """The share of rows in their intervals."""
    low, high = ends.T
    return float(((low <= y[rows]) & (y[rows] <= high)).mean())


@pytest.fixture(scope="module")
def scaled() -> Any:
    """With intervals that follow the spread."""
    return NetworkRegressor(interval="scaled", **QUICK).fit(X[FIT], y[FIT])


@pytest.fixture(scope="module")
def quantiles() -> Any:
    """With three quantiles."""
    return NetworkRegressor(quantiles=LEVELS, **QUICK).fit(X[FIT], y[FIT])


def test_scaled_intervals_follow_the_spread(scaled: Any) -> None:
    """They cover 80 % of 1,800 new rows, ± 5 %, and are narrower on average; predictions stay the same.

    Some 300 residuals give the coverage a standard error of 2.3 %. By the true spread, which grows from 0.05 to 1.05,
    intervals are 14 % narrower than constant ones.
    """
    constant = NetworkRegressor(**QUICK).fit(X[FIT], y[FIT])
    np.testing.assert_array_equal(constant.predict(X[TEST]), scaled.predict(X[TEST]))
    widths = [np.diff(model.predict_interval(X[TEST], 0.8))[:, 0] for model in (constant, scaled)]
    assert abs(inside(scaled.predict_interval(X[TEST], 0.8)) - 0.8) < 0.05
    assert widths[1].mean() < 0.95 * widths[0].mean()
    assert widths[1][X[TEST, 0] > 0.9].mean() > 2.0 * widths[1][X[TEST, 0] < 0.1].mean()


def test_scaled_intervals_stay_true_after_partial_fit(scaled: Any, tmp_path: Path) -> None:
    """New rows change the residuals, not the network for the spread; what a file gives back continues likewise."""
    scaled.save(tmp_path / "model.safetensors")
    models = (
        NetworkRegressor.load(tmp_path / "model.safetensors"),
        NetworkRegressor.load(tmp_path / "model.safetensors"),
    )
    before: Any = models[0].model_.residuals
    for model in models:
        for _ in range(3):
            model.partial_fit(X[NEW], y[NEW])
    ends = [model.predict_interval(X[TEST], 0.8) for model in models]
    np.testing.assert_array_equal(ends[0], ends[1])
    after: Any = models[0].model_.residuals
    assert after.shape != before.shape
    spread: Any = models[0].model_.spread
    np.testing.assert_array_equal(spread.theta, scaled.model_.spread.theta)
    assert abs(inside(ends[0]) - 0.8) < 0.05


def test_a_file_has_the_scaled_intervals(scaled: Any, tmp_path: Path) -> None:
    """`chainrule.tables.load` predicts the intervals of the estimator bit for bit."""
    scaled.save(tmp_path / "model.safetensors")
    model = tables.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(model.predict_interval(X[TEST]), scaled.predict_interval(X[TEST]))


def test_a_first_call_of_partial_fit_learns_the_spread() -> None:
    """An estimator that was never fitted has intervals of varying width after one call, from its held-out rows."""
    model = NetworkRegressor(interval="scaled", validation_fraction=0.5, **QUICK).partial_fit(X[FIT], y[FIT])
    assert model.model_.spread is not None
    assert np.ptp(np.diff(model.predict_interval(X[TEST], 0.8))) > 0.0


def test_the_spread_of_each_target() -> None:
    """The first target has a spread that depends on x, the second has not: its width hardly varies."""
    Y = np.column_stack([y, X[:, 1] + 0.3 * RNG.normal(size=len(X))])
    model = NetworkRegressor(interval="scaled", **QUICK).fit(X[FIT], Y[FIT])
    widths = np.diff(model.predict_interval(X[TEST], 0.8))[..., 0]
    ratios = np.quantile(widths, 0.95, axis=0) / np.quantile(widths, 0.05, axis=0)
    assert ratios[0] > 2.0
    assert ratios[1] < 1.3


def spread(
    Z: Any, A: Floats, R: Floats, weights: Floats | None = None, trained: SpreadRows | None = None
) -> LearnedSpread | None:
    """The spread learned from held-out rows, which are numbered from 0, and from rows of training."""
    return learned_spread(SpreadRows(Z, A, R, weights, np.arange(len(R))), trained, "auto")


def test_a_known_spread_is_learned() -> None:
    """Of residuals with the spread e²ˣ, log S has a slope of 1 to 2; each row has the spread of a network of others."""
    t = 2_000
    x = RNG.uniform(-1.0, 1.0, size=(t, 1))
    learned = spread(x, np.zeros((t, 1)), np.exp(2.0 * x) * RNG.normal(size=(t, 1)))
    assert learned is not None
    assert 1.0 < learned.net.W[1][0, 0] < 2.2
    residue = np.log(learned.of_rows / spread_of(learned.net, x, np.zeros((t, 1))))
    assert 0.0 < np.abs(residue).max() < 0.1


def test_weights_count_rows_of_the_spread() -> None:
    """Rows of weight 0, in which the spread falls with x, do not matter."""
    t = 2_000
    x, w = RNG.uniform(-1.0, 1.0, size=(t, 1)), (np.arange(t) % 2).astype(np.float64)
    R = np.exp(np.where(w[:, None] > 0.0, 2.0, -2.0) * x) * RNG.normal(size=(t, 1))
    learned = spread(x, np.zeros((t, 1)), R, w)
    assert learned is not None
    assert learned.net.W[1][0, 0] > 1.0


def test_rows_of_training_sharpen_the_spread() -> None:
    """Of 60 held-out rows log S is far from 2 x; with 5,000 of training, whose residuals are smaller, it is nearer.

    Those rows do not choose the power: if held-out residuals are of one size, intervals stay constant.
    """
    x, more = (RNG.uniform(-1.0, 1.0, size=(t, 1)) for t in (60, 5_000))
    R, of_more = (np.exp(2.0 * z) * RNG.normal(size=z.shape) for z in (x, more))
    trained = SpreadRows(more, np.zeros_like(more), 0.1 * of_more, None, 60 + np.arange(5_000))
    alone, both = spread(x, np.zeros_like(x), R), spread(x, np.zeros_like(x), R, trained=trained)
    assert alone is not None
    assert both is not None
    assert 1.1 * alone.net.W[1][0, 0] < both.net.W[1][0, 0] < 2.0
    assert spread(x, np.zeros_like(x), np.ones_like(x), trained=trained) is None


def test_the_spread_of_a_row_does_not_know_its_residual() -> None:
    """If two rows of one fifth exchange their residuals, held out and in training, S of this fifth is bitwise equal."""
    x = RNG.uniform(-1.0, 1.0, size=(300, 1))
    R, A, numbers = np.exp(2.0 * x) * RNG.normal(size=x.shape), np.zeros_like(x), np.arange(300)
    fold = np.random.default_rng(0).permutation(300) % FOLDS
    own = np.flatnonzero(fold == fold[np.abs(R).argmax()])
    ends = own[np.abs(R[own, 0]).argsort()[[0, -1]]]
    exchanged = R.copy()
    exchanged[ends] = R[ends[::-1]]
    found = []
    for residuals in (R, exchanged):
        rows = SpreadRows(x, A, residuals, None, numbers)
        learned = learned_spread(rows, rows._replace(residuals=0.5 * residuals), "auto")
        assert learned is not None
        found.append(learned.of_rows[:, 0])
    is_equal = found[0] == found[1]
    np.testing.assert_array_equal(is_equal, np.isin(numbers, own))


def test_no_spread_is_learned_from_few_rows_or_none() -> None:
    """Few rows, and residuals of one size, leave intervals constant; a sparse x is replaced by the prediction."""
    x = np.zeros((FEWEST - 1, 1))
    assert spread(x, x, np.ones_like(x)) is None
    x = RNG.normal(size=(200, 1))
    assert spread(x, np.zeros_like(x), np.ones_like(x)) is None
    sparse = pytest.importorskip("scipy.sparse")
    rows = as_sparse_rows(sparse.csr_array(np.ones((400, 9))), "X", np.float64)
    A = RNG.normal(size=(400, 1))
    learned = spread(rows, A, np.exp(2.0 * np.arcsinh(A)) * RNG.normal(size=A.shape))
    assert learned is not None
    assert learned.net.m[0] == 2


def test_quantiles_are_predicted_in_order(quantiles: Any) -> None:
    """(t, 3) increasing numbers, of which 10, 50 and 90 %, ± 5 %, of 1,800 new rows are at or above y."""
    Q = quantiles.predict(X[TEST])
    assert Q.shape == (1_800, 3)
    assert (np.diff(Q, axis=1) >= 0.0).all()
    np.testing.assert_allclose((y[TEST, None] <= Q).mean(axis=0), LEVELS, atol=0.05)
    spread = Q[:, 2] - Q[:, 0]
    assert spread[X[TEST, 0] > 0.9].mean() > 2.0 * spread[X[TEST, 0] < 0.1].mean()
    np.testing.assert_array_equal(quantiles.predict_interval(X[TEST], 0.8), Q[:, [0, 2]])


def test_one_network_has_an_output_for_each_quantile(quantiles: Any) -> None:
    """The cost is that of all quantiles; the score is D², which the held-out rows have too, ± 0.1."""
    assert quantiles.recipe_.cost == cr.Quantile(q=LEVELS, mean=True)
    assert [net.m[-1] for net in quantiles.networks_] == [3, 3]
    score = quantiles.score(X[TEST], y[TEST])
    assert score == quantiles.model_.score(X[TEST], y[TEST])
    assert 0.1 < score < 1.0
    assert abs(quantiles.validation_score_ - score) < 0.1
    assert quantiles.score(X[TEST], y[TEST], np.ones(1_800)) == pytest.approx(score)


def test_quantiles_come_back_and_continue(quantiles: Any, tmp_path: Path) -> None:
    """A file gives quantiles and estimator back; after partial_fit the quantiles are corrected by new rows."""
    quantiles.save(tmp_path / "model.safetensors", training_state=True)
    model, again = tables.load(tmp_path / "model.safetensors"), NetworkRegressor.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(model.predict(X[TEST]), quantiles.predict(X[TEST]))
    assert again.get_params() == quantiles.get_params()
    for _ in range(3):
        again.partial_fit(X[NEW], y[NEW])
    assert isinstance(again.target_, QuantileLabels)
    assert (again.target_.shifts != quantiles.target_.shifts).any()
    np.testing.assert_allclose((y[TEST, None] <= again.predict(X[TEST])).mean(axis=0), LEVELS, atol=0.06)


def test_a_column_of_labels_is_one_target(quantiles: Any) -> None:
    """y of shape (t, 1) is the same as (t,), in every call."""
    model = NetworkRegressor(quantiles=LEVELS, **QUICK).fit(X[FIT], y[FIT, None])
    np.testing.assert_array_equal(model.predict(X[TEST]), quantiles.predict(X[TEST]))
    model.partial_fit(X[NEW], y[NEW])
    assert model.score(X[TEST], y[TEST, None]) == model.score(X[TEST], y[TEST])


def test_results_of_quantiles(quantiles: Any) -> None:
    """Pinball loss, D² and shares beside the quantiles of the training rows, and the coverage between two of them."""
    found = results_of(labelled(quantiles.model_, X[TEST], y[TEST], "y")[0])
    measures = {measure.name: measure for measure in found.measures}
    assert measures["D²"].network == pytest.approx(quantiles.score(X[TEST], y[TEST]))
    assert measures["in 80 % interval"].network == inside(quantiles.predict_interval(X[TEST], 0.8))
    assert measures["mean pinball loss"].network < measures["mean pinball loss"].baseline
    assert measures["share ≤ quantile 0.1"].network == pytest.approx(
        (y[TEST] <= quantiles.predict(X[TEST])[:, 0]).mean()
    )


def test_quantiles_are_looked_at(quantiles: Any, tmp_path: Path) -> None:
    """Summary, importances, doctor, charts and report speak of quantiles and D²."""
    assert "Target: quantile 0.1, quantile 0.5, quantile 0.9; in the training rows" in quantiles.summary()
    assert "Held-out rows: D² " in quantiles.summary()
    found = quantiles.importances(X[TEST], y[TEST])
    assert found.unit == "decrease of D²"
    assert found.values[0] > 2.0 * abs(found.values[1])
    quantiles.diagnose(X[TEST], y[TEST])
    figure = cr.plot.partial_dependence(quantiles, X[TEST])
    assert "quantile 0.5" in [text.get_text() for text in figure.legends[0].get_texts()]
    quantiles.report(tmp_path / "report.html", X[TEST], y[TEST])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "share ≤ quantile 0.9" in page
    assert "The baseline predicts the quantiles of the training rows." in page


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"quantiles": LEVELS, "cost": "huber"}, "quantiles are trained by their own cost; leave out cost = 'huber'"),
    ({"quantiles": LEVELS, "interval": "scaled"}, "quantiles have intervals of their own; leave out interval='scaled'"),
    ({"quantiles": (0.9, 0.1)}, "quantiles must lie strictly between 0 and 1, in increasing order"),
    ({"quantiles": LEVELS, "optimizer": "lm"}, "needs a sum of squares"),
    ({"interval": "wide"}, "unknown interval 'wide'. Known: constant, scaled"),
]


@pytest.mark.parametrize(("parameters", "message"), WRONG, ids=lambda value: str(value)[:30])
def test_contradictions_are_refused(parameters: dict[str, Any], message: str) -> None:
    """Parameters that contradict each other are refused before training."""
    with pytest.raises(cr.InputError, match=message.replace("(", r"\(").replace(".", r"\.")):
        NetworkRegressor(**{**QUICK, **parameters}).fit(X[FIT], y[FIT])


def test_quantiles_need_one_target(quantiles: Any) -> None:
    """Two targets are refused; a clone has the parameters."""
    with pytest.raises(cr.InputError, match="quantiles are those of one target; y has 2 columns"):
        NetworkRegressor(quantiles=LEVELS, **QUICK).fit(X[FIT], X[FIT])
    assert clone(quantiles).quantiles == LEVELS
