"""A C99 file with its header and a test: it requests no memory, and has no global variables."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning, FileFormatError
from chainrule.exports.plan import Plan
from chainrule.exports.result import Numbers
from chainrule.exports.single import require_digits
from chainrule.exports.targets.c99.check_program import MARK, check_program
from chainrule.exports.targets.c99.header import header
from chainrule.exports.targets.c99.implementation import implementation
from chainrule.exports.targets.c99.names import Names
from chainrule.exports.targets.running import output_of
from chainrule.exports.targets.target import UNITS, CheckerMissing, Outcome
from chainrule.exports.targets.texts import NUL_OR_SURROGATE, require_texts
from chainrule.exports.vectors import Vectors

FLAGS = ("-std=c99", "-O2")
LARGEST_STEP = 2.0**-8  # of float, in spreads of a column


class CTarget:
    """Files NAME.c and NAME.h with ``NAME_predict``, and NAME_test.c."""

    suffix = ".c"
    reals = ("float", "double")
    weights = ("int8", "int16")
    inputs = ("columns",)

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the contents of the three files. Warns of a column whose numbers float cannot tell apart.

        Raises InputError for numbers and texts that they cannot hold.
        """
        require_texts(plan, self.suffix, NUL_OR_SURROGATE)
        if real == "float":
            _warn_of_far_columns(plan)
            if isinstance(plan.result, Numbers):
                require_digits(plan.result.deviation)
        names = Names(plan, name, real)
        texts = {".c": implementation(names), ".h": header(names), "_test.c": check_program(names, vectors)}
        return {ending: text.encode() for ending, text in texts.items()}

    def vectors(self, path: Path) -> Vectors:
        """Reads the vectors of NAME_test.c, which must lie beside NAME.c."""
        test = path.with_name(f"{path.stem}_test.c")
        found = re.search(rf"^{re.escape(MARK)}(.*) \*/$", test.read_text(encoding="utf-8"), re.MULTILINE)
        if found is None:
            raise FileFormatError(f"{test} holds no test vectors of an export.")
        return Vectors.from_json(found[1], str(test))

    def run(self, path: Path) -> Outcome:
        """Compiles the files and runs the test."""
        names = (os.environ.get("CC"), "cc", "gcc", "clang")
        compiler = next(filter(None, (shutil.which(name) for name in names if name)), None)
        if compiler is None:
            raise CheckerMissing("no C compiler")
        with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
            program, test = str(Path(folder, "test")), str(path.with_name(f"{path.stem}_test.c"))
            called = Path(compiler).name
            output_of(compiler, *FLAGS, "-o", program, str(path), test, "-lm", shown=called)
            results = json.loads(output_of(program, "--results", shown=Path(test).name))
        version = output_of(compiler, "--version", shown=called).splitlines()[0]
        labels = _typed(results["labels"], self.vectors(path).labels or ())
        return Outcome(np.array(results["values"], dtype=np.float64), labels, version)


def _warn_of_far_columns(plan: Plan) -> None:
    """Warns of a column that lies so far from 0 that a step of float is a large part of its spread."""
    steps = {feature.column: abs(feature.center * feature.factor) * UNITS["float"] for feature in plan.numbers}
    for column, step in steps.items():
        if step > LARGEST_STEP:
            warn(
                f"the column {column!r} lies far from 0: in float a value is rounded by up to {step:.1%} of the "
                "spread. Export with real='double', or subtract a constant from it.",
                DataWarning,
            )


def _typed(found: list[Any], labels: Sequence[Any]) -> list[Any]:
    """Returns the labels that C has as texts, numbers and booleans in their own type."""
    if found and isinstance(found[0], list):
        pairs = zip(zip(*found, strict=True), zip(*labels, strict=True), strict=True)
        return [*map(list, zip(*(_typed([*column], own) for column, own in pairs), strict=True))]
    label_of = {str(label): label for label in labels if label is not None}
    return [label_of.get(text, text) for text in found]
