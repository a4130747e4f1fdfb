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
    ".py": ("python", "PythonTarget"),
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
    if real is not None and real not in target.reals:
        raise InputError(f"real must be {' or '.join(target.reals)} for {target.suffix}; got {shown(real)}.")
    return real or target.reals[0]
