"""Random networks: every σ, every shape of W, dropout, and factors of the layers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from support.strategies import HIDDEN, fits

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS, Sigma
from fuzz.drawing import Random, happens, pick

SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64, 65, 100)
LARGE = (128, 257, 300)
PARAMETERS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "leaky_relu": ("slope", (0.0, 0.3, -0.5, 1.0)),
    "elu": ("alpha", (0.5, -0.5, 2.0)),
    "layer_norm": ("epsilon", (0.1, 1.0)),
}


# Steps of the decimal exponent in extreme problems. The largest number lies between two of their multiples, far from
# both, so that a product of powers clearly overflows or clearly does not. Close to it, the order of sums would decide.
DECADES = {"float32": 14, "float64": 120}


def power(rng: Random, dtype: str, lowest: int = -2, highest: int = 2) -> float:
    """Returns a power of ten from the range of the dtype, often 1, whose exponent is a multiple of DECADES."""
    exponent = pick(rng, [0, 0, 0, *range(lowest, highest + 1)])
    return float(10.0 ** (exponent * DECADES[dtype]))


def within(values: Array, dtype: str) -> Array:
    """Returns finite numbers of this dtype."""
    largest = np.finfo(dtype).max
    return np.asarray(np.clip(values, -largest, largest).astype(dtype))


def random_network(rng: Random, cost: cr.Cost, dtype: str, is_extreme: bool) -> cr.Network:
    """Returns a network that the cost accepts; z is about 1 unless it is extreme."""
    r = pick(rng, [1, 1, 2, 2, 2, 3, 4])
    sizes = [pick(rng, SIZES + (LARGE if happens(rng, 0.1) else ())) for _ in range(r + 1)]
    if isinstance(cost, cr.CrossEntropy):
        sizes[-1] = max(sizes[-1], 2)
    layers = []
    for i, (n, m) in enumerate(pairwise(sizes), 1):
        sigma = _output(rng, cost, m, is_extreme) if i == r else _hidden(rng, m, is_extreme)
        layers.append(_layer(rng, sigma, m, n, dtype, is_hidden=i < r, is_extreme=is_extreme))
    return cr.Network(layers)


def _hidden(rng: Random, m: int, is_extreme: bool) -> Sigma:
    names = sorted(ACTIVATIONS) if is_extreme else [name for name in HIDDEN if m > 2 or name != "layer_norm"]
    sigma = ACTIVATIONS["relu" if happens(rng, 0.2) else pick(rng, names)]
    if sigma.name in PARAMETERS and happens(rng, 0.5):
        name, values = PARAMETERS[sigma.name]
        sigma = sigma.with_parameters(**{name: pick(rng, values)})
    return cr.Parametric(sigma) if isinstance(sigma, cr.Activation) and happens(rng, 0.2) else sigma


def _output(rng: Random, cost: cr.Cost, m: int, is_extreme: bool) -> Sigma:
    """Returns the σ that belongs to the cost, or any that fits it."""
    if cost.canonical is not None and (not is_extreme or happens(rng, 0.5)):
        return ACTIVATIONS[cost.canonical]
    names = ["identity", "identity", *(name for name in HIDDEN if m > 2 or name != "layer_norm")]
    fitting = [name for name in names if fits(cost, ACTIVATIONS[name], m)]
    return ACTIVATIONS[pick(rng, fitting or [cost.canonical])]


def _layer(rng: Random, sigma: Sigma, m: int, n: int, dtype: str, is_hidden: bool, is_extreme: bool) -> cr.Layer:
    size = power(rng, dtype) if is_extreme and happens(rng, 0.4) else 1.0
    settings: dict[str, Any] = {}
    if happens(rng, 0.15):
        settings["rate"] = cr.Factors(*(pick(rng, [0.0, 0.1, 1.0, 6.0]) for _ in range(3)))
    if happens(rng, 0.15):
        settings["decay"] = cr.Factors(*(pick(rng, [0.0, 0.5, 1.0]) for _ in range(3)))
    if is_hidden and happens(rng, 0.25):
        settings["dropout"] = pick(rng, [0.1, 0.5, 0.9, cr.FlatCosine(0.3), cr.Step(0.4, every=1.5)])
    if isinstance(sigma, cr.Parametric):
        settings["kappa"] = within(rng.uniform(-0.5, 1.5, size=m), dtype)
    b = 0.0 if happens(rng, 0.2) else 0.5 * size
    return cr.Layer(_weights(rng, m, n, dtype, size), within(rng.normal(size=m) * b, dtype), sigma, **settings)


def _weights(rng: Random, m: int, n: int, dtype: str, size: float) -> Any:
    """Returns W (m, n): full, zero, sparse, diagonal, or of equal blocks."""
    with np.errstate(over="ignore"):
        W = within(rng.normal(size=(m, n)) / np.sqrt(n) * size, dtype)
    kind = rng.random()
    if kind < 0.05:
        return np.zeros_like(W)
    if kind < 0.1:
        return np.where(rng.random((m, n)) < 0.9, W.dtype.type(0), W)
    if kind < 0.2 and m == n:
        return cr.Diagonal(np.diag(W).copy())
    if kind < 0.3:
        count = pick(rng, [c for c in range(1, min(m, n) + 1) if m % c == n % c == 0])
        p, q = m // count, n // count
        return cr.BlockDiagonal(W[k * p : (k + 1) * p, k * q : (k + 1) * q].copy() for k in range(count))
    return W
