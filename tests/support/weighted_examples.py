"""Fifty weighted examples of two labels, and a small network for them."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
Y = RNG.normal(size=(50, 2))
W = RNG.integers(0, 3, 50).astype(float)


def net(dtype: Any = np.float64) -> cr.Network:
    """Returns a small network with the same first θ each time."""
    return cr.Network.dense([4, 6, 2], hidden="tanh", seed=1, dtype=dtype)
