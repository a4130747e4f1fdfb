"""An ES module for JavaScript, run by Node.js."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from chainrule.errors import FileFormatError
from chainrule.exports.plan import Plan
from chainrule.exports.targets.javascript.module import TESTS, module
from chainrule.exports.targets.javascript.types_file import types_file
from chainrule.exports.targets.running import output_of
from chainrule.exports.targets.target import CheckerMissing, Outcome
from chainrule.exports.vectors import Vectors

RUN = """\
import * as model from {url};
const {{ rows }} = JSON.parse(model.TESTS);
const inOrder = (found, names) => (names ? names.map((name) => found[name]) : [found].flat());
const predicted = rows.map(model.predict);
const values = predicted.map((y, t) => (model.predictProba ? model.predictProba(rows[t]) : inOrder(y, model.NAMES)));
const labels = model.LABELS ? predicted.map((y) => inOrder(y, model.LABELS)) : model.predictProba ? predicted : null;
console.log(JSON.stringify({{ values, labels, version: process.version }}));
"""


class JavaScriptTarget:
    """A module NAME.mjs with ``predict(row)``, and for classes ``predictProba(row)``; its types are NAME.d.mts."""

    suffix = ".mjs"
    reals = ("double",)
    weights = ()
    inputs = ("columns",)

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the module and its types."""
        return {".mjs": module(plan, vectors, name).encode(), ".d.mts": types_file(plan, name).encode()}

    def vectors(self, path: Path) -> Vectors:
        """Reads the module's TESTS."""
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith(TESTS):
                    return Vectors.from_json(json.loads(line.removeprefix(TESTS).rstrip(";")), str(path))
        except ValueError:
            pass
        raise FileFormatError(f"{path} holds no test vectors of an export.")

    def run(self, path: Path) -> Outcome:
        """Imports the module in Node.js."""
        node = shutil.which("node")
        if node is None:
            raise CheckerMissing("no node (Node.js)")
        program = RUN.format(url=json.dumps(path.resolve().as_uri()))
        found = json.loads(output_of(node, "--input-type=module", "--eval", program, shown=str(path)))
        return Outcome(np.array(found["values"], dtype=np.float64), found["labels"], f"Node.js {found['version']}")
