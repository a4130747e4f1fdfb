"""The targets of exports, by the ending of the file."""

from __future__ import annotations

from pathlib import Path

from chainrule._internal.checks import shown
from chainrule._internal.imports import imported
from chainrule.errors import InputError
from chainrule.exports.targets.target import Target

TARGETS = {  # the ending, the module below, and its class
    ".c": ("c99.target", "CTarget"),
    ".mjs": ("javascript.target", "JavaScriptTarget"),
    ".onnx": ("onnx.target", "OnnxTarget"),
    ".py": ("python.target", "PythonTarget"),
    ".sql": ("sql.target", "SqlTarget"),
}


def target_of(path: Path) -> Target:
    """Returns the target of a path. Raises InputError for an ending that no target has."""
    if path.suffix not in TARGETS:
        raise InputError(f"path must end in {', '.join(TARGETS)}; got {str(path)!r}.")
    module, name = TARGETS[path.suffix]
    found: Target = getattr(imported(f"{__name__}.{module}"), name)()
    return found


def real_of(target: Target, real: str | None) -> str:
    """Returns the number type, by default the target's first one. Raises InputError for one that it cannot have."""
    return _one_of("real", real, target.reals, target) or target.reals[0]


def weights_of(target: Target, weights: str | None) -> str | None:
    """Returns the integers that weights are, None for none. Raises InputError for those that it cannot have."""
    return _one_of("weights", weights, target.weights, target)


def inputs_of(target: Target, inputs: str | None) -> str:
    """Returns the form of the input, by default the target's first one. Raises InputError for one that it lacks."""
    return _one_of("inputs", inputs, target.inputs, target) or target.inputs[0]


def _one_of(option: str, value: str | None, known: tuple[str, ...], target: Target) -> str | None:
    if value is not None and value not in known:
        must = f"be {' or '.join(known)}" if known else "be left out"
        raise InputError(f"{option} must {must} for {target.suffix}; got {shown(value)}.")
    return value
