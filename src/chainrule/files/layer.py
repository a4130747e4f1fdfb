"""Conversion of one layer to and from its parts in a file: JSON for its structure, tensors for its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, as_array, as_integer, shown
from chainrule.activations import ACTIVATIONS, Parametric, Sigma, without_kappa
from chainrule.errors import FileFormatError, InputError
from chainrule.files.fields import field
from chainrule.network import Layer
from chainrule.network.block_diagonal import BlockDiagonal, Runs, free_entries, merge_runs
from chainrule.network.rates import DECAY, RATE, Factors
from chainrule.network.theta import Part
from chainrule.optimizers.schedules import SCHEDULES, Schedule


def layer_as_json(layer: Layer, i: int) -> dict[str, Any]:
    """Returns the structure of layer i as JSON.

    Raises InputError for a user's own schedule, since a file cannot hold its formula.
    """
    sigma = without_kappa(layer.sigma)
    text: dict[str, Any] = {
        "activation": sigma.name,
        "builtin": sigma.builtin,
        "parameters": dict(sigma.parameters),
        "dropout": _schedule_as_json(layer.dropout, i) if isinstance(layer.dropout, Schedule) else layer.dropout,
    }
    if isinstance(layer.W, BlockDiagonal):
        text["blocks"] = [list(run) for run in layer.W.runs]
    if isinstance(layer.sigma, Parametric):
        text["kappa"] = True
    for key, factors, defaults in (("rate", layer.rate, RATE), ("decay", layer.decay, DECAY)):
        if factors != defaults:
            text[key] = {f.name: getattr(factors, f.name) for f in fields(factors)}
    return text


def layer_tensors(layer: Layer, i: int) -> dict[str, Array]:
    """Returns the numbers of layer i as tensors by name."""
    tensors = {f"W[{i}]": free_entries(layer.W), f"b[{i}]": layer.b}
    return {**tensors, f"kappa[{i}]": layer.kappa} if isinstance(layer.sigma, Parametric) else tensors


def layer_from(
    text: Mapping[str, Any],
    tensors: Mapping[str, Array],
    i: int,
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    own: Mapping[str, Sigma],
) -> Layer:
    """Builds layer i, with W of this shape (m, n), from its JSON and its tensors; ``own`` holds the user's own σ.

    Raises ChainruleError if the parts do not describe a layer.
    """
    m, _ = shape
    W: Array | BlockDiagonal
    if "blocks" in text:
        runs = _runs(field(text, "blocks", list), shape)
        W = BlockDiagonal.view(_tensor(tensors, f"W[{i}]", dtype, (Part(*shape, runs).entries,)), runs)
    else:
        W = _tensor(tensors, f"W[{i}]", dtype, shape)
    b, sigma, kappa = _tensor(tensors, f"b[{i}]", dtype, (m,)), _sigma(text, own), None
    if "kappa" in text and field(text, "kappa", bool):
        sigma, kappa = Parametric(sigma), _tensor(tensors, f"kappa[{i}]", dtype, (m,))
    dropout = _schedule(text["dropout"]) if isinstance(text.get("dropout"), dict) else field(text, "dropout", float)
    return Layer(W, b, sigma, dropout, kappa=kappa, rate=_factors(text, "rate"), decay=_factors(text, "decay"))


def _tensor(tensors: Mapping[str, Array], symbol: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    tensor = tensors.get(symbol)
    if tensor is None:
        raise FileFormatError(f"the tensor {symbol} is missing.")
    if tensor.dtype != dtype or tensor.shape != shape:
        raise FileFormatError(f"{symbol} must be {dtype} of shape {shape}; got {tensor.dtype} of shape {tensor.shape}.")
    return as_array(tensor, symbol, dtype)


def _runs(blocks: list[Any], shape: tuple[int, int]) -> Runs:
    """Returns the runs (count, p, q) of blocks, which must make up a W of this shape."""
    given = []
    for run in blocks:
        if not isinstance(run, list) or len(run) != 3:
            raise FileFormatError(f"'blocks' must hold lists [count, p, q]; got {shown(run)}.")
        count, p, q = (as_integer(number, "'blocks': each count, p and q", 1) for number in run)
        given.append((count, p, q))
    m, n = sum(count * p for count, p, _ in given), sum(count * q for count, _, q in given)
    if (m, n) != shape:
        raise FileFormatError(f"'blocks' must make up a matrix of shape {shape}; got {shown((m, n))}.")
    return merge_runs(given)


def _sigma(text: Mapping[str, Any], own: Mapping[str, Sigma]) -> Sigma:
    """Returns the catalogue's σ, or the user's own of that name, with the parameters that were saved."""
    label, builtin = field(text, "activation", str), field(text, "builtin", bool)
    if builtin and label not in ACTIVATIONS:
        raise FileFormatError(f"it uses the activation {shown(label)}, which this version of Chainrule does not have.")
    if not builtin and label not in own:
        raise FileFormatError(
            f"it uses the activation {shown(label)}, which is not built in, and a file holds no code. "
            f"Pass it: cr.load(path, activations={{{shown(label)}: sigma}})."
        )
    sigma = ACTIVATIONS[label] if builtin else own[label]
    saved = field(text, "parameters", dict)
    if saved.keys() != sigma.parameters.keys():
        raise FileFormatError(
            f"{shown(label)} must have the parameters {sorted(sigma.parameters)}; got {shown(sorted(saved))}."
        )
    return sigma.with_parameters(**{key: field(saved, key, float) for key in saved}) if saved else sigma


def _factors(text: Mapping[str, Any], key: str) -> Factors | None:
    """Returns the factors of a rate or of a decay; None means the defaults."""
    if key not in text:
        return None
    numbers = field(text, key, dict)
    return Factors(*(field(numbers, f.name, float) for f in fields(Factors)))


def _schedule_as_json(schedule: Schedule, i: int) -> dict[str, Any]:
    if type(schedule) is not SCHEDULES.get(schedule.name):
        raise InputError(
            f"the dropout of layer {i} must be a number or a built-in schedule to be saved; got {schedule!r}. "
            "A file holds no code."
        )
    return {"schedule": schedule.name, **{f.name: getattr(schedule, f.name) for f in fields(schedule)}}


def _schedule(text: Mapping[str, Any]) -> Schedule:
    """Returns the schedule of that name with the settings that were saved."""
    name = field(text, "schedule", str)
    if name not in SCHEDULES:
        raise FileFormatError(f"it uses the schedule {shown(name)}, which this version of Chainrule does not have.")
    kind = SCHEDULES[name]
    settings = {f.name for f in fields(kind)}
    if text.keys() != settings | {"schedule"}:
        raise FileFormatError(f"{shown(name)} must have the settings {sorted(settings)}; got {shown(sorted(text))}.")
    return kind(**{key: field(text, key, float) for key in settings})
