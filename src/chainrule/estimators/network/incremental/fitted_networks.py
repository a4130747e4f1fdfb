"""The parameters of an estimator that belong to its fitted networks, which continued training cannot change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chainrule import activations
from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.estimators.network.hidden import Hidden, as_hidden
from chainrule.estimators.network.initial_network import output_activation
from chainrule.estimators.network.recipe import Recipe
from chainrule.tables.intervals.quantile_labels import QuantileLabels, as_levels


def require_same_networks(estimator: Any, recipes: Sequence[Recipe]) -> None:
    """Raises InputError if a parameter asks for other networks than the fitted ones, which training continues.

    ``recipes`` are those of the parameters as they are now. A parameter that is None leaves the networks as they are.
    """
    params = estimator.get_params(deep=False)
    for name, asked, fitted in _asked_and_fitted(params, estimator):
        if asked != fitted:
            raise InputError(
                f"{name} = {shown(params[name])} asks for other networks than the fitted ones, which have {name} = "
                f"{shown(fitted)}, and which warm_start and partial_fit continue. Set it back, or train new networks: "
                "fit with warm_start=False."
            )
    cost, net = recipes[0].cost, estimator.networks_[0]
    has = net.sigma[net.r].name
    if (needed := output_activation(cost, estimator.target_.task).name) != has:
        raise InputError(
            f"cost = {cost.name} needs networks with the output activation {needed}; the fitted ones, which warm_start "
            f"and partial_fit continue, have {has}. Set the cost back, or train new networks: fit with "
            "warm_start=False."
        )


def _asked_and_fitted(params: Mapping[str, Any], estimator: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yields the name of each parameter that is set, the value that is asked for, and that of the fitted networks."""
    target, about = estimator.target_, estimator.model_.about
    levels = params.get("quantiles")
    asked = None if levels is None else list(as_levels(levels))
    yield "quantiles", asked, list(target.levels) if isinstance(target, QuantileLabels) else None
    yield "dtype", params["dtype"], str(estimator.networks_[0].theta.dtype)
    yield "preset", params["preset"], about.get("preset", params["preset"])
    for recipe in dict.fromkeys(estimator.recipes_):
        plain = {
            "n_networks": recipe.n_networks, "parametric": recipe.parametric, "numbers": recipe.numbers,
            "embedding": recipe.embedding or "none",
        }  # fmt: skip
        for name, fitted in plain.items():
            if params[name] is not None:
                yield name, params[name], fitted
        yield from _of_hidden_layers(params, recipe.hidden)


def _of_hidden_layers(params: Mapping[str, Any], fitted: Sequence[Hidden]) -> Iterator[tuple[str, Any, Any]]:
    """Yields the same of the sizes, σ and dropout of hidden layers, of which each may have its own."""
    layers: Sequence[Hidden] = [Hidden(layer.width) for layer in fitted]
    if params["hidden_layer_sizes"] is not None:
        layers = as_hidden(params["hidden_layer_sizes"])
        yield "hidden_layer_sizes", [layer.width for layer in layers], [layer.width for layer in fitted]
    for layer, known in zip(layers, fitted, strict=True):
        sigma = params["activation"] if layer.activation is None else layer.activation
        if sigma is not None and known.activation is not None:
            yield "activation", activations.get(sigma).name, activations.get(known.activation).name
        dropout = params["dropout"] if layer.dropout is None else layer.dropout
        if dropout is not None:
            yield "dropout", dropout, known.dropout
