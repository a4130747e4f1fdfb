"""Networks and examples for every σ and every cost that it fits, in float32 and float64, of many sizes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.costs import COSTS
from chainrule.network.forward import forward
from support.engines.gradient_bounds import DTYPES, Case
from support.strategies import fits, random_labels, random_network

SIZES: list[tuple[int, ...]] = [
    (1, 257, 7, 31),
    (7, 1, 31, 33),
    (31, 33, 257, 1),
    (33, 7, 33, 257),
    (257, 31, 1, 7),
    (7, 7, 31, 7),
]
BATCHES = [37, 1, 101]
SIGMAS: list[Sigma] = [
    *ACTIVATIONS.values(),
    cr.leaky_relu.with_parameters(slope=0.3),
    cr.leaky_relu.with_parameters(slope=-0.5),
    cr.elu.with_parameters(alpha=0.5),
    cr.elu.with_parameters(alpha=-0.5),
    cr.layer_norm.with_parameters(epsilon=0.1),
]


def title(sigma: Sigma) -> str:
    """The name of σ with its parameters."""
    return "-".join([sigma.name, *(f"{value:g}" for value in sigma.parameters.values())])


def draw(sigma: Sigma, kind: type[cr.Cost], sizes: tuple[int, ...], t: int, dtype: str, number: int) -> Case | None:
    """A network with σ in its hidden layers, and in the output layer where it fits the cost.

    The settings of the cost and the weights take turns. z is about 1; it lies between ½ and 3/2 where σ is e^z and
    where the cost takes a logarithm of a[r], so that neither function becomes extreme.
    """
    settings = {"mean": number % 2 == 1, "l1": 0.1 * (number % 3 == 1), "l2": 0.2 * (number % 4 > 1)}
    own = {"label_smoothing": 0.1 * (number % 2), "threshold": 0.3, "q": 0.2}
    taken = {field.name for field in fields(kind)}
    cost = kind(**settings, **{name: value for name, value in own.items() if name in taken})  # type: ignore[arg-type]
    m = sizes[-1]
    if isinstance(cost, cr.CrossEntropy) and m == 1:
        m = 2
    output = sigma if fits(cost, sigma, m) else ACTIVATIONS[cost.canonical or "identity"]
    if isinstance(cost, cr.LogLikelihood) and output.name == "softmax" and m == 1:
        return None  # a = 1 always, so that log (1 − a) is −∞
    rng = np.random.default_rng([zlib.crc32(f"{title(sigma)} {cost.name}".encode()), number])
    sigmas = [sigma] * (len(sizes) - 2) + [output]
    net = random_network(rng, [*sizes[:-1], m], sigmas)
    X, Y = rng.normal(size=(t, sizes[0])), random_labels(rng, cost, t, m)
    logarithm = cost.outputs != (-np.inf, np.inf) and not cost.closed_form(output)
    for i in range(1, net.r + 1):
        if net.sigma[i].name == "exp" or (logarithm and i == net.r):
            sums = forward(net, X).z[i] - net.b[i]
            net.W[i][...] *= 0.25 / (abs(sums).max() or 1.0)
            net.b[i][...] = rng.uniform(0.75, 1.25, size=net.m[i])
    weights = rng.uniform(0.5, 2.0, size=t).astype(dtype) if number % 5 > 2 else None
    net = net.astype(dtype)
    return Case(net, cost, X.astype(dtype), cost.targets(Y.astype(dtype), m, net.dtype), weights)


def cases(sigma: Sigma, kind: type[cr.Cost]) -> Iterator[Case]:
    """Every size as input, hidden layer and output, with each dtype; the batches take turns."""
    for number, sizes in enumerate(SIZES):
        if sigma.name == "layer_norm":  # of one entry it is 0, of two entries almost ±1
            sizes = (sizes[0], *(max(m, 3) for m in sizes[1:]))
        for k, dtype in enumerate(DTYPES):
            case = draw(sigma, kind, sizes, BATCHES[(number + k) % 3], dtype, number)
            if case is not None:
                yield case


TABLE = [
    pytest.param(sigma, kind, id=f"{title(sigma)}-{kind.name}")
    for sigma in SIGMAS
    for kind in COSTS.values()
    if sigma in ACTIVATIONS.values() or kind is cr.SumOfSquares  # one cost suffices for other parameters
]
