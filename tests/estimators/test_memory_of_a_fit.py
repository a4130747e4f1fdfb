"""The memory that a fit takes beside the data."""

from __future__ import annotations

import tracemalloc

import numpy as np

from chainrule.estimators import NetworkRegressor


def test_a_fit_makes_one_copy_of_the_rows_and_little_else() -> None:
    """The arrays of a fit are never larger than 1.5 times a float32 X: one encoded copy, labels and row numbers."""
    X = np.random.default_rng(0).standard_normal((60_000, 40), np.float32)
    model = NetworkRegressor(n_networks=2, epochs=1, hidden_layer_sizes=4, batch_size=1024, random_state=0, threads=2)
    model.fit(X[:200], X[:200, 0])  # loads what it needs
    tracemalloc.start(1)
    try:
        model.fit(X, X[:, 0])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * X.nbytes
