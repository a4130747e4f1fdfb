"""The benchmark of small networks: its splits, and the line of a table."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from benchmarks.tables import shrink
from chainrule.estimators.network.shrinking.comparison import Compared, Shrinkage


def test_a_bundled_table_is_split_again_in_the_same_way() -> None:
    """A split depends on its table and its number alone, and no row is in both parts."""
    one, again = (shrink.split_of("wine", 3) for _ in range(2))
    assert one is not None
    assert again is not None
    np.testing.assert_array_equal(one.X, again.X)
    assert len(one.y) == 124
    assert not (one.X[:, None] == one.X_test[None]).all(axis=2).any()


def test_a_set_without_data_has_no_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the folder of the data, real sets are left out."""
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    assert shrink.split_of("concrete", 0) is None


def test_the_line_of_a_table() -> None:
    """The gap is that of the mean losses, and there is none where the direct network is the best."""
    one = Shrinkage("RMSE", "R²", 9, Compared(8, 200, 1.0, 0.9), Compared(1, 10, 2.0, 0.8), Compared(1, 10, 5.0, 0.7))
    line = ["a", "1,000", "1.0000", "2.0000", "5.0000", "75 %", "1/20", "90.0"]
    assert shrink.cells("a", 1000, [(one, 0.88), (one, 0.92)]) == line
    better = Shrinkage("log-loss", "accuracy", 9, one.direct, one.student, one.teacher)
    assert shrink.cells("a", 9, [(better, np.nan)])[5:] == ["no gap", "1/1", ""]
