"""Refusals, by name, of arguments and parameters that do not go with packed rows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from chainrule._internal.checks import shown
from chainrule._internal.naming import resolve
from chainrule.costs import CrossEntropy, Poisson
from chainrule.costs.loss import INFINITE
from chainrule.errors import InputError
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.recipes.presets import TUNED
from chainrule.tables.columns import Task
from chainrule.tables.intervals.conformal import INTERVALS

IN_THE_FILE = "the file has been encoded already. Give it to chainrule.tables.pack"
ARGUMENTS = {
    "y": "rows hold their labels themselves",
    "sample_weight": "they are in another order than the table. Name the column of weights in pack(weights=…)",
    "groups": "packed rows are in random order, and their groups are not known",
}
PARAMETERS = {  # with another value than the default
    "numbers": IN_THE_FILE,
    "categories": IN_THE_FILE,
    "max_levels": IN_THE_FILE,
    "decimal": IN_THE_FILE,
    "thousands": IN_THE_FILE,
    "missing": IN_THE_FILE,
    "scale_y": "the file holds standardised labels",
    "validation_order": "packed rows are in random order",
    "warm_start": "training continues from a checkpoint",
}


def require_suited(estimator: Any, given: Mapping[str, Any]) -> None:
    """Raises InputError for an argument of ``fit`` or a parameter that does not go with packed rows."""
    for name, reason in ARGUMENTS.items():
        if given[name] is not None:
            raise InputError(f"{name} does not go with packed rows: {reason}. Leave it out.")
    defaults = inspect.signature(type(estimator).__init__).parameters
    for name, reason in PARAMETERS.items():
        value = getattr(estimator, name, None)
        if name in defaults and value is not defaults[name].default and value != defaults[name].default:
            raise InputError(f"{name} = {shown(value)} does not go with packed rows: {reason}. Leave it out here.")
    if "interval" in defaults:
        resolve("interval", estimator.interval, dict.fromkeys(INTERVALS))


def require_suited_recipes(estimator: Any, recipes: Sequence[Recipe], task: Task, *, in_windows: bool) -> None:
    """Raises InputError for networks that cannot be trained on the labels of a file, or not in windows."""
    if in_windows and estimator.preset == TUNED:
        raise InputError(
            'preset = "tuned" does not go with rows in windows: recipes are searched in memory. Use "best".'
        )
    for recipe in recipes:
        if task == "regression" and (isinstance(recipe.cost, Poisson) or recipe.cost.outputs != INFINITE):
            raise InputError(
                f"cost = {recipe.cost.name} does not go with packed rows, whose labels are standardised. Use another."
            )
        if not in_windows:
            continue
        if task == "classification" and not isinstance(recipe.cost, CrossEntropy):
            raise InputError(
                f"cost = {recipe.cost.name} does not go with rows in windows, whose labels are classes. Use "
                "cost='cross_entropy'."
            )
        if recipe.batch_size is None or recipe.minimizer is not None:
            raise InputError(
                "rows that are read in windows are trained on in minibatches. Give batch_size, and leave out "
                "optimizer='lm'; the preset 'lecture' uses all rows in each step."
            )
