"""A Python script that needs NumPy alone."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.checks import Floats
from chainrule._internal.version import __version__
from chainrule.errors import FileFormatError
from chainrule.exports.plan import Plan, PlanLayer
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.identifiers import sigma_identifier
from chainrule.exports.targets.printing import Syntax, base64_of
from chainrule.exports.targets.running import output_of
from chainrule.exports.targets.target import Outcome
from chainrule.exports.vectors import Vectors

SYNTAX = Syntax(
    operations={
        "neg": "-{0}", "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}",
        "exp": "np.exp({0})", "log": "np.log({0})", "sqrt": "np.sqrt({0})", "sin": "np.sin({0})",
        "tanh": "np.tanh({0})", "abs": "np.abs({0})", "less": "{0} < {1}", "where": "np.where({0}, {1}, {2})",
    },
    constant=lambda value: f"({value!r})" if value < 0 else repr(value),
    statement="    {name} = {value}",
)  # fmt: skip
VECTOR_VALUED = {
    "softmax": """\
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)""",
    "log_softmax": """\
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))""",
    "layer_norm": """\
    z = z - z.mean(axis=1, keepdims=True)
    return z / np.sqrt((z * z).mean(axis=1, keepdims=True) + {epsilon!r})""",
}


class PythonTarget:
    """A script with ``predict(rows)``, and for classes ``predict_proba(rows)``; run by itself it tests itself."""

    suffix = ".py"
    reals = ("double",)

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


def script(plan: Plan, vectors: Vectors, name: str) -> str:
    """Returns the text of the script."""
    sigmas = {sigma_identifier(layer.sigma): layer for net in plan.networks for layer in net}
    usual = json.dumps(dict(vectors.rows[0]), ensure_ascii=True)
    numbers = [(f.column, f.part, f.fill, f.center, f.factor) for f in plan.numbers]
    categories = [(c.column, list(c.levels), c.kind, c.has_other) for c in plan.categories]
    parts = [
        _HEAD.format(name=name, version=__version__, example=usual),
        _data("NUMBERS", numbers, "column, part of a time, for a gap, center, factor"),
        f"LIMIT = {plan.limit!r}  # of the clipped numbers\n",
        _data("GAPS", [(f.column, f.part) for f in plan.gaps], "columns of which a gap is a feature"),
        _data("VALUES", [(v.column, v.part, v.value) for v in plan.values], "columns of which a value is a feature"),
        _data("CATEGORIES", categories, "column, levels, kind, has_other"),
        f"CLASSES = {None if plan.classes is None else list(plan.classes)!r}\n",
        f"TEMPERATURE = {plan.temperature!r}\n",
        f"MEAN, DEVIATION = {plan.mean.tolist()!r}, {plan.deviation.tolist()!r}\n",
        _READ,
        *(_sigma(layer) for layer in sigmas.values()),
        "\nNETWORKS = [  # of each layer W (m, n), b (m,), σ, and κ (m,) if it is parametric\n",
        *(f"    [{', '.join(map(_layer, net))}],\n" for net in plan.networks),
        "]\n",
        _CALENDAR if plan.has_times else "",
        _BODY.replace("{number}", "part_of(value, part)" if plan.has_times else "float(value)"),
        f"TESTS = json.loads({vectors.as_json()!r})\n",
        _TAIL,
    ]
    return "".join(parts)


def _data(name: str, rows: list[Any], remark: str) -> str:
    text = "".join(f"    {row!r},\n" for row in rows).replace("nan", "math.nan")
    return f"{name} = [  # {remark}\n{text}]\n"


def _floats(array: Floats) -> str:
    text, size = base64_of(array)
    return f"floats({text!r}, {array.shape}, '<f{size}')"


def _layer(layer: PlanLayer) -> str:
    kappa = "None" if layer.kappa is None else _floats(layer.kappa)
    return f"({_floats(layer.W)}, {_floats(layer.b)}, {sigma_identifier(layer.sigma)}, {kappa})"


def _sigma(layer: PlanLayer) -> str:
    name, program = sigma_identifier(layer.sigma), program_of(layer.sigma)
    if program is None:
        body = VECTOR_VALUED[layer.sigma.name].format(**layer.sigma.parameters)
        return f"\n\ndef {name}(z):\n{body}\n"
    inputs = ("z",) if layer.kappa is None else ("z", "kappa")
    lines, result = SYNTAX.lines(program, inputs)
    return "\n\n" + "\n".join([f"def {name}({', '.join(inputs)}):", *lines, f"    return {result}"]) + "\n"


_HEAD = '''"""{name}: predictions of a model, in float64. Needs Python and NumPy alone. Made by Chainrule {version}.

    predict([{example}])

A row is a dict of the columns below; a missing value is None, NaN, "", or left out. `python {name}.py` tests itself.
"""

import base64
import json
import math
import sys

import numpy as np

'''
_READ = '''

def floats(text, shape, dtype):
    """The array of a base64 text, in float64."""
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape).astype(float)
'''
_CALENDAR = '''

def part_of(value, part):
    """A number; or days since 1970, and the sine and cosine of the phase in the year, the week and the day."""
    if part is None:
        return float(value)
    time = np.datetime64(value, "us")
    days = time.astype(np.int64) / 86400e6
    if part == 0:
        return days
    year = time.astype("datetime64[Y]")
    start, end = year.astype("datetime64[us]"), (year + 1).astype("datetime64[us]")
    phase = ((time - start) / (end - start), (days + 3.0) % 7.0 / 7.0, days % 1.0)[(part - 1) // 2]
    return (math.sin, math.cos)[(part - 1) % 2](2.0 * math.pi * phase)
'''
_BODY = '''

def is_missing(value):
    """True for None, NaN and an empty text."""
    return value is None or value == "" or value != value


def encode(row):
    """The features x of a row."""
    x = []
    for column, part, fill, center, factor in NUMBERS:
        value = row.get(column)
        z = ((fill if is_missing(value) else {number}) - center) * factor
        if LIMIT is not None:
            y = min(max(z / LIMIT, -1e9), 1e9)
            z = LIMIT * (y / math.sqrt(1.0 + y * y))
        x.append(z)
    x += [float(is_missing(row.get(column))) for column, part in GAPS]
    for column, part, single in VALUES:
        value = row.get(column)
        x.append(float(not is_missing(value) and {number} == single))
    for column, levels, kind, has_other in CATEGORIES:
        value = row.get(column)
        code = -1 if is_missing(value) else levels.index(value) if value in levels else len(levels) if has_other else -1
        if kind == "sign":
            x.append(0.0 if code < 0 else 2.0 * code - 1.0)
        else:
            x += [float(k == code) for k in range(len(levels) + has_other)]
    return x


def outputs(rows):
    """The mean outputs of the networks for rows: probabilities (t, k), or numbers (t, m)."""
    X = np.array([encode(row) for row in rows], dtype=float).reshape(len(rows), -1)
    total = 0.0
    for network in NETWORKS:
        a = X
        for W, b, sigma, kappa in network:
            z = a @ W.T + b
            a = sigma(z) if kappa is None else sigma(z, kappa)
        if CLASSES is not None and a.shape[1] == 1:
            a = np.concatenate([1.0 - a, a], axis=1)
        if CLASSES is not None:
            a = a / a.sum(axis=1, keepdims=True)
        total = total + a
    return total / len(NETWORKS)


def predict_proba(rows):
    """The probabilities of the classes (t, k)."""
    p = outputs(rows)
    q = (p / p.max(axis=1, keepdims=True)) ** (1.0 / TEMPERATURE)
    return q / q.sum(axis=1, keepdims=True)


def predict(rows):
    """The class of each row, or its number, or its numbers."""
    if CLASSES is not None:
        return [CLASSES[k] for k in outputs(rows).argmax(axis=1)]
    Y = np.array(MEAN) + np.array(DEVIATION) * outputs(rows)
    return Y[:, 0].tolist() if Y.shape[1] == 1 else Y.tolist()


'''
_TAIL = '''

def main():
    """Computes the test rows, and compares."""
    rows = TESTS["rows"]
    values = predict_proba(rows) if CLASSES is not None else np.reshape(predict(rows), (len(rows), -1))
    if "--results" in sys.argv:
        print(json.dumps({"values": values.tolist(), "labels": predict(rows) if CLASSES is not None else None}))
        return 0
    holds = bool((np.abs(values - TESTS["values"]) <= TESTS["bounds"]).all())
    print(f"{len(rows)} rows: {'within' if holds else 'NOT within'} the bounds")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
'''
