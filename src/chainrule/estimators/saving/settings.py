"""The settings of an estimator as JSON: numbers, texts, lists, and the frozen values that Chainrule itself defines.

A file holds no code. A value of a user's own class, or a function, is therefore not kept; the name of a user's own σ
is, and `from_json` takes the σ itself.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.activations import ACTIVATIONS, Parametric, Sigma
from chainrule.costs import COSTS
from chainrule.engines import Torch
from chainrule.errors import FileFormatError, InputError, TrainingWarning
from chainrule.files import field
from chainrule.initial import INITIALS
from chainrule.optimizers import OPTIMIZERS
from chainrule.optimizers.schedules import SCHEDULES
from chainrule.training.checkpoint import Checkpoint

Kinds = Mapping[str, type[Any]]  # classes of frozen values, by name

COMMON: Kinds = {
    kind.__name__: kind
    for kind in (
        *OPTIMIZERS.values(),
        *COSTS.values(),
        *SCHEDULES.values(),
        *map(type, INITIALS.values()),
        Checkpoint,
        Torch,
    )
}


class NotStorable(InputError):
    """A value that a file cannot hold."""


def as_json(value: Any, kinds: Kinds = COMMON) -> Any:
    """Returns a setting as JSON, from which `from_json` makes an equal one. Raises NotStorable for other values."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if type(value) is list:
        return [as_json(inner, kinds) for inner in value]
    if type(value) is tuple:
        return {"tuple": [as_json(inner, kinds) for inner in value]}
    if isinstance(value, Mapping):
        return {"pairs": [[as_json(key, kinds), as_json(inner, kinds)] for key, inner in value.items()]}
    if isinstance(value, os.PathLike):
        return {"path": os.fsdecode(value)}
    if isinstance(value, Sigma):
        return _sigma_as_json(value)
    if kinds.get(type(value).__name__) is type(value):
        given = {f.name: as_json(getattr(value, f.name), kinds) for f in fields(value) if f.init}
        return {"value": type(value).__name__, "settings": given}
    raise NotStorable(f"a file cannot hold {shown(value)}.")


def from_json(entry: Any, own: Mapping[str, Sigma], kinds: Kinds = COMMON) -> Any:
    """Returns the setting that `as_json` described; ``own`` holds the user's own σ by name.

    Raises FileFormatError for anything that ``as_json`` does not write, InputError for settings that are not valid.
    """
    if isinstance(entry, list):
        return [from_json(inner, own, kinds) for inner in entry]
    if not isinstance(entry, dict):
        return entry
    if "value" in entry:
        return _value(entry, own, kinds)
    if "activation" in entry:
        return _sigma(entry, own)
    if "float" in entry:
        return float(field(entry, "float", str))
    if "tuple" in entry:
        return tuple(from_json(inner, own, kinds) for inner in field(entry, "tuple", list))
    if "pairs" in entry:
        return {from_json(key, own, kinds): from_json(value, own, kinds) for key, value in field(entry, "pairs", list)}
    if "path" in entry:
        return Path(field(entry, "path", str))
    raise FileFormatError(f"a setting must be described by its kind; got {shown(entry)}.")


def settings_parts(params: Mapping[str, Any], kinds: Kinds = COMMON) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the settings as JSON, and those that a file cannot hold, as text."""
    kept, lacking = {}, {}
    for name, value in params.items():
        try:
            kept[name] = as_json(value, kinds)
        except NotStorable:
            lacking[name] = shown(value)
    return kept, lacking


def with_settings(
    kind: type[Any], name: str, header: Mapping[str, Any], own: Mapping[str, Sigma], kinds: Kinds = COMMON
) -> Any:
    """Returns an estimator of this class with the parameters in the header of the file ``name``.

    Issues a TrainingWarning for parameters that the file could not hold. Raises FileFormatError for unknown ones.
    """
    parameters = field(header, "parameters", dict)
    if unknown := parameters.keys() - set(kind._get_param_names()):
        raise FileFormatError(
            f"its parameters {listed(sorted(unknown))} are not known to this {kind.__name__}. Update Chainrule"
        )
    if lacking := field(header, "lacking", dict) if "lacking" in header else {}:
        warn(
            f"{name} holds no code, and so not {', '.join(f'{key} = {text}' for key, text in lacking.items())}. Set "
            f"{'it' if len(lacking) == 1 else 'them'} by set_params before training continues.",
            TrainingWarning,
        )
    return kind(**{key: from_json(entry, own, kinds) for key, entry in parameters.items()})


def _value(entry: Mapping[str, Any], own: Mapping[str, Sigma], kinds: Kinds) -> Any:
    name, given = field(entry, "value", str), field(entry, "settings", dict)
    if name not in kinds:
        raise FileFormatError(f"it uses the setting {shown(name)}, which this version of Chainrule does not have.")
    known = {f.name for f in fields(kinds[name]) if f.init}
    if not given.keys() <= known:
        raise FileFormatError(f"{shown(name)} must have the settings {sorted(known)}; got {shown(sorted(given))}.")
    return kinds[name](**{key: from_json(inner, own, kinds) for key, inner in given.items()})


def _sigma_as_json(sigma: Sigma) -> dict[str, Any]:
    if type(sigma) is Parametric:
        return {**_sigma_as_json(sigma.sigma), "kappa": True}
    return {"activation": sigma.name, "builtin": sigma.builtin, "parameters": dict(sigma.parameters)}


def _sigma(entry: Mapping[str, Any], own: Mapping[str, Sigma]) -> Sigma:
    name, catalogue = field(entry, "activation", str), ACTIVATIONS if field(entry, "builtin", bool) else own
    if name not in catalogue:
        raise FileFormatError(
            f"it uses the activation {shown(name)}, which is not known here. Pass your own: "
            f"load(path, activations={{{shown(name)}: sigma}})."
        )
    parameters = field(entry, "parameters", dict)
    sigma = catalogue[name].with_parameters(**parameters) if parameters else catalogue[name]
    return Parametric(sigma) if entry.get("kappa") is True else sigma
