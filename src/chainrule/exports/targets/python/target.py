"""A Python script that needs NumPy alone, run by Python."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from chainrule.errors import FileFormatError
from chainrule.exports.plan import Plan
from chainrule.exports.targets.python.script import script
from chainrule.exports.targets.running import output_of
from chainrule.exports.targets.target import Outcome
from chainrule.exports.vectors import Vectors


class PythonTarget:
    """A script with ``predict(rows)``, and for classes ``predict_proba(rows)``; run by itself it tests itself."""

    suffix = ".py"
    reals = ("double",)
    weights = ()
    inputs = ("columns",)

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the script."""
        return {self.suffix: script(plan, vectors, name).encode()}

    def vectors(self, path: Path) -> Vectors:
        """Reads the script's TESTS."""
        try:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "TESTS":
                    call = node.value
                    if isinstance(call, ast.Call) and isinstance(call.args[0], ast.Constant):
                        return Vectors.from_json(str(call.args[0].value), str(path))
        except (SyntaxError, ValueError):
            pass
        raise FileFormatError(f"{path} holds no test vectors of an export.")

    def run(self, path: Path) -> Outcome:
        """Runs the script in a process of its own."""
        found = json.loads(output_of(sys.executable, "-I", str(path), "--results", shown=str(path)))
        return Outcome(np.array(found["values"]), found["labels"], f"Python and NumPy {np.__version__}")
