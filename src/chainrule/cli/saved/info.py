"""``chainrule info``: a description of a model, or the list of engines."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._internal.durations import duration
from chainrule._internal.naming import listed
from chainrule.cli import options
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.files import require_file
from chainrule.cli.terminal import listing, number, printable, remarks, results, show, warnings_as_notes
from chainrule.cli.train.hidden_sizes import format_sizes
from chainrule.engines.choice import MODULES, PREFERENCE
from chainrule.estimators.network.inspection.words import STOPPED, span
from chainrule.network import Network

if TYPE_CHECKING:
    from chainrule.tables.model import TableModel

MOST_COLUMNS = 20  # that are listed
MOST_TARGETS = 12


def info(
    model: options.MaybeModel = None,
    engine: options.Engines = False,
    scale: options.Scale = False,
    card: options.Card = False,
) -> None:
    """Describe a model or a network file, list the engines, or measure when several processes pay.

    Shows the target, inputs, layers, parameters and training of a model, and the layers of a network file.

    \b
    chainrule info iris.safetensors
    chainrule info iris.safetensors --card > README.md
    chainrule info --engine
    chainrule info --scale
    """
    if model is None and not engine and not scale:
        raise WrongUsage("give a MODEL, --engine to list the engines, or --scale to measure this machine.")
    if engine:
        _show_engines()
    if scale:
        from chainrule.cli.saved.scale import show_scale

        show_scale()
    if model is not None and card:
        _print_card(model)
    elif model is not None:
        _show_model(model)


def _show_engines() -> None:
    engines = [(name, _state_of(name), "preferred" if name == PREFERENCE[0] else "") for name in MODULES]
    show(results(), "Engines", ("", "state", ""), engines)


def _state_of(name: str) -> str:
    """Describes the state of an engine; for the native one with its kernel set, for torch with its device."""
    try:
        engine = importlib.import_module(MODULES[name]).ENGINE
        if name == "native":
            return f"ready, {importlib.import_module('chainrule._native').kernel_set()} kernels"
        if why := engine.declines(Network.dense([1, 1]), None, None):
            return f"not available: {why}"
        return "ready" if name == "reference" else f"ready, on {engine.device_name()}"
    except (ImportError, ValueError) as error:  # ValueError: CHAINRULE_KERNELS names a set that cannot run here
        return f"not available: {error}"


def _show_model(path: str) -> None:
    require_file(path)
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once

    console, model = results(), models.load_any(path)
    if isinstance(model, Network):
        console.print(printable(f"{path}: {_describe_network(model)}; {model.dtype.name}"))
        _show_layers("Layers", model)
        return
    console.print(printable(f"{path}: {_describe_networks(model)}"))
    names = models.names_of(model)
    console.print(printable(f"Target{'s' if len(names) > 1 else ''} {listed(names)}: {_describe_target(model)}"))
    encoder = model.encoder
    columns = [(name, f"{kind}: {encoding}") for name, kind, encoding in encoder.describe(MOST_COLUMNS)]
    listing(console, f"Inputs: {encoder.n_features_in_} columns become {encoder.n_features_out_} features", columns)
    if encoder.n_features_in_ > MOST_COLUMNS:
        console.print(f"  … and {encoder.n_features_in_ - MOST_COLUMNS} more")
    title = "Layers" if len(model.networks) == 1 else "Layers of the first network"
    _show_layers(title, model.networks[0])
    listing(console, "Training", _training(_about(model)))
    _show_importances(model)


def _print_card(path: str) -> None:
    require_file(path)
    from chainrule.cli import models
    from chainrule.estimators import NetworkClassifier, NetworkRegressor  # loads scikit-learn

    model = models.load_model(path)
    kind = NetworkRegressor if model.target.task == "regression" else NetworkClassifier
    with warnings_as_notes(remarks()):
        estimator = kind.load(path)
    results().print(estimator.card(), end="")


def _show_importances(model: TableModel) -> None:
    """Prints the importances that the file holds, the largest first, or how to get some."""
    from chainrule.tables.inspection.importances import Importances

    console, found = results(), Importances.from_json(model.about.get("importances"))
    if found is None:
        console.print("Importances: not computed. `chainrule train --report` stores them.")
        return
    rows = [(name, f"{value:.4f}", f"± {deviation:.4f}") for name, value, deviation in found.ranked()]
    show(console, found.caption, ("", "importance", ""), rows[:MOST_COLUMNS])
    if len(rows) > MOST_COLUMNS:
        console.print(f"  … and {len(rows) - MOST_COLUMNS} more")


def _describe_networks(model: TableModel) -> str:
    """Returns the number of networks, their shapes and their number type."""
    dtype = model.networks[0].dtype.name
    if len(model.networks) == 1:
        return f"{_describe_network(model.networks[0])}; {dtype}"
    shapes = Counter(map(_shape, model.networks))
    counted = "; ".join(f"{count} of {shape}" for shape, count in shapes.items())
    return f"{len(model.networks)} networks, averaged: {counted}; {dtype}"


def _describe_network(net: Network) -> str:
    return f"network {_shape(net)}"


def _shape(net: Network) -> str:
    return f"{format_sizes(net.m)}, d = {net.d:,} parameters"


def _describe_target(model: TableModel) -> str:
    """Returns the task, with its classes, or with mean and standard deviation."""
    from chainrule.tables.intervals.quantile_labels import QuantileLabels
    from chainrule.tables.target_decoder import ClassLabels
    from chainrule.tables.targets.indicator_labels import IndicatorLabels

    target = model.target
    if isinstance(target, ClassLabels):
        return f"classification, {len(target)} classes: {listed(target.values.tolist())}"
    if isinstance(target, IndicatorLabels):
        shares = [f"{100.0 * share:.3g} %" for share in target.shares[:MOST_TARGETS].tolist()]
        return f"{target.m} labels (in the training rows: {', '.join(shares)}{_rest(target.m)})"
    if isinstance(target, QuantileLabels):
        known = ", ".join(number(float(y)) for y in target.mean)
        return f"regression, {', '.join(target.output_names)} (in the training rows: {known})"
    of_each = [
        f"mean {number(mean)}, standard deviation {number(deviation)}"
        for mean, deviation in zip(target.mean[:MOST_TARGETS].tolist(), target.deviation.tolist(), strict=False)
    ]
    return f"regression (in the training rows: {'; '.join(of_each)}{_rest(target.m)})"


def _rest(m: int) -> str:
    return f"; and {m - MOST_TARGETS} more" if m > MOST_TARGETS else ""


def _show_layers(title: str, net: Network) -> None:
    show(results(), title, ("i", "W[i]", "b[i]", "σ[i]", "parameters"), _layers(net))


def _layers(net: Network) -> list[tuple[str, str, str, str, str]]:
    """Returns a row for each layer: number, shapes, activation and number of parameters."""
    return [
        (str(i), str(net.W[i].shape), str(net.b[i].shape), net.sigma[i].name, f"{parameters(net, i):,}")
        for i in range(1, net.r + 1)
    ]


def parameters(net: Network, i: int) -> int:
    """Counts the entries of θ that belong to layer i."""
    W = net.W[i]
    entries = W.size if isinstance(W, np.ndarray) else W.entries.size
    return int(entries + net.b[i].size + net.kappa[i].size)


def _about(model: TableModel) -> Mapping[str, Any]:
    """Returns the record of training that `chainrule train` wrote, or whatever the file records."""
    training = model.about.get("training")
    return training if isinstance(training, dict) else model.about


def _training(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns the record of training as pairs of name and text, without entries that are null."""
    lines = []
    for key, value in training.items():
        if key == "rows" and isinstance(value, dict):
            lines.append((key, ", ".join(f"{count} {part}" for part, count in value.items())))
        elif key == "scores" and isinstance(value, list):
            lines += [(f"test {name}", f"{_number(ours)} (baseline {_number(theirs)})") for name, ours, theirs in value]
        elif key == "seconds" and isinstance(value, (int, float)):
            lines.append(("time", duration(value)))
        elif key == "batch_size" and value is None:
            lines.append(("batch size", "all rows"))
        elif key == "best_epoch" and isinstance(value, list):  # of several networks
            lines.append(("best epoch", span(value)))
        elif key == "stopped":
            lines += [("ended", STOPPED[value])] if value in STOPPED else []  # otherwise with the last epoch
        elif value is not None:
            lines.append((key.replace("_", " "), f"{value:.6g}" if isinstance(value, float) else str(value)))
    return lines


def _number(value: object) -> str:
    return number(value) if isinstance(value, (int, float)) else "not defined"
