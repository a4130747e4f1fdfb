"""The features of each column, by which importances, dependences and students exchange them."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.tables import TableEncoder
from chainrule.tables.inspection.column_features import column_features

ROWS = [
    [float(k % 6), ["red", "blue", "green"][k % 3], 1.5 * k if k % 5 else None, k % 4 == 1, f"2026-01-{k % 28 + 1:02}"]
    for k in range(60)
]


@pytest.mark.parametrize("max_values", [0, 10])
def test_each_feature_belongs_to_the_column_that_its_name_begins_with(max_values: int) -> None:
    """Numbers, gaps, single values, times and categories: all features are there, once, with their own column."""
    encoder = TableEncoder(max_values=max_values).fit(ROWS)
    found, names = column_features(encoder), encoder.get_feature_names_out()
    assert sorted(np.concatenate(list(found.values())).tolist()) == list(range(encoder.n_features_out_))
    for name, features in found.items():
        assert all(of == name or of.startswith(f"{name}_") for of in names[features]), name
