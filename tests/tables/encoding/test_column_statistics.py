"""Statistics of columns by hand: medians, centers, factors and gaps, of dense and of sparse columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from chainrule.tables.encoding.statistics.column_statistics import column_statistics

NAN = math.nan

SCALED = np.array([[-2.0, 0.0, 0.0], [0.0, 0.0, 3.0], [4.0, 0.0, NAN], [6.0, 0.0, 0.0], [12.0, 8.0, 0.0], [0, 0, 0]])
STATISTICS: dict[Any, tuple[Any, Any]] = {  # center and factor of the dense columns, by hand
    "none": ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
    "robust": ([2.0, 0.0, 0.0], [1 / 5.5, 0.25, 2 / 3]),
    "standard": (
        [20 / 6, 8 / 6, 3 / 5], [1 / math.sqrt(200 / 6 - (20 / 6) ** 2), 1 / math.sqrt(64 / 6 - (8 / 6) ** 2), 1 / 1.2]
    ),
}  # fmt: skip


@pytest.mark.parametrize("scaling", STATISTICS)
@pytest.mark.parametrize("is_sparse", [False, True])
def test_statistics_of_columns(scaling: Any, is_sparse: bool) -> None:
    """Medians, centers, factors and gaps over the rows that have a number; a mostly zero sparse column has center 0."""
    found = column_statistics(scipy.sparse.csc_array(SCALED) if is_sparse else SCALED, scaling)
    center, factor = STATISTICS[scaling]
    assert found.median.tolist() == [2.0, 0.0, 0.0]
    assert found.missing.tolist() == [0, 0, 1]
    np.testing.assert_allclose(found.factor, factor, rtol=1e-14)
    if is_sparse and scaling == "standard":
        center = [20 / 6, 0.0, 0.0]
    np.testing.assert_allclose(found.center, center, rtol=1e-14)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_joint_scaling(is_sparse: bool) -> None:
    """Columns are divided by their root mean square if it is above 1, and all by one number: the mean of ‖z‖² is 1."""
    X = np.array([[3.0, 0.5, 9.0], [0.0, 0.0, 9.0], [0.0, 0.1, 9.0], [NAN, 0.0, 9.0]])
    found = column_statistics(scipy.sparse.csc_array(X) if is_sparse else X, "joint")
    size = np.array([math.sqrt(9 / 3), math.sqrt(0.26 / 4)])
    s = np.array([1 / size[0], 1.0])
    factor = s / math.sqrt((s**2 * size**2).sum())
    np.testing.assert_allclose(found.factor, [*factor, 0.0], rtol=1e-14)  # the third does not vary
    assert found.center.tolist() == [0.0, 0.0, 0.0]
    constant = column_statistics(np.ones((3, 2)), "joint")
    assert constant.factor.tolist() == [0.0, 0.0]


def test_statistics_of_awkward_columns() -> None:
    """Empty columns, columns of one number, huge and tiny ones: no overflow, and a factor of 0 if nothing varies."""
    largest = np.finfo(np.float64).max
    X = np.array([[NAN, 7.0, -largest, 0.0, 5e-324], [NAN, NAN, largest, 1e-300, 0.0], [NAN, NAN, largest, 0.0, 0.0]])
    for R in (X, scipy.sparse.csc_array(X)):
        for scaling in ("robust", "standard", "none", "joint"):
            found = column_statistics(R, scaling)
            assert found.missing.tolist() == [3, 2, 0, 0, 0]
            assert found.median.tolist() == [0.0, 7.0, largest, 0.0, 0.0]
            assert (found.factor[:2] == 0.0).all()
            assert np.isfinite(found.factor).all()
            assert np.isfinite(found.center).all()
    robust, standard = column_statistics(X, "robust"), column_statistics(X, "standard")
    np.testing.assert_allclose(robust.factor[2:], [1 / largest, 2e300, 0.0], rtol=1e-14)
    np.testing.assert_allclose(standard.factor[2:4], [3 / math.sqrt(8) / largest, 3 / math.sqrt(2) * 1e300], rtol=1e-14)
    assert (standard.center[1], standard.factor[4]) == (7.0, 0.0)
    np.testing.assert_allclose(standard.center[2], largest / 3, rtol=1e-14)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
def test_quantiles_are_numpy_s(count: int) -> None:
    """Half, lower and upper quartile of dense and sparse columns are NumPy's linear ones, whatever their signs."""
    rng = np.random.default_rng(count)
    X = np.round(rng.normal(size=(count, 40)) * (rng.random((count, 40)) < rng.random(40)), 2)
    q25, median, q75 = np.quantile(X, [0.25, 0.5, 0.75], axis=0)
    spread = X.max(axis=0) - X.min(axis=0)
    with np.errstate(divide="ignore"):
        factor = np.where(spread == 0, 0.0, np.where(q75 > q25, 1 / (q75 - q25), 2 / spread))
    for R in (X, scipy.sparse.csc_array(X)):
        found = column_statistics(R, "robust")
        np.testing.assert_allclose(found.median, median, rtol=1e-13, atol=1e-16)
        np.testing.assert_allclose(found.factor, factor, rtol=1e-12)


def test_blocks_of_columns_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics are the same if only a few entries are processed at once."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 11)) * (rng.random((6, 11)) < 0.5)
    whole = [column_statistics(R, "robust") for R in (X, scipy.sparse.csc_array(X))]
    monkeypatch.setattr("chainrule.tables.encoding.statistics.column_statistics.ENTRIES_PER_BLOCK", 13)
    for R, expected in zip((X, scipy.sparse.csc_array(X)), whole, strict=True):
        found = column_statistics(R, "robust")
        for name in ("median", "center", "factor", "missing"):
            assert np.array_equal(getattr(found, name), getattr(expected, name))


def test_columns_that_are_small_are_scaled_up_together() -> None:
    """Joint scaling divides by √(Σ mean of x²) however small it is: one column of ±½ by ½."""
    assert column_statistics(np.array([[0.5], [-0.5]]), "joint").factor.tolist() == [2.0]


def test_a_sparse_column_is_centered_unless_more_than_half_of_it_is_zero() -> None:
    """Of 4, 8, 8 and 0, 0 the center is the mean 4, of 4, 8 and 0, 0 it is 3; of 8 and 0, 0 it is 0."""
    columns = [[4.0, 8.0, 8.0, 0.0, 0.0], [4.0, 8.0, 0.0, 0.0], [8.0, 0.0, 0.0]]
    centers = [column_statistics(scipy.sparse.csc_array(np.c_[column]), "standard").center[0] for column in columns]
    assert centers == [4.0, 3.0, 0.0]


def test_the_quantile_between_equal_numbers_is_that_number() -> None:
    """Half of 5e-324 is 0 in float64; yet the median of it and itself is 5e-324."""
    assert column_statistics(np.full((2, 1), 5e-324), "robust").median.tolist() == [5e-324]


def test_factors_of_a_column_that_hardly_varies() -> None:
    """The factor is 1/x where 2/x is finite, and 0 where it is not; neither is an overflow that warns."""
    for spread, factor in ((1.25e-308, 1 / 1.25e-308), (1e-308, 0.0), (1e-309, 0.0)):
        found = column_statistics(np.array([[-spread], [spread]]), "standard").factor[0]
        np.testing.assert_allclose(found, factor, rtol=1e-14)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_float32_columns_are_counted_in_float64(is_sparse: bool) -> None:
    """The statistics of float32 numbers are float64 ones of the same numbers: the mean of 2²⁴ + 2, 2, 0 is 2²⁴/3 + 4/3.

    Gaps are counted in integers.
    """
    X = np.array([[2.0**24 + 2.0], [2.0], [0.0]], np.float32)
    found = column_statistics(scipy.sparse.csc_array(X) if is_sparse else X, "standard")
    np.testing.assert_allclose(found.center, [(2.0**24 + 4.0) / 3.0], rtol=1e-15)
    assert found.missing.dtype == np.intp
