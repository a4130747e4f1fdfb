"""``chainrule info``: what a model is, and what computes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from chainrule import engines
from chainrule.cli import options, rows, target
from chainrule.cli.plan import described
from chainrule.cli.progress import duration
from chainrule.cli.refusals import WrongUsage
from chainrule.cli.table import listed
from chainrule.cli.table_model import TableModel
from chainrule.cli.terminal import listing, number, printable, results, show


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
        _show_model(model, rows.load(model))


def _show_engines() -> None:
    answers = [
        (name, _state_of(name), "the first choice" if name == engines.PREFERENCE[0] else "") for name in engines.MODULES
    ]
    show(results(), "Engines", ("", "state", ""), answers)


def _state_of(name: str) -> str:
    """Whether an engine can be loaded, and the native one's kernel set."""
    try:
        importlib.import_module(engines.MODULES[name])
        if name != "native":
            return "ready"
        return f"ready, {importlib.import_module('chainrule._native').kernel_set()} kernels"
    except (ImportError, ValueError) as error:  # ValueError: CHAINRULE_KERNELS names a set that cannot run here
        return f"not here: {error}"


def _show_model(path: str, model: TableModel) -> None:
    net, told, console = model.net, model.target, results()
    if isinstance(told, target.Classes):
        what = f"{len(told.values)} classes: {listed(told.values)}"
    else:
        what = f"numbers (training rows: mean {number(told.mean)}, standard deviation {number(told.deviation)})"
    for line in (
        f"{path}: network {described(net.m)}, d = {net.d:,} parameters, {net.dtype.name}",
        f"target {told.column!r}: {what}",
        f"inputs: {len(model.names)}: {listed(model.names)}",
    ):
        console.print(printable(line))
    layers = [
        (str(i), str(net.W[i].shape), str(net.b[i].shape), net.sigma[i].name, f"{net.layout[i - 1].d:,}")
        for i in range(1, net.r + 1)
    ]
    show(console, "Layers", ("i", "W[i]", "b[i]", "σ[i]", "parameters"), layers)
    listing(console, "Training", _training(model.training))


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
