"""The benchmark of intervals: generated sets, and the line of a set."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from benchmarks.tables import intervals


def test_generated_sets_are_the_same_again() -> None:
    """A split of a generated set depends on its name and its number alone."""
    one, again, other = (intervals.split_of("log-normal", number, 50) for number in (0, 0, 1))
    assert one is not None
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(one.y, again.y)
    assert one.y.shape == (50,)
    assert not np.array_equal(one.y, other.y)


def test_a_set_without_data_has_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the folder of the data, real sets are left out."""
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    assert intervals.line("537_houses", 1, 50) is None


def test_the_line_of_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each way the coverage, and beside constant intervals the change of the width."""
    found = iter([(0.9, 2.0), (0.92, 1.0), (0.88, 3.0), (0.92, 2.0), (0.92, 1.0), (0.9, 3.0)])
    monkeypatch.setattr(intervals, "measured", lambda *_: next(found))
    cells = ["log-normal", "91.0 ± 1.0", "92.0 ± 0.0", "89.0 ± 1.0", "-50.0 %", "+50.0 %"]
    assert intervals.line("log-normal", 2, 50) == cells
