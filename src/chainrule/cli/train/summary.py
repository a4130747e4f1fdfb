"""Summaries of a training run: before it, after it, and for the model's file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule._internal.durations import duration
from chainrule.cli.train.hidden_sizes import format_sizes
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.cli.train.training_run import FinishedRun, PlannedRun
from chainrule.estimators.network.inspection.words import rate, recipe_in_words, span, weight_decay
from chainrule.estimators.network.recipe import Recipe, planned_networks
from chainrule.estimators.network.validation_split import FEWEST
from chainrule.tables.inspection.measures import Measure

REASONS = {
    "patience": "stopped early: the {measure} no longer improved",
    "time_limit": "the time limit cut the plan",
}


def announcement(recipes: Sequence[Recipe], options: TrainingOptions, t: int) -> list[str]:
    """Describes the training on t rows to come; the networks take the recipes in turn."""
    first = recipes[0]
    networks, each = "one network", "it"
    if (count := planned_networks(recipes)) > 1:
        up_to = "up to " if first.competes == "together" else ""
        of_best = "of the best " if first.competes in ("alone", "together") else ""
        networks, each = f"{up_to}{count} networks, and the predictions {of_best}are averaged", "each"
    metric = f" by {options.scoring}" if options.scoring else ""
    percent = 100.0 * first.validation_fraction
    held_out = f"{each} holds out {percent:g}% of the training rows to choose its best epoch{metric}"
    if not percent or t < FEWEST:
        of_few = f" of fewer than {FEWEST}" if percent else ""
        held_out = f"no rows are held out{of_few}, and the last epoch is kept"
    limit = f" Time limit: {duration(options.time_limit)}." if options.time_limit else ""
    plan = f"Preset {options.preset}" if first.minimizer is None else "Levenberg–Marquardt"
    return [f"{plan}: {networks}; {held_out}.{limit}", *dict.fromkeys(map(recipe_in_words, recipes))]


def divergence_message(recipe: Recipe) -> str:
    """Explains a divergence, with a remedy."""
    if recipe.minimizer is not None:
        return (
            "training diverged: the cost J or its gradient is not finite at the initial θ. Try another --seed, or "
            "another --optimizer. Nothing was saved."
        )
    return (
        "training diverged: the cost J has exploded, or it or its gradient is no longer finite. "
        f"Try a smaller --learning-rate, such as {rate(recipe) / 10:g} instead of {rate(recipe):g}. Nothing was saved."
    )


def outcome(trained: FinishedRun, scoring: str | None) -> str:
    """Describes how training ended, and which epochs are kept."""
    epochs = [history.epochs for history in trained.histories]
    measure = scoring.removeprefix("neg_").replace("_", " ") if scoring else "validation cost"
    words = REASONS.get(trained.stopped, trained.stopped).format(measure=measure)
    reason = "" if trained.stopped == "epochs" else f" ({words})"
    time = f"in {duration(trained.seconds)}{reason}"
    if not max(epochs):
        return f"Trained for a part of the first epoch {time}."
    best = trained.kept[0]
    if len(epochs) == 1:
        kept = f"epoch {best}, the best on the validation rows" if best else "the last one"
        return f"Trained {_counted(epochs)} {time}; kept {kept}."
    kept = "best" if any(trained.kept) else "last"
    return f"Trained {len(epochs)} networks for {_counted(epochs)} each {time}; kept the {kept} epoch of each."


def _counted(epochs: Sequence[int]) -> str:
    """Returns "1 epoch" or "3 to 12 epochs"."""
    return f"{span(epochs)} epoch{'s' * (max(epochs) != 1)}"


def record(run: PlannedRun, trained: FinishedRun) -> dict[str, Any]:
    """Returns the record of the training that the model's file holds, without scores."""
    from chainrule._internal.version import __version__

    histories, recipe, sizes = trained.histories, run.recipes[0], run.data.sizes
    has_steps = recipe.minimizer is None  # of an optimizer, as a preset plans them
    best = [kept or h.epochs for kept, h in zip(trained.kept, histories, strict=True)]
    return {
        "source": run.data.origin,
        "rows": {"training": sizes[0], "test": sizes[1]},
        "preset": run.options.preset if has_steps else None,
        "networks": len(trained.model.networks),
        "network": format_sizes(trained.model.networks[0].m),
        "cost": recipe.cost.in_words,
        "optimizer": recipe.optimizer_name,
        "learning_rate": rate(recipe) if has_steps else None,
        "weight_decay": weight_decay(recipe) if has_steps else None,
        "batch_size": recipe.batch_size,
        "class_weight": run.options.class_weight,
        **({"scoring": run.options.scoring} if run.options.scoring else {}),
        "seed": run.options.seed,
        "epochs": max(h.epochs for h in histories),
        "best_epoch": best[0] if len(best) == 1 else best,
        "stopped": trained.stopped,
        "J": _mean([h.J[at - 1] for h, at in zip(histories, best, strict=True) if at]),
        "validation_J": _mean([h.validation_J[at - 1] for h, at in zip(histories, best, strict=True) if at]),
        "seconds": round(trained.seconds, 3),
        "engine": histories[0].engine,
        "chainrule": __version__,
    }


def scores_record(scores: Sequence[Measure]) -> list[list[Any]]:
    """Returns the name of each measure, and its value for the networks and for the baseline, as JSON."""
    return [[score.name, _finite(score.network), _finite(score.baseline)] for score in scores]


def _mean(values: Sequence[float]) -> float | None:
    """Returns the mean, or None if no network has finished an epoch."""
    return _finite(math.fsum(values) / len(values)) if values else None


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
