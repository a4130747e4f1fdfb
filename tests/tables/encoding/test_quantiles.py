"""Quartiles of long columns, which a sample and one pass find, are those of all numbers in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.tables.columns import Column
from chainrule.tables.encoding.gathered import Gathered
from chainrule.tables.encoding.statistics import column_statistics as statistics
from chainrule.tables.encoding.statistics import quantiles
from chainrule.tables.encoding.statistics.column_statistics import Scaling, column_statistics
from chainrule.tables.encoding.statistics.quantiles import QUARTILES, LongColumns

T = 3_000
RNG = np.random.default_rng(0)
GAPS = np.where(RNG.random(T) < 0.4, np.nan, RNG.standard_normal(T))
COLUMNS = {
    "in random order": RNG.standard_normal(T),
    "sorted": np.sort(RNG.standard_normal(T)),
    "unlike the sampled rows": np.where(np.arange(T) % (T // 64) == 0, 1e6, RNG.standard_normal(T)),
    "of two values": RNG.integers(0, 2, T).astype(float),
    "of whole numbers": RNG.integers(-3, 4, T).astype(float),
    "constant": np.full(T, 7.0),
    "with gaps": GAPS,
    "with a single number": np.where(np.arange(T) == 1_234, -2.5, np.nan),
    "huge": RNG.choice([-np.finfo(float).max, np.finfo(float).max], T),
}


@pytest.fixture(autouse=True)
def _small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles, "SAMPLE", 64)
    monkeypatch.setattr(quantiles, "ROWS_IN_CACHE", 700)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_quartiles_of_a_long_column_are_those_of_all_its_numbers(name: str, dtype: Any) -> None:
    """Quartiles, range and gaps are exact, whatever the order of the rows."""
    with np.errstate(over="ignore"):
        x = COLUMNS[name].astype(dtype).clip(np.finfo(dtype).min, np.finfo(dtype).max)
    found, present = LongColumns(x[:, None]), np.sort(x[~np.isnan(x)]).astype(np.float64)
    assert (found.missing[0], found.count[0]) == (T - len(present), len(present))
    assert (found.smallest[0], found.largest[0]) == (present[0], present[-1])
    for q in QUARTILES:
        place = q * (len(present) - 1)
        low, part = int(place), place - int(place)
        a, b = present[low], present[min(low + 1, len(present) - 1)]
        assert found.quantile(q)[0] == (a if a == b else a * (1 - part) + b * part)


def test_statistics_of_a_long_table_are_those_of_its_ordered_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics have the same bits if columns count as long, lie side by side or by themselves; empty ones too."""
    X = np.stack([*COLUMNS.values(), np.full(T, np.nan)], axis=1)
    apart = Gathered(T, [], {k: Column("numbers", x, np.isnan(x)) for k, x in enumerate(X.T)})
    scalings: tuple[Scaling, ...] = ("robust", "none")
    expected = [column_statistics(X, scaling) for scaling in scalings]
    monkeypatch.setattr(statistics, "LONG", T)
    for scaling, ordered in zip(scalings, expected, strict=True):
        for R in (X, apart):
            found = column_statistics(R, scaling)
            for name in ("median", "center", "factor", "missing"):
                assert np.array_equal(getattr(found, name), getattr(ordered, name)), name


def test_an_infinite_number_of_a_long_column_is_found() -> None:
    """The range of a long column shows an infinite number, of either sign."""
    for number in (np.inf, -np.inf):
        found = LongColumns(np.where(np.arange(T) == 7, number, GAPS)[:, None])
        assert np.isinf((found.smallest, found.largest)).any()
