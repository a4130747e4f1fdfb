"""A table of any number of rows, and networks for it, on which α = 0.01 is too large for a sum over many rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import chainrule as cr
from chainrule._internal.checks import Array

NETWORKS: dict[str, Callable[[], cr.Network]] = {
    "5-3-2-1 sigmoids": lambda: cr.Network.dense([5, 3, 2, 1], hidden="sigmoid", seed=0),
    "linear regression": lambda: cr.Network.dense([5, 1], initial="zeros"),
    "5-16-1 ReLU": lambda: cr.Network.dense([5, 16, 1], seed=0),
}


def examples(t: int) -> tuple[Array, Array]:
    """A table of t rows with five columns, and a label that depends on them."""
    X = np.random.default_rng(0).normal(size=(t, 5))
    return X, X[:, :1] - X[:, 1:2] ** 2
