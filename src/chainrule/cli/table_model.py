"""A trained network with all that it needs to read a table: one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import files
from chainrule.checks import Array
from chainrule.cli import target
from chainrule.cli.scaling import Scaling
from chainrule.cli.table import Table
from chainrule.errors import FileFormatError
from chainrule.network import Network

KIND = "model"


@dataclass(frozen=True)
class TableModel:
    """A network that predicts ``target`` from the scaled columns ``names``; ``training`` tells how it was made."""

    net: Network
    names: tuple[str, ...]
    scaling: Scaling
    target: target.Target
    training: Mapping[str, Any]

    def inputs(self, table: Table) -> Array:
        """The network's inputs (t, n) from the table's columns, by their names; further columns do not matter."""
        X = table.inputs(self.names, "The network was trained on numbers there.")
        return self.scaling(X)

    def save(self, path: Path) -> None:
        """Write the model, atomically."""
        network, tensors = files.network_parts(self.net)
        told, target_tensors = target.parts(self.target)
        inputs = {"names": list(self.names), "limit": self.scaling.limit}
        tensors |= {"inputs.mean": self.scaling.mean, "inputs.factor": self.scaling.factor, **target_tensors}
        files.write(
            path, KIND, {"network": network, "inputs": inputs, "target": told, "training": self.training}, tensors
        )


def load(path: str | os.PathLike[str]) -> TableModel:
    """The model that ``save`` wrote. Raises FileFormatError if it is not a whole one."""
    name = os.fspath(path)
    header, tensors = files.read(path, KIND)
    net = files.network_from_parts(name, header.get("network"), tensors)
    try:
        names, limit = tuple(header["inputs"]["names"]), float(header["inputs"]["limit"])
        mean, factor = (tensors[f"inputs.{part}"].astype(np.float64) for part in ("mean", "factor"))
        told = target.from_parts(header["target"], tensors)
        training = dict(header["training"])
        if len(set(names)) != net.m[0] or not all(isinstance(column, str) for column in names):
            raise ValueError(f"it needs {net.m[0]} different names of inputs")
        if any(array.shape != (net.m[0],) or not np.isfinite(array).all() for array in (mean, factor)):
            raise ValueError(f"the inputs' means and factors must be {net.m[0]} finite numbers")
        if not limit > 0.0 or (net.m[-1], net.sigma[net.r].name) != (told.m, told.sigma):
            raise ValueError("the network's outputs do not fit the target")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(f"{name} is not a whole model: {error}.") from None
    return TableModel(net, names, Scaling(mean, factor, limit), told, training)
