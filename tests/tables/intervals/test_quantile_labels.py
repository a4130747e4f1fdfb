"""Several quantiles of a number: their order, their correction on held-out rows, intervals between two of them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.tables import TableEncoder, TableModel, load
from chainrule.tables.intervals.quantile_labels import QuantileLabels, as_levels, d2_pinball, quantiles_of

LEVELS = (0.1, 0.5, 0.9)
NUMBERS = st.integers(-8, 8).map(lambda k: k / 4)


@given(y=NUMBERS, a=st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_no_order_of_the_outputs_costs_less_than_the_sorted_one(y: float, a: tuple[float, ...]) -> None:
    """The pinball losses of one y add up to least if the outputs are in the order of their quantiles."""
    J, Y = cr.Quantile(q=(0.125, 0.5, 0.75)), np.full((1, 3), y)
    losses = [float(J.losses(np.array([order]), Y)[0]) for order in permutations(sorted(a))]
    assert losses[0] == min(losses)


def test_quantiles_of_the_training_rows_are_the_start() -> None:
    """Outputs of 0 are the quantiles of y, each row counted by its weight; the unit is the deviation of y."""
    y = np.array([5.0, 1.0, 3.0, 2.0, 4.0])
    labels = QuantileLabels.of(y, (0.2, 0.5, 0.9))
    assert labels.restored(np.zeros((1, 3))).tolist() == [[1.0, 3.0, 5.0]]
    np.testing.assert_allclose(labels.deviation, y.std())
    weighted = QuantileLabels.of(y, (0.5,), np.array([0.0, 5.0, 1.0, 1.0, 1.0]))
    assert weighted.mean.tolist() == [1.0]
    np.testing.assert_allclose(labels.mean + labels.deviation * labels.standardised(y), np.repeat(y[:, None], 3, 1))


@given(t=st.integers(1, 60), percent=st.integers(1, 99))
def test_quantiles_of_numbers(t: int, percent: int) -> None:
    """The q-quantile of 1 … t is ⌈q t⌉, without rounding errors."""
    y = np.random.default_rng(t).permutation(np.arange(1.0, t + 1))
    assert quantiles_of(y, (percent / 100,)).tolist() == [math.ceil(Fraction(percent, 100) * t)]


@pytest.mark.parametrize("t", [8, 9, 19, 99])
def test_shifts_are_residuals_of_the_right_rank(t: int) -> None:
    """The shift has the rank ⌊(t + 1) q⌋ below the median, else ⌈(t + 1) q⌉; without such a row it is 0."""
    labels = QuantileLabels.of(np.zeros(3), LEVELS)
    y = np.random.default_rng(0).permutation(np.arange(1.0, t + 1))  # of outputs 0, so that they are the residuals
    ranks = [math.floor((t + 1) * Fraction(1, 10)), math.ceil(Fraction(t + 1, 2)), math.ceil((t + 1) * Fraction(9, 10))]
    expected = [float(rank) if 1 <= rank <= t else 0.0 for rank in ranks]
    assert labels.corrected(np.repeat(y[:, None], 3, axis=1)).shifts.tolist() == expected


def test_corrected_quantiles_cover_new_rows() -> None:
    """Over 400 draws of 49 rows and a new one, the share of y at or below a corrected quantile is q, ± 5 %.

    The outputs are wrong by a shift and a factor; a share of 400 draws has a standard error of at most 2.5 %.
    """
    rng = np.random.default_rng(0)
    labels, below = QuantileLabels.of(rng.normal(size=999), LEVELS), np.zeros(3)
    for _ in range(400):
        x = rng.uniform(size=50)
        Z = np.array([-0.2, 0.7, 0.3]) + 0.5 * x[:, None]
        y = 2.0 * x + rng.normal(size=50)
        below += y[49] <= labels.corrected(y[:49, None] - labels.sorted_outputs(Z[:49])).restored(Z[49:])[0]
    np.testing.assert_allclose(below / 400, LEVELS, atol=0.05)


def test_quantiles_never_cross() -> None:
    """Outputs in any order, and shifts that would cross, give increasing quantiles; of one row as of many."""
    labels = QuantileLabels(np.zeros(3), np.ones(3), False, levels=LEVELS, shifts=np.array([5.0, 0.0, -5.0]))
    Q = labels.restored(np.random.default_rng(0).normal(size=(50, 3)))
    assert (np.diff(Q, axis=1) >= 0.0).all()
    net = cr.Network([cr.Layer([[1.0], [-1.0], [2.0]], [0.0, 0.0, 0.5], "identity")])
    model = TableModel(TableEncoder(numbers="none").fit([[0.0], [1.0]]), labels, (net,))
    rows = model.row_predictor()
    for row in ([0.25], [-3.0]):
        assert rows.predict(row) == model.predict([row])[0].tolist()


def test_intervals_lie_between_two_quantiles() -> None:
    """A coverage needs the two quantiles beside it; the message names those that the model has."""
    labels = QuantileLabels.of(np.arange(9.0), (0.05, 0.1, 0.5, 0.9, 0.99))
    assert labels.coverages == [0.8]
    assert labels.pair(0.8) == [1, 3]
    with pytest.raises(
        cr.InputError,
        match=r"coverage=0\.9 needs the quantiles 0\.05 and 0\.95; the model has 0\.05, 0\.1, 0\.5, 0\.9, 0\.99\. "
        r"Its intervals have the coverage 0\.8\.",
    ):
        labels.pair(0.9)
    with pytest.raises(cr.InputError, match="No two of them are symmetric"):
        QuantileLabels.of(np.arange(9.0), (0.1, 0.8)).pair(0.8)
    with pytest.raises(cr.InputError, match="coverage must be a finite number"):
        labels.pair("wide")


@pytest.mark.parametrize("levels", ["0.5", 0.5, (), (0.5, 0.1), (0.0, 0.5), (0.5, 1.0), (0.5, 0.5), (np.nan,)])
def test_quantiles_lie_between_0_and_1_in_order(levels: object) -> None:
    """Anything but increasing numbers in (0, 1) is refused."""
    with pytest.raises(cr.InputError, match="quantiles"):
        as_levels(levels)


def test_a_model_of_quantiles_is_a_file(tmp_path: object) -> None:
    """Quantiles, shifts and predictions come back; an older reader refuses the kind of the target."""
    labels = QuantileLabels.of(np.arange(9.0), LEVELS).corrected(np.tile(np.arange(30.0)[:, None], 3))
    net = cr.Network.dense([1, 3], seed=0)
    model = TableModel(TableEncoder(numbers="none").fit([[0.0], [1.0]]), labels, (net,))
    model.save(f"{tmp_path}/model.safetensors")
    again = load(f"{tmp_path}/model.safetensors")
    assert isinstance(again.target, QuantileLabels)
    assert again.target.levels == LEVELS
    X = [[0.25], [0.75]]
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.predict_interval(X, 0.8), model.predict(X)[:, [0, 2]])
    assert model.target.parts()[0]["kind"] == "quantiles"


def test_d2_is_the_gain_on_constant_quantiles() -> None:
    """D² is 1 for exact quantiles, 0 for those of y itself, and for the median that of absolute errors by hand."""
    y = np.array([0.0, 1.0, 5.0])
    assert d2_pinball(y, np.repeat(y[:, None], 3, 1), LEVELS, None) == 1.0
    assert d2_pinball(y, np.tile(quantiles_of(y, LEVELS), (3, 1)), LEVELS, None) == 0.0
    assert d2_pinball(y, np.array([[0.0], [2.0], [4.0]]), (0.5,), None) == pytest.approx(1.0 - 2.0 / 5.0)
    assert d2_pinball(np.ones(3), np.ones((3, 1)), (0.5,), None) == 1.0


def test_several_targets_are_refused() -> None:
    """Quantiles are those of one target, in training and afterwards."""
    with pytest.raises(cr.InputError, match="quantiles are those of one target; y has 2 columns"):
        QuantileLabels.of(np.zeros((3, 2)), LEVELS)
    with pytest.raises(cr.InputError, match="y must have one column, of which the model has quantiles; got 2"):
        QuantileLabels.of(np.zeros(3), LEVELS).standardised(np.zeros((3, 2)))
