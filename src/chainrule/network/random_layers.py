"""Layers with random weights, with which a network starts (Lecture, L6; L12 for the start θ₀)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from chainrule import activations, initial
from chainrule._internal.checks import as_array, as_seed
from chainrule.activations import Sigma
from chainrule.errors import InputError
from chainrule.network.arguments import as_dtype, as_sizes, one_each
from chainrule.network.layer import Layer, as_dropout
from chainrule.optimizers.schedules import Schedule


def random_layers(
    sizes: Sequence[int],
    hidden: Sigma | str | Sequence[Sigma | str],
    output: Sigma | str,
    rule: initial.Initial | str | None,
    dropout: float | Schedule | Sequence[float | Schedule],
    seed: int | None,
    dtype: DTypeLike,
) -> list[Layer]:
    """Returns layers whose W[i] are drawn by the rule, by default that of σ[i], and whose b[i] are 0."""
    m = as_sizes(sizes)
    r = len(m) - 1
    sigmas = [*one_each(hidden, r - 1, "hidden", activations.get), activations.get(output)]
    dropouts = [*one_each(dropout, r - 1, "dropout", as_dropout), 0.0]
    rng = np.random.default_rng(seed if seed is None else as_seed(seed))
    kind = as_dtype(dtype)
    layers = []
    for n_i, m_i, sigma, p in zip(m, m[1:], sigmas, dropouts, strict=False):
        W = as_array(initial.get(sigma.hidden_initial if rule is None else rule).draw(rng, m_i, n_i), "W", kind)
        if W.shape != (m_i, n_i):
            raise InputError(f"initial must draw W of shape {(m_i, n_i)}; got {W.shape}.")
        layers.append(Layer(W, np.zeros(m_i, kind), sigma, p))
    return layers
