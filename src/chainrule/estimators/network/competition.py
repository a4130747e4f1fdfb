"""The competition of recipes: networks of all recipes are trained on the same rows, and those of the best are kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.costs import Quantile
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.held_out_predictions import held_out_predictions
from chainrule.estimators.network.recipe import Recipe
from chainrule.tables.calibration import best_temperature, tempered
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.scores import log_losses
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels


def winners(members: Sequence[Member], target: Target, labels: NDArray[np.generic]) -> list[Member]:
    """Returns the members of the recipe with the smallest loss on held-out rows.

    Without held-out rows, or if the recipes do not compete, all members remain.
    """
    usable = list(members)
    recipes = dict.fromkeys(member.recipe for member in usable)
    if len(recipes) == 1 or not all(recipe.competes for recipe in recipes):
        return usable
    of: dict[Recipe, list[Member]] = {recipe: [m for m in usable if m.recipe is recipe] for recipe in recipes}
    losses = {recipe: held_out_loss(networks, target, labels) for recipe, networks in of.items()}
    known = {recipe: loss for recipe, loss in losses.items() if loss is not None}
    return of[min(known, key=known.__getitem__)] if known else usable


def held_out_loss(members: Sequence[Member], target: Target, labels: NDArray[np.generic]) -> float | None:
    """Returns the loss of the averaged predictions on the rows that members hold out, None without such rows.

    It is the calibrated log-loss −log P(y), that of several labels added up without calibration, or in units of the
    targets' deviations the squared error, or the pinball loss of quantiles.
    """
    held_out = held_out_predictions(members, target)
    if held_out is None:
        return None
    at = labels[held_out.at]
    losses: Floats
    if isinstance(target, ClassLabels):
        numbers = target.class_numbers(at)
        P = tempered(held_out.P, best_temperature(held_out.P, numbers, held_out.weights))
        losses = -np.log(np.maximum(P[np.arange(len(P)), numbers], np.finfo(np.float64).tiny))
    elif isinstance(target, IndicatorLabels):
        losses = log_losses(target.indicators(at), held_out.P).sum(axis=1)
    else:
        Y = target.standardised(at)
        if isinstance(target, QuantileLabels):
            losses = Quantile(q=target.levels).losses(held_out.P, Y).astype(np.float64)
        else:
            losses = ((held_out.P - Y) ** 2).sum(axis=1)
    return float(np.average(losses, weights=held_out.weights))
