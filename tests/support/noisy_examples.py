"""Ten noisy training examples, twenty validation examples, and a network of 13 parameters that soon fits the noise."""

from __future__ import annotations

import numpy as np

import chainrule as cr

RNG = np.random.default_rng(44)
X, Y = RNG.normal(size=(10, 2)), 0.5 * RNG.normal(size=(10, 1))
X_VAL, Y_VAL = RNG.normal(size=(20, 2)), 0.5 * RNG.normal(size=(20, 1))
Y += np.sin(X[:, :1])
Y_VAL += np.sin(X_VAL[:, :1])
W, W_VAL = RNG.uniform(0.5, 2.0, size=10), RNG.uniform(0.5, 2.0, size=20)


def small_net(dtype: str = "float64") -> cr.Network:
    """2-3-1, tanh."""
    return cr.Network.dense([2, 3, 1], hidden="tanh", seed=1, dtype=dtype)
