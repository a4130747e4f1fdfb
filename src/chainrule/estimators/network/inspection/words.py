"""Words about a fitted estimator that its summary, its card, its curves and its report share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule._internal.durations import duration
from chainrule.estimators.network.recipe import Recipe
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
    """Describes how long the networks were trained, and why training ended: "best 46 of 256, 2.2 s".

    After ``partial_fit``: "best 46 of 256 in fit, then 3 over later rows, the last is kept; 2.3 s".
    """
    epochs = [history.epochs for history in estimator.histories_]
    if not epochs:
        return "not known: the file is of an early version"
    best = _best(estimator.kept_epochs_, epochs)
    if (later := estimator._later) is not None and any(later.fit_epochs):
        passes = [count - before for count, before in zip(epochs, later.fit_epochs, strict=True)]
        end = f"best {span(known)} of all" if (known := _known(later.kept)) else "the last is kept"
        of_fit = _best(later.fit_kept, later.fit_epochs, "")
        best = f"{of_fit} in fit, then {span(passes)} over later rows, {end}"
    seconds = duration(sum(float(history.seconds.sum()) for history in estimator.histories_))
    together = " over all networks" if len(epochs) > 1 else ""
    why = f", {STOPPED[estimator.stopped_]}" if estimator.stopped_ in STOPPED else ""
    return f"{best}; {seconds}{together}{why}; engine {estimator.histories_[0].engine}"


def _best(kept: Sequence[int | None], epochs: Sequence[int], otherwise: str = ", the last is kept") -> str:
    known = _known(kept)
    return f"best {span(known)} of {span(epochs)}" if known else f"{span(epochs)}{otherwise}"


def _known(kept: Sequence[int | None]) -> list[int]:
    return [epoch for epoch in kept if epoch]


def circles_in_words(estimator: Any) -> str:
    """Describes the circles of the learning curves, and how the networks were trained."""
    later, training = estimator._later, training_in_words(estimator)
    if any(estimator.kept_epochs_):
        return f"The circle is the epoch of each network that is kept: {training}."
    if later is not None and any(later.fit_kept):
        return f"The circle is the epoch of each network that fit had kept: {training}."
    return f"Epochs: {training}."


def rows_in_words(estimator: Any) -> str:
    """Returns the number of rows that the networks were trained on: "951 rows, 891 in fit and 60 later"."""
    known = estimator.model_.about.get("rows")
    if known is None:
        return "not known: the file is of an early version"
    later = estimator._later
    each = f", {later.fit_rows:,} in fit and {later.rows:,} later" if later is not None and later.fit_rows else ""
    return f"{known:,} rows{each}"


def left_out(estimator: Any) -> list[tuple[str, str]]:
    """Returns the columns that are left out, with the reasons."""
    return list(estimator.encoder_.dropped_.items())
