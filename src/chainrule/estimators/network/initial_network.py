"""From a recipe to a network at its initial values: embeddings of numbers, a scaling layer, dense layers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from chainrule import activations, initial
from chainrule._internal.checks import Array
from chainrule.activations import Activation, Parametric, Sigma
from chainrule.costs import Cost, CrossEntropy, LogLikelihood, Poisson
from chainrule.estimators.network.recipe import Recipe
from chainrule.initial import Initial
from chainrule.network import BlockDiagonal, Diagonal, Factors, Layer, Network
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.target_decoder import Task

FREQUENCIES, EMBEDDED = 16, 4  # of each number: cosines of it, and what becomes of it
FREQUENCY_SCALE = 0.1  # the standard deviation of the frequencies
EMBEDDING_RATE = 0.1
MOST_EMBEDDED = 100  # numbers: with more, the first dense layer would become the largest part of the network
ROWS_FOR_INITIAL = 5_000  # that many rows tell the variance of a z well enough


@dataclass(frozen=True)
class Shape:
    """What a network takes and gives: n features, of which the first are numbers, and m outputs."""

    n: int
    n_numbers: int
    m: int


def output_activation(cost: Cost, task: Task) -> Sigma:
    """σ[r] that suits the cost: softmax, sigmoid or exp where it is the canonical one, else the identity.

    Outputs for classes are probabilities whatever the cost: sigmoids where the cost is not the cross-entropy.
    """
    if isinstance(cost, CrossEntropy):
        return activations.get("softmax")
    if isinstance(cost, Poisson):
        return activations.get("exp")
    return activations.get("sigmoid" if task == "classification" or isinstance(cost, LogLikelihood) else "identity")


def network(recipe: Recipe, shape: Shape, task: Task, X: Array, seed: int, dtype: str) -> Network:
    """A network of this shape, at initial values that ``seed`` draws, and for "data" the rows X (t, n) tell."""
    rng = np.random.default_rng(seed)
    layers: list[Layer] = []
    if recipe.embedding and 0 < shape.n_numbers <= MOST_EMBEDDED:
        layers += embedding(shape.n_numbers, shape.n - shape.n_numbers, rng)
    n = layers[-1].m if layers else shape.n
    if recipe.scaling_rate:
        layers.append(Layer(Diagonal(np.ones(n)), np.zeros(n), "identity", rate=Factors(recipe.scaling_rate, b=0.0)))
    for hidden in recipe.hidden:
        sigma = activations.get(cast("Sigma", hidden.activation))
        if recipe.parametric and isinstance(sigma, Activation) and not isinstance(sigma, Parametric):
            sigma = Parametric(sigma)
        layers.append(_dense(recipe, n, hidden.width, sigma, rng, hidden.dropout or 0.0))
        n = hidden.width
    layers.append(_dense(recipe, n, shape.m, output_activation(recipe.cost, task), rng, output=True))
    net = Network(layers).astype(dtype)
    if recipe.initial == "data":
        initial.from_data(net, X[:ROWS_FOR_INITIAL], seed=int(rng.integers(2**63)))
    if recipe.zero_output:
        net.W[net.r][...] = 0.0
        net.b[net.r][...] = 0.0
    return net


def _dense(
    recipe: Recipe,
    n: int,
    m: int,
    sigma: Sigma,
    rng: np.random.Generator,
    dropout: float | Schedule = 0.0,
    *,
    output: bool = False,
) -> Layer:
    """A layer with a full W (m, n), the rates of the recipe, and a decay that does not follow them."""
    rate = n**-0.5 if recipe.ntk else 1.0
    if isinstance(recipe.initial, Initial):
        W, b = recipe.initial.draw(rng, m, n), np.zeros(m)
    else:
        W, b = rng.standard_normal((m, n)) / math.sqrt(n), np.zeros(m) if output else rng.standard_normal(m)
    return Layer(
        W, b, sigma, dropout,
        rate=Factors(W=rate, b=recipe.bias_rate, kappa=recipe.kappa_rate),
        decay=Factors(W=1.0 / rate),
    )  # fmt: skip


def embedding(n_numbers: int, n_others: int, rng: np.random.Generator) -> list[Layer]:
    """Two layers that turn each number x into (x, V cos(2π w x + φ) + c) ∈ ℝ⁴, and pass the other features on.

    The first has for each number one unit that passes it (κ = 0) and 16 that take its sine at w ~ N(0, 0.1²) and a
    phase spread evenly, a sine of which is a cosine; the second is linear, W = diag(V₁, …) with blocks (4, 17).

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, 2024 (PBLD); Y. Gorishniy, I. Rubachev &
    A. Babenko, On embeddings for numerical features, 2022 (periodic ones).
    """
    p = 1 + FREQUENCIES
    W = 2.0 * math.pi * rng.normal(0.0, FREQUENCY_SCALE, (n_numbers, p))
    phase = rng.uniform(-math.pi, math.pi, (n_numbers, p))
    W[:, 0], phase[:, 0] = 1.0, 0.0
    kappa = np.ones((n_numbers, p))
    kappa[:, 0] = 0.0
    V = rng.uniform(-1.0, 1.0, (n_numbers, EMBEDDED, p)) / math.sqrt(FREQUENCIES)
    c = rng.uniform(-1.0, 1.0, (n_numbers, EMBEDDED)) / math.sqrt(FREQUENCIES)
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
            rate=Factors(W=2.0 * math.pi * EMBEDDING_RATE, b=EMBEDDING_RATE, kappa=0.0),
        ),
        Layer(
            BlockDiagonal([*V, *passed]),
            np.concatenate([c.ravel(), zeros]),
            "identity",
            rate=Factors(W=EMBEDDING_RATE, b=EMBEDDING_RATE),
        ),
    ]
