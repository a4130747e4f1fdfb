"""The compiled core encodes columns, and finds their quartiles, to the last bit as NumPy does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.tables.column_set import Columns
from chainrule.tables.columns import ChosenRows, Column, gaps_of
from chainrule.tables.encoding import compiled_columns
from chainrule.tables.encoding.gathered import Gathered
from chainrule.tables.encoding.numeric_steps import NumericSteps
from chainrule.tables.encoding.statistics.quantiles import QUARTILES, LongColumns
from chainrule.tables.encoding.steps import FewValues, Fill, Indicator, Scale, SmoothClip

RNG = np.random.default_rng(5)
T = 1_003  # no multiple of a vector or a block
NO_VALUES = FewValues(np.zeros(0, np.intp), np.zeros(0))
MOST = np.finfo(float).max
SPECIAL = [0.0, -0.0, 5e-324, -1e-310, MOST, -MOST, 1e9, -3e9, 3.0, 1.5]

pytestmark = pytest.mark.skipif(not compiled_columns.is_compiled, reason="needs the compiled core")


def columns(n: int, *, has_gaps: bool = False, has_rows: bool = True) -> Gathered:
    """Columns (T, n) of numbers of many sizes, by themselves; with ``has_rows``, some rows of longer ones."""
    t = 2 * T if has_rows else T
    X = RNG.standard_normal((n, t)) * 10.0 ** RNG.integers(-3, 4, (n, 1))
    X[:, : len(SPECIAL)] = SPECIAL
    if has_gaps:
        X[RNG.random((n, t)) < 0.2] = np.nan
    rows = np.sort(RNG.choice(t, T, replace=False))
    whole = [Column("numbers", x.copy(), gaps_of(x)) for x in X]
    return Gathered(T, [], {k: ChosenRows(c, rows) if has_rows else c for k, c in enumerate(whole)})


def steps(raw: int, clip: bool, has_indicators: bool) -> NumericSteps:
    """Steps of all raw numbers but the last but one."""
    used = np.delete(np.arange(raw), raw - 2)
    center, factor, fill = RNG.standard_normal((3, len(used)))
    of = np.arange(0, raw, 2 if has_indicators else raw + 1)[: None if has_indicators else 0]
    return NumericSteps(
        raw, used, Fill(fill), Scale(center, factor), SmoothClip() if clip else None, Indicator(of), NO_VALUES
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("has_gaps", [True, False])
@pytest.mark.parametrize("raw", [2, 9, 70])
def test_the_core_encodes_to_the_last_bit(
    raw: int, has_gaps: bool, clip: bool, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers and indicators have the bits of NumPy, from any row on, for whole columns, chosen rows and an array."""
    monkeypatch.setattr("chainrule.tables.encoding.numeric_steps.ENTRIES_IN_CACHE", 4_000)
    encoding = steps(raw, clip, has_indicators=raw == 9)
    width = len(encoding.used) + len(encoding.indicator.of) + 2  # two features of categories
    for has_rows in (True, False):
        apart = columns(raw, has_gaps=has_gaps, has_rows=has_rows)
        for R in (apart, apart[:]):
            found, expected = np.full((2, T - 4, width), 7.0, dtype)
            assert encoding.write(R, found, 4)
            with np.errstate(over="ignore"), monkeypatch.context() as without:  # 3e307 / 1e-3 without a clip
                without.setattr(compiled_columns, "is_compiled", False)
                assert encoding.write(R, expected, 4)
            assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_an_infinite_number_is_found(number: float) -> None:
    """The encoding says that a number is infinite."""
    R = columns(5)
    held = R.single[4]
    assert isinstance(held, ChosenRows)
    held.whole.values[held.rows[-1]] = number
    assert not steps(5, True, has_indicators=False).write(R, np.empty((T, 4)))


@pytest.mark.parametrize("has_rows", [True, False])
@pytest.mark.parametrize("has_gaps", [True, False])
def test_quartiles_are_those_of_numpy(has_rows: bool, has_gaps: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quartiles, ranges and gaps have the same bits, of whole columns, of chosen rows, and of float32 in an array."""
    monkeypatch.setattr("chainrule.tables.encoding.statistics.quantiles.SAMPLE", 64)
    monkeypatch.setattr("chainrule.tables.encoding.statistics.quantiles.ROWS_AT_ONCE", 300)
    apart = columns(6, has_gaps=has_gaps, has_rows=has_rows)
    with np.errstate(over="ignore"):
        single = apart[:].astype(np.float32)
    for R in (apart, apart[:], single):
        found = LongColumns(R)
        with monkeypatch.context() as without:
            without.setattr(compiled_columns, "is_compiled", False)
            expected = LongColumns(R)
        for name in ("missing", "count", "smallest", "largest"):
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name
        for q in QUARTILES:
            assert found.quantile(q).tobytes() == expected.quantile(q).tobytes()


def test_rows_may_count_from_the_end() -> None:
    """Rows of a table that are given by negative numbers are the last ones; one that is not there is refused."""
    x = RNG.standard_normal(20)
    table = Columns({"x": Column("numbers", x, gaps_of(x))})
    rows = np.arange(-15, 0)
    out = np.empty((15, 1))
    encoding = NumericSteps(
        1,
        np.array([0]),
        Fill(np.zeros(1)),
        Scale(np.zeros(1), np.ones(1)),
        None,
        Indicator(np.zeros(0, int)),
        NO_VALUES,
    )
    R = table.rows(rows).floats(["x"])
    assert isinstance(R, Gathered)
    assert encoding.write(R, out)
    assert out[:, 0].tolist() == x[5:].tolist()
    held = R.single[0]
    assert isinstance(held, ChosenRows)
    held.rows[3] = 20
    with pytest.raises(IndexError):
        encoding.write(R, out)
    with pytest.raises(IndexError):
        compiled_columns.scan((x, held.rows), 0, np.zeros((3, 2)), np.empty((3, 16)))
