"""Embeddings of numbers: the layers that turn each number into four features."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.errors import UnknownName
from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.embeddings.bins import (
    BINS,
    NARROWEST,
    NARROWEST_STEP,
    between_quantiles,
    between_thresholds,
    quantiles,
    steps,
)
from chainrule.estimators.network.embeddings.periodic import periodic
from chainrule.estimators.network.embeddings.piecewise import piecewise
from chainrule.estimators.network.initial_network import MOST_EMBEDDED

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("kind", ["periodic", "piecewise"])
def test_numbers_and_other_features_pass_through(kind: str) -> None:
    """The first feature of each number is the number, and the features after the numbers stay as they are."""
    X = RANDOM.normal(size=(50, 4))
    layers = (
        periodic(3, 1, RANDOM) if kind == "periodic" else piecewise([between_quantiles(x) for x in X.T[:3]], 1, RANDOM)
    )
    A = cr.Network(layers)(X)
    assert A.shape == (50, 3 * 4 + 1)
    np.testing.assert_array_equal(A[:, [0, 4, 8, 12]], X)


def test_the_pieces_between_quantiles_by_hand() -> None:
    """Of 17 numbers 0, 2, …, 32 each is an edge: e(5) is 1 in the two bins below it, 0 in its own, −1 in the others."""
    x = 2.0 * np.arange(17.0)
    assert quantiles(x).tolist() == x.tolist()
    first = cr.Network(piecewise([between_quantiles(x)], 0, RANDOM)[:1])
    assert first([[5.0]]).tolist() == [[5.0, 1.0, 1.0, 0.0, *[-1.0] * 13]]
    assert first([[-9.0], [99.0]]).tolist() == [[-9.0, *[-1.0] * BINS], [99.0, *[1.0] * BINS]]


def test_a_threshold_becomes_a_bound() -> None:
    """If y jumps between x = 332 and x = 333, the bounds are 332.5 and the octiles of x = 0 … 999."""
    x = np.arange(1000.0)
    bounds = sorted([*quantiles(x, None, BINS // 2), 332.5])
    assert between_thresholds(x, np.sign(x[:, None] - 332.5)).tolist() == [list(pair) for pair in pairwise(bounds)]


def test_a_step_is_at_a_gap_by_hand() -> None:
    """If y jumps between x = 2 and x = 4 alone, the one step is −1 up to 2, 1 from 4 on, and 0 at 3."""
    x = np.array([0.0, 1.0, 2.0, 4.0, 5.0])
    gaps = steps(x, np.array([[0.0], [0.0], [0.0], [1.0], [1.0]]))
    assert gaps.tolist() == [[2.0, 4.0]]
    first = cr.Network(piecewise([gaps], 0, RANDOM)[:1])
    assert first([[-9.0], [2.0], [3.0], [4.0], [9.0]])[:, 1].tolist() == [-1.0, -1.0, 0.0, 1.0, 1.0]


def test_a_narrow_step_is_widened() -> None:
    """The gap between 0 and 1e-6 becomes a bin of the width `NARROWEST_STEP` around its middle."""
    gap = steps(np.array([-1.0, 0.0, 1e-6, 1.0]), np.array([[0.0], [0.0], [1.0], [1.0]]))
    np.testing.assert_allclose(gap, 5e-7 + np.array([[-0.5, 0.5]]) * NARROWEST_STEP, rtol=1e-12)


@pytest.mark.parametrize("Y", [np.zeros((9, 1)), np.ones((9, 2))], ids=["zeros", "ones"])
def test_without_a_difference_there_is_no_step(Y: Array) -> None:
    """If Y is constant there are no steps, and the only feature that depends on the number is the number."""
    layers = piecewise([steps(np.arange(9.0), Y)], 0, RANDOM)
    assert layers[0].m == 1
    assert np.count_nonzero(np.asarray(layers[1].W)) == 1


def test_weights_are_repeated_rows() -> None:
    """A row of weight 2 counts as two in quantiles and thresholds, and one of weight 0 as none."""
    x, Y = np.arange(400.0), RANDOM.normal(size=(400, 2))
    w = np.tile([0.0, 1.0, 2.0, 1.0], 100)
    some = np.repeat(np.arange(400), w.astype(int))
    np.testing.assert_array_equal(quantiles(x, w), quantiles(x[some]))
    for bins in (between_thresholds, steps):
        np.testing.assert_array_equal(bins(x, Y, w), bins(x[some], Y[some]))


@pytest.mark.parametrize(
    ("x", "bins"),
    [
        (np.zeros(9), 0),
        (np.array([0.0, 1.0] * 9), 1),
        (np.concatenate([np.zeros(900), np.ones(100)]), 1),
        (np.linspace(0.0, 0.99 * NARROWEST, 99), 0),
        (np.array([3.0]), 0),
    ],
    ids=["constant", "two values", "rare ones", "narrow", "one row"],
)
def test_narrow_bins_are_left_out(x: np.ndarray[tuple[int], np.dtype[np.float64]], bins: int) -> None:
    """Equal quantiles bound no bin, and W stays within 2/`NARROWEST` also for numbers that are close together."""
    layers = piecewise([between_quantiles(x)], 0, RANDOM)
    assert layers[0].m == 1 + bins
    assert (np.diff(between_thresholds(x, x[:, None] ** 2)) >= NARROWEST).all()
    assert np.abs(np.asarray(layers[0].W)).max() <= 2.0 / NARROWEST * (1.0 + 1e-9)


def test_the_quantiles_stay_and_the_features_learn() -> None:
    """Training leaves W, b and κ of the pieces as they are, bit by bit, and changes the second layer."""
    X = RANDOM.normal(size=(300, 2))
    fits = [NetworkRegressor(embedding="piecewise", epochs=k, n_networks=1, random_state=0) for k in (1, 2)]
    one, other = (fit.fit(X, X[:, 0] > 0.3).networks_[0] for fit in fits)
    np.testing.assert_array_equal(np.asarray(one.W[1]), np.asarray(other.W[1]))
    np.testing.assert_array_equal(one.b[1], other.b[1])
    np.testing.assert_array_equal(one.kappa[1], other.kappa[1])
    assert not np.array_equal(np.asarray(one.W[2]), np.asarray(other.W[2]))


@pytest.mark.parametrize("embedding", ["piecewise", "thresholds", "steps"])
def test_steps_are_learned_better(embedding: Literal["piecewise", "thresholds", "steps"]) -> None:
    """A wave of steps is fitted with less than half the squared error of networks without embedding."""
    X = np.random.default_rng(1).uniform(-1.0, 1.0, size=(600, 1))
    of_new = np.random.default_rng(2).uniform(-1.0, 1.0, size=(2000, 1))
    y, y_new = (np.floor(4.0 * x[:, 0]) % 2 for x in (X, of_new))
    fits = [
        NetworkRegressor(embedding=embedding, epochs=20, n_networks=2, random_state=0).fit(X, y),
        NetworkRegressor(embedding="none", epochs=20, n_networks=2, random_state=0).fit(X, y),
    ]
    pieces, plain = (np.mean((fit.predict(of_new) - y_new) ** 2) for fit in fits)
    assert pieces < plain / 2, (pieces, plain)


def test_many_numbers_are_not_embedded() -> None:
    """With more numbers than `MOST_EMBEDDED`, the first layer is the scaling layer in all networks."""
    X = RANDOM.normal(size=(40, MOST_EMBEDDED + 1))
    model = NetworkRegressor(epochs=1, n_networks=2).fit(X, X[:, 0])
    assert [net.m[1] for net in model.networks_] == [MOST_EMBEDDED + 1] * 2


def test_an_embedding_has_a_name() -> None:
    """embedding=True is refused with the names."""
    X = RANDOM.normal(size=(20, 1))
    with pytest.raises(UnknownName, match="piecewise"):
        NetworkRegressor(embedding="peicewise").fit(X, X[:, 0])  # type: ignore[arg-type]
    with pytest.raises(cr.InputError, match="embedding"):
        NetworkRegressor(embedding=True).fit(X, X[:, 0])  # type: ignore[arg-type]
