"""Networks at their initial values: embeddings of numbers, a scaling layer, and dense layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from chainrule import activations, initial
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.activations import Activation, Parametric, Sigma
from chainrule.costs import Cost, CrossEntropy, LogLikelihood, Poisson
from chainrule.errors import InputError
from chainrule.estimators.examples import Examples
from chainrule.estimators.network.embeddings import bins
from chainrule.estimators.network.embeddings.periodic import periodic
from chainrule.estimators.network.embeddings.piecewise import piecewise
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.recipes.levenberg_marquardt import require_small
from chainrule.initial import Initial
from chainrule.network import Diagonal, Factors, Layer, Network
from chainrule.optimizers.schedules import Schedule
from chainrule.processes.machine_memory import machine_memory
from chainrule.tables.columns import Task

MOST_EMBEDDED = 64  # with more numbers, the first dense layer would dominate the network
ROWS_FOR_INITIAL = 1_000  # enough to estimate the standard deviation of each z to 2 %
ROWS_FOR_BINS = 10_000  # enough to estimate the rank of each quantile to half a per cent
NUMBERS_FOR_INITIAL = 1 << 24  # of sparse rows, which become dense for it


@dataclass(frozen=True)
class Shape:
    """The shape of a network: n features, the first ``n_numbers`` of them numbers, and m outputs."""

    n: int
    n_numbers: int
    m: int


def output_activation(cost: Cost, task: Task) -> Sigma:
    """Returns the output activation σ[r] for a cost: its canonical softmax, exp or sigmoid, else the identity.

    For classification the outputs are probabilities with any cost: sigmoids, unless it is the cross-entropy.
    """
    if isinstance(cost, CrossEntropy):
        return activations.get("softmax")
    if isinstance(cost, Poisson):
        return activations.get("exp")
    return activations.get("sigmoid" if task != "regression" or isinstance(cost, LogLikelihood) else "identity")


def network(recipe: Recipe, shape: Shape, task: Task, examples: Examples, seed: int, dtype: str) -> Network:
    """Returns a network whose initial values are drawn with ``seed``.

    Those of "data" and of the piecewise embeddings are fitted to examples.

    Raises InputError if it needs more memory in training than the machine has, or than its minimizer is for.
    """
    rng = np.random.default_rng(seed)
    layers: list[Layer] = []
    if 0 < shape.n_numbers <= MOST_EMBEDDED:
        layers += _embedding(recipe, shape, examples, rng)
    n = layers[-1].m if layers else shape.n
    if recipe.scaling_rate:
        layers.append(Layer(Diagonal(np.ones(n)), np.zeros(n), "identity", rate=Factors(recipe.scaling_rate, b=0.0)))
    sizes = [n, *(hidden.width for hidden in recipe.hidden), shape.m]
    _require_memory(sizes, dtype)
    if recipe.minimizer is not None:
        require_small(sizes, len(examples.X))
    for hidden in recipe.hidden:
        sigma = activations.get(cast("Sigma", hidden.activation))
        if recipe.parametric and isinstance(sigma, Activation) and not isinstance(sigma, Parametric):
            sigma = Parametric(sigma)
        layers.append(_dense(recipe, n, hidden.width, sigma, rng, hidden.dropout or 0.0))
        n = hidden.width
    layers.append(_dense(recipe, n, shape.m, output_activation(recipe.cost, task), rng, output=True))
    net = Network(layer.astype(dtype) for layer in layers)  # no network in float64 first
    if recipe.initial == "data":
        initial.from_data(net, _sample(examples.X, rng), seed=int(rng.integers(2**63)))
    if recipe.zero_output:
        net.W[net.r][...] = 0.0
        net.b[net.r][...] = 0.0
    return net


def _require_memory(sizes: Sequence[int], dtype: str) -> None:
    """Raises InputError if θ, ∇J and two moments of full layers of these sizes are larger than the machine's memory."""
    d = sum(m * n + m for n, m in pairwise(sizes))
    needed, there = 4 * d * np.dtype(dtype).itemsize, machine_memory()
    if there is not None and needed > there:
        raise InputError(
            f"a network of the sizes {'-'.join(map(str, sizes))} has {d:,} parameters, whose training needs "
            f"{needed / 1e9:,.1f} GB of memory; this machine has {there / 1e9:,.1f} GB. Use fewer hidden units."
        )


def _embedding(recipe: Recipe, shape: Shape, examples: Examples, rng: np.random.Generator) -> list[Layer]:
    """Returns the layers that embed the numbers, if the recipe has some."""
    others = shape.n - shape.n_numbers
    if recipe.embedding is None:
        return []
    if recipe.embedding == "periodic":
        return periodic(shape.n_numbers, others, rng)
    X, Y, weights = examples.at(_some(len(examples.X), ROWS_FOR_BINS, rng))
    numbers = _dense_rows(X)[:, : shape.n_numbers].T
    if recipe.embedding == "piecewise":
        return piecewise([bins.between_quantiles(x, weights) for x in numbers], others, rng)
    bins_of = bins.steps if recipe.embedding == "steps" else bins.between_thresholds
    return piecewise([bins_of(x, Y, weights) for x in numbers], others, rng)


def _sample(X: Rows, rng: np.random.Generator) -> Array:
    """Returns some rows of X, drawn at random, as a dense array of bounded size."""
    count = ROWS_FOR_INITIAL
    if isinstance(X, SparseRows):
        count = min(count, max(1, NUMBERS_FOR_INITIAL // X.shape[1]))
    return _dense_rows(X[_some(len(X), count, rng)])


def _some(t: int, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Returns the numbers of ``count`` of t rows, drawn at random, or of all of them."""
    return np.arange(t) if t <= count else np.sort(rng.choice(t, count, replace=False))


def _dense_rows(X: Rows) -> Array:
    return X.toarray() if isinstance(X, SparseRows) else X


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
    """Returns a layer with a full W (m, n), the recipe's rates, and a decay independent of them."""
    rate = n**-0.5 if recipe.ntk else 1.0
    if isinstance(recipe.initial, Initial):
        W, b = recipe.initial.draw(rng, m, n), np.zeros(m)
    else:
        W = rng.standard_normal((m, n))
        W /= math.sqrt(n)  # in place: a copy of a large W takes as long as its draw
        b = np.zeros(m) if output else rng.standard_normal(m)
    return Layer(
        W, b, sigma, dropout,
        rate=Factors(W=rate, b=recipe.bias_rate, kappa=recipe.kappa_rate),
        decay=Factors(W=1.0 / rate),
    )  # fmt: skip
