"""The text of the JavaScript module."""

from __future__ import annotations

import json
import math
from typing import Any

from chainrule._internal.checks import Floats
from chainrule._internal.version import __version__
from chainrule.exports.plan import Plan, PlanLayer
from chainrule.exports.result import Classes, Labels, Numbers, Result
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.identifiers import sigma_identifier
from chainrule.exports.targets.javascript.templates import (
    BODY,
    CALENDAR,
    CLASSES,
    HEAD,
    LABELS,
    NUMBERS,
    QUANTILES,
    READ,
    SHARES,
    TEST,
    VECTOR_VALUED,
)
from chainrule.exports.targets.printing import Syntax, base64_of
from chainrule.exports.vectors import Vectors
from chainrule.tables.calibration import LEARNED

SYNTAX = Syntax(
    operations={
        "neg": "-{0}", "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}",
        "exp": "Math.exp({0})", "log": "Math.log({0})", "sqrt": "Math.sqrt({0})", "sin": "Math.sin({0})",
        "tanh": "Math.tanh({0})", "abs": "Math.abs({0})", "less": "{0} < {1}", "where": "{0} ? {1} : {2}",
    },
    constant=lambda value: f"({value!r})" if value < 0 else repr(value),
    statement="    const {name} = {value};",
)  # fmt: skip
TESTS = "export const TESTS = "  # before the test vectors, as a string


def module(plan: Plan, vectors: Vectors, name: str) -> str:
    """Returns the text of the module."""
    number = "partOf(value, part, column)" if plan.has_times else "numberOf(value, column)"
    numbers = [[f.column, f.part, None if math.isnan(f.fill) else f.fill, f.center, f.factor] for f in plan.numbers]
    categories = [[c.column, [*map(_level, c.levels)], c.kind, c.has_other] for c in plan.categories]
    found = "numbers(row)" if isinstance(plan.result, Numbers) else "predictProba(row)"
    sigmas = {sigma_identifier(layer.sigma): layer for net in plan.networks for layer in net}
    parts = [
        HEAD.format(name=name, version=__version__, example=json.dumps(dict(vectors.rows[0]))),
        _rows("NUMBERS", numbers, "column, part of a time, for a gap, center, factor"),
        f"const LIMIT = {json.dumps(plan.limit)}; // of the clipped numbers\n",
        f"const GAPS = {json.dumps([f.column for f in plan.gaps])}; // columns of which a gap is a feature\n",
        _rows("VALUES", [[v.column, v.part, v.value] for v in plan.values], "column, part, its value with a feature"),
        _rows("CATEGORIES", categories, "column, levels, kind, whether others have a feature"),
        *_data_of(plan.result),
        READ,
        *(_sigma(layer) for layer in sigmas.values()),
        "\n// of each layer W (m, n) by rows, b (m), σ, and κ (m) if it is parametric\n",
        "const NETWORKS = [\n",
        *(f"  [\n{''.join(map(_layer, net))}  ],\n" for net in plan.networks),
        "];\n",
        CALENDAR if plan.has_times else "",
        BODY.replace("{number}", number).replace("{shares}", SHARES if isinstance(plan.result, Classes) else ""),
        _functions(plan.result),
        TEST.replace("{tests}", json.dumps(vectors.as_json())).replace("{values}", found),
    ]
    return "".join(parts)


def _level(level: Any) -> Any:
    return level if isinstance(level, str) else float(level)


def _rows(name: str, rows: list[list[Any]], remark: str) -> str:
    text = "".join(f"  {json.dumps(row)},\n" for row in rows)
    return f"// {remark}\nconst {name} = [\n{text}];\n"


def _data_of(result: Result) -> list[str]:
    """Returns the constants of the result."""
    if isinstance(result, Classes):
        return [
            f"export const CLASSES = {json.dumps(result.values)};\n",
            f"const TEMPERATURE = {result.calibration.temperature!r}; // of the calibration\n",
            f"const SMOOTHING = {result.calibration.smoothing!r}; // of labels, which it takes out\n",
        ]
    if isinstance(result, Labels):
        return [
            f"export const LABELS = {json.dumps(result.names)};\n",
            _rows("VALUES_OF_LABELS", [[*two] for two in result.values], "without and with each label"),
            f"const TEMPERATURES = {[one.temperature for one in result.calibrations]}; // of the calibration\n",
            f"const SMOOTHINGS = {[one.smoothing for one in result.calibrations]}; // of labels, which it takes out\n",
        ]
    return [
        f"export const NAMES = {json.dumps(result.names)}; // of the predicted numbers\n" if result.names else "",
        f"const MEAN = {result.mean.tolist()};\n",
        f"const DEVIATION = {result.deviation.tolist()};\n",
        "" if result.shifts is None else f"const SHIFTS = {result.shifts.tolist()}; // of the quantiles\n",
    ]


def _functions(result: Result) -> str:
    """Returns the functions that predict."""
    if not isinstance(result, Numbers):
        return (CLASSES if isinstance(result, Classes) else LABELS).replace("{learned}", repr(LEARNED))
    form, what = "y", "numbers"
    if result.names:
        form, what = "Object.fromEntries(NAMES.map((name, k) => [name, y[k]]))", "numbers, by their NAMES"
    elif result.width == 1:
        form, what = "y[0]", "number"
    quantiles = "" if result.shifts is None else QUANTILES
    return NUMBERS.replace("{what}", what).replace("{quantiles}", quantiles).replace("{result}", form)


def _floats(array: Floats) -> str:
    text, size = base64_of(array)
    return f'floats("{text}", {size})'


def _layer(layer: PlanLayer) -> str:
    parts = {
        "W": f"rowsOf({_floats(layer.W)}, {len(layer.b)})",
        "b": _floats(layer.b),
        "sigma": sigma_identifier(layer.sigma),
    }
    if layer.kappa is not None:
        parts["kappa"] = _floats(layer.kappa)
    return f"    {{ {', '.join(f'{name}: {text}' for name, text in parts.items())} }},\n"


def _sigma(layer: PlanLayer) -> str:
    name, program = sigma_identifier(layer.sigma), program_of(layer.sigma)
    if program is None:
        formula = VECTOR_VALUED[layer.sigma.name].format(**layer.sigma.parameters)
        return f"\nfunction {name}(z) {{\n{formula}\n}}\n"
    inputs = ("z", "kappa")[: program.inputs]
    lines, result = SYNTAX.lines(program, inputs)
    given, kappa = ("zs, kappas", ["    const kappa = kappas[i];"]) if "kappa" in inputs else ("zs", [])
    body = [f"  return zs.map((z{', i' if kappa else ''}) => {{", *kappa, *lines, f"    return {result};", "  });"]
    return "\n".join([f"\nfunction {name}({given}) {{", *body, "}", ""])
