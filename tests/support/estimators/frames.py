"""A pandas frame with a column of each kind, with gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import pytest

ANY_WARNING = pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")


def frame(t: int = 60, seed: int = 0) -> Any:
    """A pandas frame with a column of each kind, with gaps."""
    rng = np.random.default_rng(seed)
    gap = rng.random(t) < 0.2
    return pandas.DataFrame(
        {
            "n": np.where(gap, np.nan, rng.normal(5.0, 3.0, t)),
            "k": rng.integers(0, 9, t),
            "c": pandas.Series(rng.choice(["u", "v", "w"], t)).mask(gap),
            "two": rng.choice(["no", "yes"], t),
            "flag": rng.random(t) < 0.5,
            "when": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(rng.integers(0, 900, t), unit="h"),
            "span": pandas.to_timedelta(rng.integers(0, 900, t), unit="s"),
        }
    )
