"""Temperature scaling: which T is best on held-out rows, and what it does to probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule._internal.checks import Floats
from chainrule.tables import calibration
from chainrule.tables.calibration import Calibration, best_temperature, tempered, unsmoothed


def alike(p: list[float], t: int) -> Floats:
    """Returns t rows of the probabilities p."""
    return np.tile(p, (t, 1))


@pytest.mark.parametrize(("t", "right"), [(1, 1), (3, 3), (10, 6), (10, 9), (100, 100)])
def test_rows_that_are_alike_get_their_share_of_right_ones_and_half_a_row(t: int, right: int) -> None:
    """If ``right`` of t equal rows are of the class 0, its calibrated probability is (right + ½)/(t + 1).

    This is Platt's share: certainty needs more rows, not only right ones.
    """
    P, classes = alike([0.9, 0.1], t), np.array([0] * right + [1] * (t - right))
    q = tempered(P[:1], best_temperature(P, classes))
    assert q[0, 0] == pytest.approx((right + 0.5) / (t + 1), rel=1e-12)


def test_the_derivative_by_1_over_t_is_zero() -> None:
    """At the best T, Σ q log p = Σ y′ log p over all rows, for labels y′ smoothed towards 1/k by one of t + 1 rows."""
    rng = np.random.default_rng(0)
    P = rng.dirichlet([0.4, 0.7, 1.0], size=40)
    classes = np.array([rng.choice(3, p=np.sqrt(p) / np.sqrt(p).sum()) for p in P])
    T = best_temperature(P, classes)
    labels = np.eye(3)[classes] * (40 / 41) + 1 / 41 / 3
    slopes = ((tempered(P, T) - labels) * np.log(P)).sum(axis=1)
    assert 1.2 < T < 5.0
    assert abs(slopes.sum()) < 1e-12 * abs(slopes).sum()


def test_weights_count_rows() -> None:
    """Rows count by their weight; the labels are smoothed by one of the rows that count, whatever they weigh."""
    P, classes = alike([0.8, 0.2], 4), np.array([0, 1, 0, 1])
    q = tempered(P[:1], best_temperature(P, classes, np.array([5.0, 1.0, 1.0, 1.0])))
    assert q[0, 0] == pytest.approx(0.8 * 6 / 8 + 0.2 / 2, rel=1e-12)  # 4 rows: y′ = 0.8 y + 0.2/2
    rng = np.random.default_rng(0)
    P, classes, w = rng.dirichlet([1.0, 2.0], size=9), rng.integers(0, 2, 9), rng.integers(0, 3, 9).astype(float)
    counted = w > 0
    assert best_temperature(P, classes, w) == best_temperature(P[counted], classes[counted], w[counted])
    assert best_temperature(P, classes, np.ones(9)) == best_temperature(P, classes)


def test_without_a_row_that_counts_nothing_changes() -> None:
    """T is 1 if every weight is 0."""
    assert best_temperature(alike([0.9, 0.1], 3), np.zeros(3, dtype=np.intp), np.zeros(3)) == 1.0


def test_t_lies_from_one_twentieth_to_twenty() -> None:
    """Rows that are always wrong make T = 20, thousands that are always right T = 1/20."""
    assert best_temperature(alike([0.9, 0.1], 50), np.ones(50, dtype=np.intp)) == pytest.approx(20.0, rel=1e-12)
    assert best_temperature(alike([0.6, 0.4], 5000), np.zeros(5000, dtype=np.intp)) == pytest.approx(0.05, rel=1e-12)


def test_a_probability_of_zero_counts_as_the_smallest_float32() -> None:
    """For rows (1, 0) that are all right, T is log(1/tiny) over the log odds of (t + ½) : ½."""
    T = best_temperature(alike([1.0, 0.0], 1000), np.zeros(1000, dtype=np.intp))
    assert T == pytest.approx(-math.log(np.finfo(np.float32).tiny) / math.log(2001.0), rel=1e-12)


def test_tempered_probabilities_by_hand() -> None:
    """At T = ½ probabilities are squared, at T = 2 their roots are taken, then divided by the sum of their row."""
    P = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    for T, powers in ((0.5, P**2), (2.0, np.sqrt(P))):
        np.testing.assert_allclose(tempered(P, T), powers / powers.sum(axis=1, keepdims=True), rtol=1e-14)
    assert tempered(P, 1.0) is P


def test_small_temperatures_do_not_underflow() -> None:
    """A thousand equal probabilities remain equal at T = 0.001, where p^1000 is zero, beside a row that is certain."""
    P = np.vstack([np.full(1000, 0.001), np.eye(1000)[7]])
    assert np.array_equal(tempered(P, 0.001), P)


def test_a_row_without_any_probability_only_smooths() -> None:
    """A row (0, 0), of two sigmoids that are both 0, prefers no T; it counts where the labels are smoothed."""
    P, classes = np.vstack([alike([0.6, 0.4], 100), [0.0, 0.0]]), np.zeros(101, dtype=np.intp)
    q = tempered(P[:1], best_temperature(P, classes))
    assert q[0, 0] == pytest.approx(1.0 - 0.5 / 102, rel=1e-12)


def test_the_largest_t_of_equally_good_ones() -> None:
    """If all rows have equal probabilities, every T is as good, and T = 20 is the most cautious."""
    assert best_temperature(alike([0.5, 0.5], 4), np.array([0, 1, 0, 1])) == pytest.approx(20.0, rel=1e-12)


@pytest.mark.parametrize(("t", "k", "spread"), [(10, 2, 1.0), (999, 3, 10.0), (2000, 26, 5.0)])
def test_a_few_steps_find_it(t: int, k: int, spread: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve steps are enough, where bisection alone takes 60: many held-out rows of many classes take time."""
    rng = np.random.default_rng(t)
    Z = spread * rng.normal(size=(t, k))
    P, classes = tempered(np.exp(Z), 1.0), (Z + rng.gumbel(size=(t, k)) * 2.0).argmax(axis=1)
    P /= P.sum(axis=1, keepdims=True)
    w = rng.random(t)
    T = best_temperature(P, classes, w)
    monkeypatch.setattr(calibration, "MOST_STEPS", 12)
    assert 0.1 < T < 10.0
    assert best_temperature(P, classes, w) == pytest.approx(T, rel=1e-12)


def test_smoothing_is_taken_out_by_hand() -> None:
    """The smoothed probabilities (1 − ε) p + ε/k become p again; of an output at or below ε/k a fifth remains."""
    p, epsilon = np.array([[0.7, 0.25, 0.05]]), 0.06
    smoothed = (1.0 - epsilon) * p + epsilon / 3
    np.testing.assert_allclose(unsmoothed(smoothed, epsilon / 3), p, rtol=1e-14)
    np.testing.assert_allclose(unsmoothed(np.array([[0.99, 0.01]]), 0.04), [[0.95 / 0.952, 0.002 / 0.952]], rtol=1e-14)
    assert unsmoothed(p, 0.0) is p


def test_the_order_of_classes_remains() -> None:
    """What is taken out changes no order of probabilities, and with it no most probable class."""
    P = np.random.default_rng(0).dirichlet([0.1, 0.3, 0.5, 1.0], size=200)
    Q = Calibration(1.7, 0.2).probabilities(P)
    assert (Q.argsort(axis=1) == P.argsort(axis=1)).all()
    np.testing.assert_allclose(Q.sum(axis=1), 1.0, rtol=1e-14)
