"""The recipes that preset="tuned" tries."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from chainrule.costs import CrossEntropy
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Embedding, Recipe
from chainrule.optimizers import AdamW
from chainrule.optimizers.schedules import CosLog4, FlatCosine

CANDIDATES = 24
WIDTHS = ((128, 128, 128), (256, 256, 256), (64, 64, 64, 64, 64), (512,))
SIGMAS = ("selu", "mish", "relu")
EMBEDDINGS: tuple[Embedding | None, ...] = ("piecewise", "thresholds", "steps", "periodic", None)
DROPOUTS = (0.0, 0.15, 0.3)
DECAYS = (0.0, 0.02)
SMOOTHINGS = (0.0, 0.05, 0.1)
RATE_FACTOR = 3.0  # learning rates lie between a third and three times that of a known recipe with the same embedding


def candidates(known: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """Returns recipes to choose from: the ``known`` ones, which compete, and others drawn around them, always the same.

    Drawn are the embedding, the widths, σ, dropout, the decay of weights, the learning rate (log-uniform), the scaling
    layer, κ, and for classes the smoothing of labels.

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, NeurIPS 2024 (RealMLP's search space).
    """
    rng = np.random.default_rng(0)
    return known + tuple(_drawn(known, rng) for _ in range(CANDIDATES - len(known)))


def _drawn(known: tuple[Recipe, ...], rng: np.random.Generator) -> Recipe:
    embedding = EMBEDDINGS[rng.integers(len(EMBEDDINGS))]
    base = next((recipe for recipe in known if recipe.embedding == embedding), known[0])
    widths, sigma = WIDTHS[rng.integers(len(WIDTHS))], SIGMAS[rng.integers(len(SIGMAS))]
    dropout, decay = DROPOUTS[rng.integers(len(DROPOUTS))], DECAYS[rng.integers(len(DECAYS))]
    factor = math.exp(rng.uniform(-1.0, 1.0) * math.log(RATE_FACTOR))
    assert isinstance(base.optimizer, AdamW)
    rate = base.optimizer.schedule.rate * factor
    cost, smoothing = base.cost, SMOOTHINGS[rng.integers(len(SMOOTHINGS))]
    return replace(
        base,
        competes=None,
        embedding=embedding,
        hidden=tuple(Hidden(width, sigma, FlatCosine(dropout) if dropout else 0.0) for width in widths),
        optimizer=replace(
            base.optimizer, learning_rate=CosLog4(rate), weight_decay=FlatCosine(decay) if decay else 0.0
        ),
        cost=replace(cost, label_smoothing=smoothing) if isinstance(cost, CrossEntropy) else cost,
        scaling_rate=float(rng.choice([base.scaling_rate, 0.0], p=[0.7, 0.3])),
        parametric=bool(rng.integers(2)),
    )
