"""The recipes that a search tried, in words."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule._internal.durations import duration
from chainrule._internal.text_table import text_table
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.search.halving import RecipeTrial

MOST = 8  # recipes of the last round that are listed


def table_of_trials(trials: Sequence[RecipeTrial]) -> list[str]:
    """Returns lines about a search: the number of recipes, and the best of the last round with their losses."""
    last = trials[-1].round
    listed = [trial for trial in trials if trial.round == last][:MOST]
    rows = [
        [f"{trial.loss:.5g}", "yes" if trial.kept else "no", duration(trial.seconds), in_short(trial.recipe)]
        for trial in listed
    ]
    count = sum(trial.round == 1 for trial in trials)
    lines = [f"Recipes tried: {count}; the best of round {last} by their loss on held-out rows:"]
    return lines + text_table(["loss", "kept", "time", "recipe"], rows).split("\n")


def in_short(recipe: Recipe) -> str:
    """Returns the choices of a search's recipe in a line."""
    widths = "-".join(str(layer.width) for layer in recipe.hidden)
    first = recipe.hidden[0]
    sigma = first.activation if isinstance(first.activation, str) else first.activation.name  # type: ignore[union-attr]
    parts = [f"{widths} {'parametric ' if recipe.parametric else ''}{sigma}"]
    parts += [f"{recipe.embedding} embedding"] if recipe.embedding else []
    parts += ["dropout"] if first.dropout else []
    parts += [f"α₀ = {recipe.optimizer.schedule.rate:.3g}"]
    return ", ".join(parts)
