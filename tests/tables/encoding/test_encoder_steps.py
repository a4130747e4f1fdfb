"""The steps of an encoder by hand: their numbers, and what each learns from the training rows."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from chainrule.errors import DataWarning
from chainrule.tables.columns import Column, Feature, categories
from chainrule.tables.encoding.categories.fit_categories import fit_category_steps
from chainrule.tables.encoding.categories.levels import OneHot, Sign
from chainrule.tables.encoding.fit_steps import (
    CONSTANT,
    DIFFERENT,
    EMPTY,
    ZERO,
    fit_numeric_steps,
    warn_about_columns,
)
from chainrule.tables.encoding.numeric_steps import NumericSteps, merged
from chainrule.tables.encoding.statistics.column_statistics import column_statistics
from chainrule.tables.encoding.steps import Calendar, FewValues, Fill, Indicator, Scale, SmoothClip

NAN = math.nan
NO_VALUES = FewValues(np.zeros(0, dtype=np.intp), np.zeros(0))


def texts(*levels: str | None) -> Column:
    """A column of texts."""
    known = sorted({level for level in levels if level is not None})
    codes = np.array([-1 if level is None else known.index(level) for level in levels])
    return categories(codes, known, type="text")


def values(kind: Any, numbers: list[Any]) -> Column:
    """A column of numbers or booleans, None where missing."""
    missing = np.array([number is None for number in numbers])
    present = [numbers[0] if number is None else number for number in numbers]
    return Column(kind, np.array(present), missing)


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_phases_of_the_calendar() -> None:
    """Noon of a Wednesday, the 183rd day of a leap year: sines, cosines of the passed parts of year, week, day."""
    year, week, day = 182.5 / 366, 2.5 / 7, 0.5
    phases = [f(2.0 * math.pi * phase) for phase in (year, week, day) for f in (math.sin, math.cos)]
    times = np.array(["2020-07-01T12:00", "NaT", "1969-12-31T18:00", "2023-03-06"], dtype="datetime64[us]")
    found = Calendar()(times)
    assert found.shape == (4, 7)
    np.testing.assert_allclose(found[0], [18444.5, *phases], rtol=1e-12, atol=1e-12)
    assert np.isnan(found[1]).all()
    evening = 2.0 * math.pi * 0.75
    np.testing.assert_allclose(found[2, [0, 5, 6]], [-0.25, math.sin(evening), math.cos(evening)], atol=1e-12)
    np.testing.assert_allclose(found[3, 3:], [0.0, 1.0, 0.0, 1.0], atol=1e-12)  # a Monday, at midnight
    assert times[1] != times[1]  # the given times stay


def test_fill_scale_clip_and_indicator() -> None:
    """A gap becomes the column's median; z = (x − center) · factor; x/√(1 + (x/L)²); 1 where a number is missing."""
    X = np.array([[1.0, NAN, 7.0], [NAN, 4.0, 8.0]])
    assert Fill(np.array([5.0, 6.0, 0.0]))(X).tolist() == [[1.0, 6.0, 7.0], [5.0, 4.0, 8.0]]
    assert Scale(np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 0.5]))(np.ones((1, 3))).tolist() == [[0.0, -1.0, -1.0]]
    largest = np.finfo(np.float64).max
    z = Scale(np.array([-largest]), np.array([0.25 / largest]))(np.array([[largest]]))
    np.testing.assert_allclose(z, [[0.5]], rtol=1e-15)
    assert Indicator(np.array([2, 0]))(X).tolist() == [[0.0, 0.0], [0.0, 1.0]]
    x = np.array([0.0, 1.0, -3.0, 4.0])
    np.testing.assert_allclose(SmoothClip(4.0)(x), x / np.sqrt(1.0 + (x / 4.0) ** 2), rtol=1e-15)
    assert SmoothClip()(np.array([-np.inf, -1e300, 1e300, np.inf])).tolist() == [-3.0, -3.0, 3.0, 3.0]
    assert SmoothClip(2.0)(np.array([1e30, -1e30], np.float32)).tolist() == [2.0, -2.0]


def test_which_columns_are_left_out() -> None:
    """Columns without a number or that do not vary are left out with the reason; a constant with gaps has an indicator.

    A time has several numbers: it is left out if none varies.
    """
    R = np.array(
        [[1.0, NAN, 7.0, 7.0, 3.0, 3.0, 0.0], [2.0, NAN, 7.0, NAN, 3.0, 3.0, 0.0], [4.0, NAN, 7.0, 7.0, 3.0, 9.0, 0]]
    )
    owners = np.array([0, 1, 2, 3, 4, 4, 5])
    used, fill, scale, indicator, without = fit_numeric_steps(
        column_statistics(R, "robust"), owners, 3, is_sparse=False
    )
    assert used.tolist() == [0, 5]
    assert fill.values.tolist() == [2.0, 3.0]
    assert (scale.center.tolist(), scale.factor.tolist()) == ([2.0, 3.0], [1 / 1.5, 1 / 3.0])
    assert indicator.of.tolist() == [3]
    assert {reason: columns.tolist() for reason, columns in without.items()} == {EMPTY: [1], CONSTANT: [2, 5]}
    *_, without = fit_numeric_steps(column_statistics(scipy.sparse.csc_array(R), "robust"), owners, 3, is_sparse=True)
    assert {reason: columns.tolist() for reason, columns in without.items()} == {EMPTY: [1], ZERO: [5], CONSTANT: [2]}
    assert fit_numeric_steps(column_statistics(R[:, :1], "none"), owners[:1], 3, is_sparse=False)[4] == {}


def steps(raw: int = 5, clip: bool = True, few_values: FewValues = NO_VALUES) -> NumericSteps:
    """Steps of five raw numbers: the second is not used, the third has an indicator, 0 becomes −1 in the last."""
    return NumericSteps(
        raw,
        np.array([0, 2, 3, 4]),
        Fill(np.array([1.0, 2.0, 3.0, 4.0])),
        Scale(np.array([0.0, 0.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0, 1.0])),
        SmoothClip() if clip else None,
        Indicator(np.array([2, 4])),
        few_values,
    )


RAW = np.array(
    [[1.0, 9.0, 0.0, 0.0, 5.0], [0.0, 0.0, NAN, 2.0, 0.0], [0.0, NAN, 3.0, 0.0, NAN], [0.0, 9.0, 0.0, 0.0, 0.0]]
)
ENCODED = np.array([
    [1, 0, 0, 4, 0, 0], [0, 4, 2, -1, 1, 0], [0, 6, 0, 3, 0, 1], [0, 0, 0, -1, 0, 0],
], dtype=np.float64)  # fmt: skip


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("entries", [1 << 16, 5, 12])
def test_rows_are_encoded(clip: bool, entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are filled, scaled and clipped, and indicators follow; any number of rows at once gives the same."""
    monkeypatch.setattr("chainrule.tables.encoding.numeric_steps.ENTRIES_IN_CACHE", entries)
    expected = ENCODED.copy()
    if clip:
        expected[:, :4] = SmoothClip()(ENCODED[:, :4])
    out = np.full((4, 6), 77.0)
    assert steps(clip=clip).write(RAW, out)
    assert np.array_equal(out, expected)
    values, indices, indptr, more = steps(clip=clip).entries(scipy.sparse.csr_array(RAW))
    values, indices, indptr = merged(values, indices, indptr, more)
    found = scipy.sparse.csr_array((values, indices, indptr), shape=(4, 6))
    assert found.has_sorted_indices
    assert np.array_equal(found.toarray(), expected)
    for row in (0, 3):
        assert steps(clip=clip).write(RAW[row : row + 1], out[:1])
        assert np.array_equal(out[:1], expected[row : row + 1])


def test_an_infinite_number_is_noticed() -> None:
    """``write`` returns False for an infinite number in any block; NaN and sums that overflow are no such number."""
    out = np.empty((2, 6))
    largest = np.finfo(np.float64).max
    assert steps().write(np.array([[largest, 0, largest, largest, 0.0], [0, NAN, 0, 0, 0]]), out)
    assert out[0, :3].tolist() == [3.0, 3.0, 3.0]
    for row in (0, 1):
        R = np.zeros((2, 5))
        R[row, 3] = -np.inf
        assert not steps().write(R, out)
        R[row, 0] = np.inf  # ∞ − ∞ in the sum
        assert not steps().write(R, out)


def test_single_precision_is_encoded_in_double() -> None:
    """float32 numbers, the smallest too, are encoded as the float64 numbers that they are, dense or sparse."""
    R = np.array([[1e-45, 0.0, 0.2, 0.3, 1e-8]], np.float32)
    single, double = np.empty((2, 6)), np.empty((2, 6))
    steps().write(R, single)
    steps().write(R.astype(np.float64), double)
    assert np.array_equal(single[0], double[0])
    values, indices, *_ = steps().entries(scipy.sparse.csr_array(R))
    assert values.dtype == np.float64
    assert np.array_equal(values, double[0, indices])


def test_numbers_that_overflow_are_clipped_in_silence() -> None:
    """A number whose multiple overflows is encoded as the limit of the clip, dense or sparse, without a warning."""
    R, out = np.array([[0.0, 0.0, 1.5e308, 0.0, 1.0]]), np.empty((1, 6))
    assert steps().write(R, out)
    values, indices, *_ = steps().entries(scipy.sparse.csr_array(R))
    assert (out[0, 1], values[indices == 1].tolist()) == (3.0, [3.0])


def test_when_rows_stay_sparse() -> None:
    """Sparse rows stay sparse if 0 becomes another number for at most a tenth of the numbers in use."""

    def of(filled: int, n: int = 20) -> NumericSteps:
        center = np.zeros(n)
        center[:filled] = 1.0
        all_used = np.arange(n)
        return NumericSteps(
            n, all_used, Fill(np.zeros(n)), Scale(center, np.ones(n)), None, Indicator(all_used[:0]), NO_VALUES
        )

    assert [of(filled).keeps_sparse for filled in (0, 2, 3)] == [True, True, False]
    R = scipy.sparse.csr_array(np.eye(20)[[0, 2, 1]] * [[1.0], [1.0], [0.0]])
    R.eliminate_zeros()
    values, indices, indptr, more = of(0).entries(R)
    assert (values.tolist(), indices.tolist(), indptr.tolist(), more) == ([1.0, 1.0], [0, 2], [0, 1, 2, 2], [])
    values, indices, indptr = merged(values, indices, indptr, more)  # the last row has no entry
    assert (values.tolist(), indices.tolist(), indptr.tolist()) == ([1.0, 1.0], [0, 2], [0, 1, 2, 2])
    assert indices.dtype == R.indices.dtype


def test_zeros_that_become_other_numbers() -> None:
    """In sparse rows the numbers with a center other than 0 are filled in, between and behind stored entries."""
    X = np.array([[0.0, 5.0, 0.0, 0.0, 2.0], [3.0, 0.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0], [0, 0, 6, 0, 7.0]])
    center, all_used = np.array([1.0, 0.0, 2.0, 0.0, 0.0]), np.arange(5)
    of = NumericSteps(
        5, all_used, Fill(np.zeros(5)), Scale(center, np.ones(5)), None, Indicator(all_used[:0]), NO_VALUES
    )
    R = scipy.sparse.csr_array(X)
    values, indices, indptr = merged(*of.entries(R)[:3], of.entries(R)[3])
    assert np.array_equal(scipy.sparse.csr_array((values, indices, indptr), shape=(4, 5)).toarray(), X - center)


# ---- categories ------------------------------------------------------------------------------------------------------


def test_codes_of_texts() -> None:
    """A text is its level, a number is compared by its text, a boolean by its text in either case; gaps are −1."""
    levels = OneHot(("1", "a", "true"))
    assert levels.are_texts
    found, unknown = levels.codes(texts("a", "b", None, "1", "c", "b"))
    assert (found.tolist(), unknown) == ([1, -1, -1, 0, -1, -1], 3)
    assert levels.codes(values("numbers", [1.0, 2.0, None]))[0].tolist() == [0, -1, -1]
    assert levels.codes(values("booleans", [True, False, None]))[0].tolist() == [2, -1, -1]
    assert OneHot(("True", "true")).codes(values("booleans", [True]))[0].tolist() == [0]
    assert levels.codes(texts("a"))[0].dtype == np.intp
    other, unknown = OneHot(("1", "a"), has_other=True).codes(texts("b", "a", None))
    assert (other.tolist(), unknown) == ([2, 1, -1], 0)


def test_codes_of_numbers_and_booleans() -> None:
    """Levels that are numbers or booleans are compared by value, with a text by what it holds."""
    levels = OneHot((1, 2.5))
    assert not levels.are_texts
    assert levels.codes(values("numbers", [2.5, 1.0, 3.0]))[0].tolist() == [1, 0, -1]
    assert levels.codes(texts("1", "2.50", "x"))[0].tolist() == [0, 1, -1]
    assert Sign((False, True)).codes(texts("yes", "false", "true"))[0].tolist() == [-1, 0, 1]


def test_features_of_levels() -> None:
    """Two levels are one feature −1 or 1; others are a 1 in a feature each, and with "other" one more."""
    sign, one_hot, other = Sign(("a", "b")), OneHot(("a", "b", "c")), OneHot((1, 2), has_other=True)
    assert [step.width for step in (sign, one_hot, other)] == [1, 3, 3]
    assert sign.suffixes == ("_b",)
    assert one_hot.suffixes == ("_a", "_b", "_c")
    assert other.suffixes == ("_1", "_2", "_other")
    out = np.full((3, 1), 7.0)
    sign.write(np.array([1, -1, 0]), out)
    assert out.tolist() == [[1.0], [0.0], [-1.0]]
    out = np.full((3, 3), 7.0)
    one_hot.write(np.array([2, -1, 0]), out)
    assert out.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_steps_of_categories() -> None:
    """Two levels give a sign, up to ``max_levels`` a feature each; the most frequent are kept of more."""
    columns = {
        "two": texts("a", "b", None, "a", "a", "b"),
        "three": texts("a", "b", "c", "a", "a", "b"),
        "four": texts("d", "b", "c", "a", "a", "b"),
        "one": texts("a", "a", "a", "a", "a", "a"),
        "one and a gap": texts("a", "a", "a", "a", None, "a"),
        "none": texts(None, None, None, None, None, None),
        "empty": Column("empty", np.full(6, NAN), np.ones(6, dtype=bool)),
        "different": texts("a", "b", "c", "d", None, "e"),
        "yes": values("booleans", [True, False, None, True, True, False]),
        "many": texts("e", "e", "d", "d", "c", "b"),
        "number": values("numbers", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    }
    found, dropped = fit_category_steps(columns, 3)
    assert found == {
        "two": Sign(("a", "b")), "three": OneHot(("a", "b", "c")), "four": OneHot(("a", "b"), has_other=True),
        "one and a gap": OneHot(("a",)), "yes": Sign((False, True)), "many": OneHot(("d", "e"), has_other=True),
    }  # fmt: skip
    assert dropped == {"one": CONSTANT, "none": EMPTY, "empty": EMPTY, "different": DIFFERENT}
    levels = texts("a", "a", "b", "c", "d", "e")  # the second place of two is not taken by a level of one row
    assert fit_category_steps({"rare": levels}, 3)[0] == {"rare": OneHot(("a",), has_other=True)}
    first = texts("d", "d", "c", "c", "b", "b", "a", "a")  # of equally frequent levels the first are kept
    assert fit_category_steps({"tied": first}, 3)[0] == {"tied": OneHot(("a", "b"), has_other=True)}
    many = [f"{k:03}" for k in range(400)]
    assert fit_category_steps({"many": texts(*many, *many, *many[::2])}, 9)[0]["many"].levels == tuple(many[:16:2])


def test_warnings_about_columns() -> None:
    """One warning for each reason, with all columns, except those that are 0; and one for each mixed column in use."""
    features = [
        Feature("a", "numbers", "", CONSTANT), Feature("b", "numbers", "", CONSTANT), Feature("c", "numbers", "", ZERO),
        Feature("d", "categories", "mixed", EMPTY), Feature("e", "categories", "mixed"), Feature("f", "numbers", ""),
    ]  # fmt: skip
    mixed = Column("categories", np.array([0]), np.array([False]), ("x",), "mixed")
    columns = {"d": mixed, "e": mixed, "f": values("numbers", [1])}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_about_columns(features, columns)
    assert {warning.category for warning in caught} == {DataWarning}
    assert [str(warning.message) for warning in caught] == [
        "left out 'a', 'b': constant in the training rows. Leave them out to silence this warning (--drop).",
        "left out 'd': no values in the training rows. Leave it out to silence this warning (--drop).",
        "'e' mixes numbers and texts, and is treated as categories. Make it one or the other.",
    ]
