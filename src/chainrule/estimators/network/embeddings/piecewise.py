"""The piecewise linear embeddings of numbers, for functions with thresholds, as trees represent them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule._internal.checks import Array, Floats
from chainrule.activations import Parametric
from chainrule.estimators.network.embeddings.bins import BINS
from chainrule.network import BlockDiagonal, Factors, Layer

FEATURES = 4  # per number
RATE = 0.1


def piecewise(bins: Sequence[Floats], n_others: int, rng: np.random.Generator) -> list[Layer]:
    """Returns two layers that map each number x to (x, V e(x) + c) ∈ ℝ⁴, and pass other features through.

    e(x) has one entry for each bin (q, q′) of the number, which are the rows of ``bins``: −1 below the bin, 1 above it,
    and linear in between, the hard tanh of 2 (x − q)/(q′ − q) − 1. W, b and κ of this layer stay as they are. A unit
    beside these passes x through (κ = 0). The second layer is linear, W = diag(V₁, …) with a block (4, 1 + k) for each
    number of k bins.

    Source: Y. Gorishniy, I. Rubachev & A. Babenko, On embeddings for numerical features in tabular deep learning,
    NeurIPS 2022 (piecewise linear encoding, with bins by quantiles and by trees).
    """
    slopes, offsets, kappa, V, c = [], [], [], [], []
    for q in bins:
        width = q[:, 1] - q[:, 0]
        slopes.append(np.concatenate([[1.0], 2.0 / width]))
        offsets.append(np.concatenate([[0.0], -2.0 * q[:, 0] / width - 1.0]))
        kappa.append(np.concatenate([[0.0], np.ones(len(width))]))
        block = rng.uniform(-1.0, 1.0, (FEATURES, 1 + len(width))) / math.sqrt(max(1, len(width)))
        block[:, 0] = 0.0
        block[0] = 0.0
        block[0, 0] = 1.0
        V.append(block)
        c.append(np.concatenate([[0.0], rng.uniform(-1.0, 1.0, FEATURES - 1) / math.sqrt(BINS)]))
    passed: list[Array] = [np.ones((1, 1))] * n_others
    zeros = np.zeros(n_others)
    return [
        Layer(
            BlockDiagonal([*(w[:, None] for w in slopes), *passed]),
            np.concatenate([*offsets, zeros]),
            Parametric("hard_tanh"),
            kappa=np.concatenate([*kappa, zeros]),
            rate=Factors(W=0.0, b=0.0, kappa=0.0),
        ),
        Layer(
            BlockDiagonal([*V, *passed]),
            np.concatenate([*c, zeros]),
            "identity",
            rate=Factors(W=RATE, b=RATE),
        ),
    ]
