"""What is told of a training run: before, after, and in the model's file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule.cli.target import Score
from chainrule.cli.train.progress import duration
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_options import TrainingOptions, format_sizes
from chainrule.estimators.network.recipe import Recipe
from chainrule.optimizers import AdamW
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.model import TableModel
from chainrule.training import History


def announcement(recipes: Sequence[Recipe], chosen: TrainingOptions) -> list[str]:
    """What will be done; several recipes are taken in turn by the networks."""
    first = recipes[0]
    several = "one network" if first.n_networks == 1 else f"{first.n_networks} networks, averaged"
    part = first.validation_fraction
    held_out = f"{part:.0%} of the rows tell the best epoch of each" if part else "the last epoch of each is taken"
    limit = f" At most {duration(chosen.time_limit)}." if chosen.time_limit else ""
    return [f"Preset {chosen.preset}: {several}; {held_out}.{limit}", *dict.fromkeys(map(_described, recipes))]


def _described(recipe: Recipe) -> str:
    """A recipe in a line."""
    kind = "parametric " if recipe.parametric else ""
    layers = ", ".join(f"{layer.width} {kind}{_name(layer.activation)}" for layer in recipe.hidden) or "none"
    layers += "; numbers embedded" if recipe.embedding else ""
    optimizer = recipe.optimizer
    schedule = f" ({type(optimizer.learning_rate).__name__})" if isinstance(optimizer.learning_rate, Schedule) else ""
    decay = f", weight decay {weight_decay(recipe):g}" if weight_decay(recipe) else ""
    batch = "all rows" if recipe.batch_size is None else f"about {recipe.batch_size} rows"
    return (
        f"Hidden layers {layers}; {optimizer.name}, learning rate {rate(recipe):g}{schedule}{decay}, "
        f"{batch} a step, {recipe.epochs} epochs."
    )


def divergence_message(recipe: Recipe) -> str:
    """What to do when J was not finite any more."""
    return (
        "training diverged: J or its gradient was not finite. "
        f"Try a smaller --learning-rate, such as {rate(recipe) / 10:g} (this was {rate(recipe):g}). Nothing was saved."
    )


def outcome(histories: Sequence[History], stopped: str, seconds: float) -> str:
    """How training ended."""
    reasons = {"epochs": "all that were planned", "patience": "then validation J fell no more"}
    first = histories[0]
    if len(histories) == 1:
        how = f"Trained {first.epochs} epochs in {duration(seconds)} ({reasons.get(stopped, stopped)})"
        best = f"; the network of epoch {first.best_epoch} is kept, the best on the validation rows"
        return how + (best if first.best_epoch else "") + "."
    most, least = max(h.epochs for h in histories), min(h.epochs for h in histories)
    epochs = f"{most}" if most == least else f"{least} to {most}"
    how = f"Trained {len(histories)} networks, {epochs} epochs each, in {duration(seconds)}"
    return f"{how} ({reasons.get(stopped, stopped)}); of each the network of its best epoch is kept."


def record(
    source: str, data: TrainingData, recipe: Recipe, chosen: TrainingOptions, model: TableModel,
    histories: Sequence[History], stopped: str, seconds: float, seed: int, measured: list[Score],
) -> dict[str, Any]:  # fmt: skip
    """What the model's file tells of its training."""
    from chainrule._internal.version import __version__

    best = [h.best_epoch or h.epochs for h in histories]
    return {
        "source": source,
        "rows": {"training": len(data.split.training), "test": len(data.split.test)},
        "preset": chosen.preset,
        "networks": len(model.networks),
        "network": format_sizes(model.networks[0].m),
        "optimizer": recipe.optimizer.name,
        "learning_rate": rate(recipe),
        "weight_decay": weight_decay(recipe),
        "batch_size": recipe.batch_size,
        "class_weight": chosen.class_weight,
        "seed": seed,
        "epochs": max(h.epochs for h in histories),
        "best_epoch": best[0] if len(best) == 1 else best,
        "stopped": stopped,
        "J": _mean([h.J[at - 1] for h, at in zip(histories, best, strict=True) if at]),
        "validation_J": _mean([h.validation_J[at - 1] for h, at in zip(histories, best, strict=True) if at]),
        "seconds": round(seconds, 3),
        "engine": histories[0].engine,
        "scores": [[score.name, _finite(score.network), _finite(score.baseline)] for score in measured],
        "chainrule": __version__,
    }


def rate(recipe: Recipe) -> float:
    """The learning rate that the schedule is made of, else that of the first step."""
    planned = recipe.optimizer.learning_rate
    base = getattr(planned, "rate", planned)
    return float(base) if isinstance(base, (int, float)) else recipe.optimizer.schedule.at(0, 1)


def weight_decay(recipe: Recipe) -> float:
    """AdamW's λ at the first step; 0 for an optimizer that has none."""
    decay = recipe.optimizer.weight_decay if isinstance(recipe.optimizer, AdamW) else 0.0
    return decay.at(0, 1) if isinstance(decay, Schedule) else float(decay)


def _name(sigma: object) -> str:
    return sigma if isinstance(sigma, str) else str(getattr(sigma, "name", sigma))


def _mean(values: Sequence[float]) -> float | None:
    """The mean; None if no network has finished an epoch."""
    return _finite(math.fsum(values) / len(values)) if values else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
