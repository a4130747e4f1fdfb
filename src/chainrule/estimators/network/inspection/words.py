"""Words about a fitted estimator that its summary, its card, its curves and its report share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from chainrule._internal.durations import duration
from chainrule.estimators.network.recipe import Recipe
from chainrule.network import Network
from chainrule.optimizers import AdamW
from chainrule.optimizers.schedules import Schedule

STOPPED = {  # explanations of ``stopped_``
    "patience": "stopped early",
    "time_limit": "cut by the time limit",
    "callback": "stopped by a callback",
    "interrupted": "interrupted",
}

EMBEDDINGS = {
    "periodic": "a periodic embedding",
    "piecewise": "a piecewise linear embedding",
    "thresholds": "a piecewise linear embedding, with thresholds of trees,",
    "steps": "an embedding by steps, at thresholds of trees,",
}


def name_of(estimator: Any) -> str:
    """Returns the table, or the targets, that the estimator was trained on, or else the name of its class."""
    source, names = estimator.model_.about.get("source"), ", ".join(estimator.model_.target_names)
    return ": ".join(part for part in (source, names) if part) or type(estimator).__name__


def sizes(networks: Sequence[Network]) -> list[str]:
    """Returns the sizes of each kind of network: "3 of 14-64-64-2, 5,378 parameters each"."""
    kinds = Counter(("-".join(map(str, net.m)), net.d) for net in networks)
    if len(networks) == 1:
        return [f"{shape}, {d:,} parameters" for shape, d in kinds]
    return [f"{count} of {shape}, {d:,} parameters{' each' * (count > 1)}" for (shape, d), count in kinds.items()]


def recipe_in_words(recipe: Recipe) -> str:
    """Describes a recipe in one line."""
    return " ".join(recipe_sentences(recipe))


def recipe_sentences(recipe: Recipe) -> list[str]:
    """Describes the hidden layers, the cost and the optimizer of a recipe."""
    kind = "parametric " if recipe.parametric else ""
    layers = ", ".join(f"{layer.width} {kind}{_name(layer.activation)}" for layer in recipe.hidden) or "none"
    embedding = f", after {EMBEDDINGS[recipe.embedding]} of the numbers" if recipe.embedding else ""
    return [f"Hidden layers: {layers}{embedding}.", f"Cost: {recipe.cost.in_words}.", f"Optimizer: {_steps(recipe)}."]


def _steps(recipe: Recipe) -> str:
    """Describes the optimizer, its rate, the rows of a step, and the epochs."""
    optimizer = recipe.optimizer
    if recipe.minimizer is not None:
        return f"{recipe.minimizer}, all rows per step, at most {recipe.epochs} epochs"
    schedule = f" ({type(optimizer.learning_rate).__name__})" if isinstance(optimizer.learning_rate, Schedule) else ""
    decay = f", weight decay {weight_decay(recipe):g}" if weight_decay(recipe) else ""
    batch = "all rows" if recipe.batch_size is None else f"about {recipe.batch_size} rows"
    alpha = f"{rate(recipe):g}{schedule}"
    return f"{optimizer.name}, learning rate {alpha}{decay}, {batch} per step, {recipe.epochs} epochs"


def rate(recipe: Recipe) -> float:
    """Returns the base learning rate of the schedule, or the rate of the first step."""
    planned = recipe.optimizer.learning_rate
    base = getattr(planned, "rate", planned)
    return float(base) if isinstance(base, (int, float)) else recipe.optimizer.schedule.at(0, 1)


def weight_decay(recipe: Recipe) -> float:
    """Returns AdamW's λ at the first step; 0 for other optimizers."""
    decay = recipe.optimizer.weight_decay if isinstance(recipe.optimizer, AdamW) else 0.0
    return decay.at(0, 1) if isinstance(decay, Schedule) else float(decay)


def _name(sigma: object) -> str:
    return sigma if isinstance(sigma, str) else str(getattr(sigma, "name", sigma))


def span(numbers: Sequence[int]) -> str:
    """Returns the least and the largest number, "11 to 66", or the only one."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def training_in_words(estimator: Any) -> str:
    """Describes how long the networks were trained, and why training ended: "best 46 of 256, 2.2 s"."""
    epochs = [history.epochs for history in estimator.histories_]
    if not epochs:
        return "not known: the file is of an early version"
    kept = [epoch for epoch in estimator.kept_epochs_ if epoch]
    best = f"best {span(kept)} of {span(epochs)}" if kept else f"{span(epochs)}, the last is kept"
    seconds = duration(sum(float(history.seconds.sum()) for history in estimator.histories_))
    together = " over all networks" if len(epochs) > 1 else ""
    why = f", {STOPPED[estimator.stopped_]}" if estimator.stopped_ in STOPPED else ""
    return f"{best}; {seconds}{together}{why}; engine {estimator.histories_[0].engine}"


def left_out(estimator: Any) -> list[tuple[str, str]]:
    """Returns the columns that are left out, with the reasons."""
    return list(estimator.encoder_.dropped_.items())
