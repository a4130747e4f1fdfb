"""Recipes from an estimator's parameters: those of the preset, changed by the parameters that are set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from chainrule import activations, costs, optimizers
from chainrule._internal.checks import as_integer, as_real, shown
from chainrule._internal.naming import resolve
from chainrule.costs import COSTS, Cost, CrossEntropy, LogLikelihood, Quantile
from chainrule.errors import InputError
from chainrule.estimators.network.hidden import Hidden, as_hidden
from chainrule.estimators.network.recipe import Embedding, Recipe
from chainrule.estimators.network.recipes import levenberg_marquardt, presets
from chainrule.estimators.network.validation_split import as_validation_fraction
from chainrule.initial import rules
from chainrule.network.layer import as_dropout
from chainrule.optimizers import AdamW, Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.columns import Task
from chainrule.tables.encoding.statistics.column_statistics import Scaling
from chainrule.tables.intervals.quantile_labels import as_levels

EMBEDDINGS = {"none": None, **{name: name for name in get_args(Embedding)}}


def as_recipes(params: Mapping[str, Any], task: Task, t: int, n_sparse: int = 0) -> tuple[Recipe, ...]:
    """Returns the recipes for a task with t rows, of ``n_sparse`` sparse features if that is not 0.

    The networks take them in turn. Given hidden layers replace those of recipes that have some, and exclude the others.
    A parameter that is None or absent leaves the preset's choice, or with ``optimizer="lm"`` that of its own recipe.
    Raises InputError for an invalid value, UnknownName for an unknown name.
    """
    given = {name: value for name, value in params.items() if value is not None}
    if "quantiles" in given and "cost" in given:
        raise InputError(f"quantiles are trained by their own cost; leave out cost = {shown(given['cost'])}.")
    if _is_lm(given):
        levenberg_marquardt.require_its_parameters(given, task)
        recipe = _changed(levenberg_marquardt.RECIPE, {**given, "optimizer": None}, task)
        levenberg_marquardt.require_sum_of_squares(recipe)
        return (recipe,)
    recipes = presets.preset(given.get("preset", "default"), task, t, n_sparse)
    if "hidden_layer_sizes" in given:
        recipes = tuple(recipe for recipe in recipes if recipe.hidden)
    return tuple(_changed(recipe, given, task) for recipe in recipes)


def as_short_recipes(params: Mapping[str, Any], task: Task, t: int, n_sparse: int = 0) -> tuple[Recipe, ...]:
    """Returns the recipes that replace those of `as_recipes` where time is short; there are none in most cases."""
    shorter = presets.SHORTER.get(str(params.get("preset")))
    return () if shorter is None or n_sparse or _is_lm(params) else as_recipes({**params, "preset": shorter}, task, t)


def searches(params: Mapping[str, Any], n_sparse: int) -> bool:
    """Returns True if the recipes of `as_recipes` are candidates of a search.

    Raises InputError for parameters that do not go with it.
    """
    if params.get("preset") != presets.TUNED or n_sparse or _is_lm(params):
        return False
    if params.get("checkpoint") is not None:
        raise InputError(
            'checkpoint does not go with preset="tuned", which trains many networks that are not kept. Leave it out, '
            'or use preset="best".'
        )
    return True


def _is_lm(params: Mapping[str, Any]) -> bool:
    return isinstance(params.get("optimizer"), str) and params["optimizer"] == levenberg_marquardt.NAME


def _changed(recipe: Recipe, given: Mapping[str, Any], task: Task) -> Recipe:
    changes: dict[str, Any] = {"hidden": _hidden(recipe, given), "optimizer": _optimizer(recipe, given)}
    if "quantiles" in given:
        changes["cost"] = replace(
            Quantile(q=as_levels(given["quantiles"]), mean=True), l1=recipe.cost.l1, l2=recipe.cost.l2
        )
    if "cost" in given:
        changes["cost"] = _cost_for(task, given["cost"])
    for name in ("epochs", "n_networks"):
        if name in given:
            changes[name] = as_integer(given[name], name, 1)
    if "patience" in given:
        changes["patience"] = as_integer(given["patience"], "patience", 1)
    if "batch_size" in given:
        full = isinstance(given["batch_size"], str) and given["batch_size"] == "full"
        changes["batch_size"] = None if full else as_integer(given["batch_size"], "batch_size", 1)
        changes["even_batches"] = False
    if "validation_fraction" in given:
        changes["validation_fraction"] = as_validation_fraction(given["validation_fraction"])
    if "embedding" in given:
        changes["embedding"] = resolve("embedding", given["embedding"], EMBEDDINGS)
    for name in ("parametric", "ntk"):
        if name in given:
            changes[name] = _as_bool(given[name], name)
    for name in ("scaling_rate", "bias_rate", "kappa_rate"):
        if name in given:
            changes[name] = as_real(given[name], name, 0.0)
    if "initial" in given:
        value = given["initial"]
        changes["initial"] = value if value in ("data", "ntk") else rules.get(value)
        changes["zero_output"] = False
    if "numbers" in given:
        changes["numbers"] = resolve("scaling of numbers", given["numbers"], {n: n for n in get_args(Scaling)})
    return replace(recipe, **changes)


def _cost_for(task: Task, value: object) -> Cost:
    cost = as_cost(value)
    if task == "multilabel" and isinstance(cost, CrossEntropy):
        raise InputError(
            "cost = cross_entropy is for classes that exclude each other, and y has several labels. Use "
            "cost='log_likelihood'; or, if each row has a 1 for its class, pass y.argmax(axis=1)."
        )
    if task == "regression" and isinstance(cost, (CrossEntropy, LogLikelihood)):
        raise InputError(
            f"cost = {cost.name} is for classes, and y holds numbers. Use NetworkClassifier; or cost='sum_of_squares', "
            "'absolute_error' or 'huber'."
        )
    return cost


def as_cost(value: object) -> Cost:
    """Returns a cost; a name means the mean over the rows, so that learning rates do not depend on their number."""
    if isinstance(value, str):
        return resolve("cost", value, COSTS)(mean=True)
    return costs.get(value)  # type: ignore[arg-type]  # it raises InputError for anything else


def _hidden(recipe: Recipe, given: Mapping[str, Any]) -> tuple[Hidden, ...]:
    """Returns hidden layers with σ and dropout: a layer's own, else the estimator's, else the preset's."""
    if not recipe.hidden:
        return ()
    usual = recipe.hidden[0]
    sigma = activations.get(given["activation"]) if "activation" in given else usual.activation
    dropout = as_dropout(given["dropout"]) if "dropout" in given else usual.dropout
    given_layers = "hidden_layer_sizes" in given
    layers = as_hidden(given["hidden_layer_sizes"]) if given_layers else recipe.hidden
    return tuple(
        Hidden(
            layer.width,
            layer.activation if given_layers and layer.activation is not None else sigma,
            layer.dropout if given_layers and layer.dropout is not None else dropout,
        )
        for layer in layers
    )


def _optimizer(recipe: Recipe, given: Mapping[str, Any]) -> Optimizer:
    """Returns the optimizer with its learning rate (a number keeps the preset's schedule) and its weight decay."""
    chosen, rate = given.get("optimizer"), given.get("learning_rate")
    if chosen is None:
        optimizer = recipe.optimizer
        if isinstance(rate, Schedule):
            optimizer = replace(optimizer, learning_rate=rate)
        elif rate is not None:
            alpha = as_real(rate, "learning_rate", 0.0, open_minimum=True)
            schedule = optimizer.learning_rate
            planned = replace(schedule, rate=alpha) if isinstance(schedule, Schedule) else alpha
            optimizer = replace(optimizer, learning_rate=planned)
    else:
        optimizer = optimizers.get(chosen, rate)
    if "weight_decay" in given:
        if not isinstance(optimizer, AdamW):
            raise InputError(
                f"weight_decay is decoupled, and only AdamW has it; got optimizer = {optimizer.name}. "
                "Use a cost with l2=λ instead."
            )
        optimizer = replace(optimizer, weight_decay=given["weight_decay"])
    return optimizer


def _as_bool(value: object, symbol: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{symbol} must be True or False; got {shown(value)}.")
    return value
