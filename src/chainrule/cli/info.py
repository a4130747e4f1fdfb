"""``chainrule info``: what a model is, and what computes."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._internal.naming import listed
from chainrule.cli import models, options
from chainrule.cli.errors import WrongUsage
from chainrule.cli.terminal import listing, number, printable, results, show
from chainrule.cli.train.progress import duration
from chainrule.cli.train.training_options import format_sizes
from chainrule.engines.choice import MODULES, PREFERENCE
from chainrule.network import Network
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels

MOST = 20  # columns that are listed


def info(model: options.MaybeModel = None, engine: options.Engines = False) -> None:
    """Show what a model is, or the engines.

    Its target, inputs, layers, shapes, parameters and training.

    \b
    chainrule info iris.safetensors
    chainrule info --engine
    """
    if model is None and not engine:
        raise WrongUsage("name a MODEL, or ask for the engines with --engine.")
    if engine:
        _show_engines()
    if model is not None:
        _show_model(model, models.load(model))


def _show_engines() -> None:
    answers = [(name, _state_of(name), "the first choice" if name == PREFERENCE[0] else "") for name in MODULES]
    show(results(), "Engines", ("", "state", ""), answers)


def _state_of(name: str) -> str:
    """Whether an engine can be loaded, and the native one's kernel set."""
    try:
        importlib.import_module(MODULES[name])
        if name != "native":
            return "ready"
        return f"ready, {importlib.import_module('chainrule._native').kernel_set()} kernels"
    except (ImportError, ValueError) as error:  # ValueError: CHAINRULE_KERNELS names a set that cannot run here
        return f"not here: {error}"


def _show_model(path: str, model: TableModel) -> None:
    net, told, console = model.networks[0], model.target, results()
    if isinstance(told, ClassLabels):
        what = f"{len(told)} classes: {listed(told.values.tolist())}"
    else:
        mean, deviation = number(float(told.mean[0])), number(float(told.deviation[0]))
        what = f"numbers (training rows: mean {mean}, standard deviation {deviation})"
    several = "network" if len(model.networks) == 1 else f"{len(model.networks)} networks, averaged:"
    shapes = Counter(f"{format_sizes(one.m)}, d = {one.d:,} parameters" for one in model.networks)
    words = "; ".join(f"{count} of {shape}" if len(model.networks) > 1 else shape for shape, count in shapes.items())
    for line in (
        f"{path}: {several} {words}; {net.dtype.name}",
        f"target {models.column_of(model)!r}: {what}",
    ):
        console.print(printable(line))
    columns = [(name, f"{kind}: {becomes}") for name, kind, becomes in model.encoder.describe()]
    listing(console, f"Inputs: {len(columns)} columns become {model.encoder.n_features_out_} features", columns[:MOST])
    if len(columns) > MOST:
        console.print(f"  … and {len(columns) - MOST} more")
    layers = [
        (str(i), str(net.W[i].shape), str(net.b[i].shape), net.sigma[i].name, f"{parameters(net, i):,}")
        for i in range(1, net.r + 1)
    ]
    show(
        console,
        "Layers" if len(model.networks) == 1 else "Layers of the first network",
        ("i", "W[i]", "b[i]", "σ[i]", "parameters"),
        layers,
    )
    listing(console, "Training", _training(_about(model)))


def parameters(net: Network, i: int) -> int:
    """How many entries of θ belong to layer i."""
    W = net.W[i]
    entries = W.size if isinstance(W, np.ndarray) else W.entries.size
    return int(entries + net.b[i].size + net.kappa[i].size)


def _about(model: TableModel) -> Mapping[str, Any]:
    """The training summary that the command line wrote, else all that the file tells."""
    training = model.about.get("training")
    return training if isinstance(training, dict) else model.about


def _training(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The training summary in words; what a file does not tell is left out."""
    lines = []
    for key, value in training.items():
        if key == "rows" and isinstance(value, dict):
            lines.append((key, ", ".join(f"{count} {part}" for part, count in value.items())))
        elif key == "scores" and isinstance(value, list):
            lines += [(f"test {name}", f"{_number(ours)} (baseline {_number(theirs)})") for name, ours, theirs in value]
        elif key == "seconds" and isinstance(value, (int, float)):
            lines.append(("time", duration(value)))
        else:
            lines.append((key.replace("_", " "), f"{value:.6g}" if isinstance(value, float) else str(value)))
    return lines


def _number(value: object) -> str:
    return number(value) if isinstance(value, float) else "not defined"
