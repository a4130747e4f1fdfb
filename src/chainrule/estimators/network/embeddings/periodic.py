"""The periodic embedding of numbers, for smooth functions."""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations import Parametric
from chainrule.network import BlockDiagonal, Factors, Layer

FREQUENCIES, FEATURES = 16, 4  # cosines per number, and features per number
FREQUENCY_SCALE = 0.1  # the standard deviation of the frequencies
RATE = 0.1


def periodic(n_numbers: int, n_others: int, rng: np.random.Generator) -> list[Layer]:
    """Returns two layers that map each number x to (x, V cos(2π w x + φ) + c) ∈ ℝ⁴, and pass other features through.

    In the first, each number has one unit that passes it through (κ = 0) and 16 sines of frequency w ~ N(0, 0.1²) and
    uniform phase, which are as good as cosines. The second is linear, W = diag(V₁, …) with blocks (4, 17).

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, 2024 (PBLD); Y. Gorishniy, I. Rubachev &
    A. Babenko, On embeddings for numerical features, 2022.
    """
    p = 1 + FREQUENCIES
    W = 2.0 * math.pi * rng.normal(0.0, FREQUENCY_SCALE, (n_numbers, p))
    phase = rng.uniform(-math.pi, math.pi, (n_numbers, p))
    W[:, 0], phase[:, 0] = 1.0, 0.0
    kappa = np.ones((n_numbers, p))
    kappa[:, 0] = 0.0
    V = rng.uniform(-1.0, 1.0, (n_numbers, FEATURES, p)) / math.sqrt(FREQUENCIES)
    c = rng.uniform(-1.0, 1.0, (n_numbers, FEATURES)) / math.sqrt(FREQUENCIES)
    V[:, :, 0] = 0.0
    V[:, 0, :] = 0.0
    V[:, 0, 0], c[:, 0] = 1.0, 0.0
    passed: list[Array] = [np.ones((1, 1))] * n_others
    zeros = np.zeros(n_others)
    return [
        Layer(
            BlockDiagonal([*(w[:, None] for w in W), *passed]),
            np.concatenate([phase.ravel(), zeros]),
            Parametric("sine"),
            kappa=np.concatenate([kappa.ravel(), zeros]),
            rate=Factors(W=2.0 * math.pi * RATE, b=RATE, kappa=0.0),
        ),
        Layer(
            BlockDiagonal([*V, *passed]),
            np.concatenate([c.ravel(), zeros]),
            "identity",
            rate=Factors(W=RATE, b=RATE),
        ),
    ]
