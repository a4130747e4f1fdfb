"""A C99 file with its header and a test: it requests no memory, and has no global variables."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from chainrule.errors import FileFormatError
from chainrule.exports.plan import Plan
from chainrule.exports.targets.c99.check_program import MARK, check_program
from chainrule.exports.targets.c99.header import header
from chainrule.exports.targets.c99.implementation import implementation
from chainrule.exports.targets.c99.names import Names
from chainrule.exports.targets.running import output_of
from chainrule.exports.targets.target import CheckerMissing, Outcome
from chainrule.exports.vectors import Vectors

FLAGS = ("-std=c99", "-O2")


class CTarget:
    """Files NAME.c and NAME.h with ``NAME_predict``, and NAME_test.c."""

    suffix = ".c"
    reals = ("float", "double")

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the contents of the three files."""
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
        label_of = {str(label): label for label in self.vectors(path).labels or () if label is not None}
        labels = [label_of.get(text, text) for text in results["labels"]]  # C has the texts of numbers and booleans
        return Outcome(np.array(results["values"], dtype=np.float64), labels, version)
