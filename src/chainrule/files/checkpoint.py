"""Checkpoints: files of a network that also hold the training run that it comes from (docs/guide/files.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.errors import FileFormatError
from chainrule.files.fields import field
from chainrule.files.network import network_parts
from chainrule.files.safetensors import of_other_kind, read_any, write
from chainrule.network import Network

PREFIX = "training."  # of the tensors that belong to the run, not to the network


class SavedRun(NamedTuple):
    """A training run in a file: the header and the tensors of its state; of a checkpoint also what the run was."""

    header: dict[str, Any]
    tensors: dict[str, Array]
    network: dict[str, Any] | None = None  # the structure of the network
    run: dict[str, Any] | None = None  # texts about the data and the settings, by name


def write_checkpoint(
    path: str | os.PathLike[str],
    net: Network,
    header: Mapping[str, Any],
    tensors: Mapping[str, Array],
    run: Mapping[str, str],
    *,
    replace: bool,
) -> None:
    """Writes ``net`` with the header and the tensors of a training state, atomically.

    The tensors include theta and perhaps best_theta. ``net`` gets the better of them, which the file thus holds once.
    """
    first = "best_theta" if "best_theta" in tensors else "theta"
    net.theta = tensors[first]
    structure, numbers = network_parts(net)
    numbers |= {PREFIX + name: tensor for name, tensor in tensors.items() if name != first}
    training = {**header, "network": first, "run": run}
    write(path, "network", {"network": structure, "training": training}, numbers, replace=replace)


def read_run(path: str | os.PathLike[str]) -> SavedRun:
    """Reads a checkpoint, or the file of a training state.

    Raises OSError if the file cannot be read, FileFormatError if it holds no training run.
    """
    header, tensors = read_any(path)
    name, kind = os.fsdecode(path), header.get("kind")
    if kind == "training state":
        return SavedRun(header, tensors)
    if kind != "network" or "training" not in header:
        raise of_other_kind(name, header, "training state' or a 'checkpoint")
    try:
        structure, training = field(header, "network", dict), field(header, "training", dict)
        own = {key.removeprefix(PREFIX): tensor for key, tensor in tensors.items() if key.startswith(PREFIX)}
        first, layers = field(training, "network", str), field(structure, "layers", list)
        if first not in ("theta", "best_theta"):
            raise FileFormatError(f"'network' must be 'theta' or 'best_theta'; got {shown(first)}.")
        if not layers or not all(isinstance(layer, dict) for layer in layers):
            raise FileFormatError(f"'layers' must hold at least one object; got {shown(layers)}.")
        own[first] = _theta(len(layers), tensors)
        return SavedRun(training, own, structure, field(training, "run", dict))
    except FileFormatError as error:
        raise FileFormatError(f"{name} is not a complete checkpoint: {error}") from None


def _theta(r: int, tensors: Mapping[str, Array]) -> Array:
    """Returns θ (d,) of a network of r layers: W[1], b[1], κ[1] if there is one, W[2], …"""
    parts = []
    for i in range(1, r + 1):
        for name in (f"W[{i}]", f"b[{i}]"):
            if name not in tensors:
                raise FileFormatError(f"the tensor {name} is missing.")
        parts += [tensors[name].ravel() for name in (f"W[{i}]", f"b[{i}]", f"kappa[{i}]") if name in tensors]
    return np.concatenate(parts)
