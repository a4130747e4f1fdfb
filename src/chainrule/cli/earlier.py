"""Models that the command line of Chainrule 0.1 wrote (files of the kind "model"), read as those of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule import files
from chainrule.checks import Array
from chainrule.errors import FileFormatError
from chainrule.estimators.columns import Feature
from chainrule.estimators.decoder import Classes, Numbers
from chainrule.estimators.encoder import TableEncoder
from chainrule.estimators.steps import Clip, Fill, Indicator, Scale
from chainrule.estimators.table_model import TableModel

KIND = "model"


def from_parts(name: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> TableModel:
    """The model of an earlier file's header and tensors. Raises FileFormatError, which begins with ``name``."""
    net = files.network_from_parts(name, header.get("network"), tensors)
    try:
        encoder = _encoder(header["inputs"], tensors, net.m[0])
        target = _target(header["target"], tensors)
        column, training = header["target"]["column"], dict(header["training"])
        if not isinstance(column, str):
            raise ValueError(f"the target's column must be a text; got {column!r}")
        wanted = (1, "identity")
        if isinstance(target, Classes):
            wanted = (1, "sigmoid") if len(target) == 2 else (len(target), "softmax")
        if (net.m[net.r], net.sigma[net.r].name) != wanted:
            raise ValueError("the network's outputs do not fit the target")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileFormatError(f"{name} is not a whole model: {error}.") from None
    return TableModel(encoder, target, (net,), about={"column": column, "training": training})


def _encoder(inputs: Mapping[str, Any], tensors: Mapping[str, Array], n: int) -> TableEncoder:
    """Inputs were standardised and cut off; a constant one had the factor 0."""
    names, limit = tuple(inputs["names"]), float(inputs["limit"])
    mean, factor = (tensors[f"inputs.{part}"].astype(np.float64) for part in ("mean", "factor"))
    if len(set(names)) != n or len(names) != n or not all(isinstance(column, str) for column in names):
        raise ValueError(f"it needs {n} different names of inputs")
    if any(array.shape != (n,) or not np.isfinite(array).all() for array in (mean, factor)):
        raise ValueError(f"the inputs' means and factors must be {n} finite numbers")
    if not limit > 0.0:
        raise ValueError("the limit of scaled inputs must be positive")
    encoder = TableEncoder("standard")
    encoder.features_ = tuple(Feature(name, "numbers", "numbers") for name in names)
    encoder.names_, encoder.n_features_in_ = names, n
    encoder.feature_names_in_ = np.array(names, dtype=object)
    encoder.used_, encoder.indicator_ = np.arange(n), Indicator(np.array([], dtype=np.intp))
    encoder.fill_, encoder.scale_, encoder.clip_ = Fill(mean), Scale(mean, factor), Clip(limit)
    encoder.categories_ = {}
    return encoder


def _target(told: Mapping[str, Any], tensors: Mapping[str, Array]) -> Classes | Numbers:
    if told["kind"] == "numbers":
        mean, deviation = tensors["target.mean_deviation"].astype(np.float64).reshape(2, 1)
        if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and deviation[0] > 0.0):
            raise ValueError(f"the target's mean and deviation must be finite; got {mean[0]} and {deviation[0]}")
        return Numbers(mean, deviation)
    if told["kind"] != "classes":
        raise ValueError(f"the target must be classes or numbers; got {told['kind']!r}")
    values, shares = tuple(told["values"]), tensors["target.shares"].astype(np.float64)
    different = len(set(values)) == len(values) >= 2
    if not different or not all(isinstance(value, (str, bool, int, float)) for value in values):
        raise ValueError("the classes must be two or more different texts or numbers")
    if shares.shape != (len(values),) or not np.isfinite(shares).all():
        raise ValueError(f"the classes' shares must have shape ({len(values)},); got {shares.shape}")
    return Classes(np.array(values), shares)
