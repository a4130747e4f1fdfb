"""The text of the script."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from chainrule._internal.checks import Floats
from chainrule._internal.version import __version__
from chainrule.exports.plan import Plan, PlanLayer
from chainrule.exports.result import Classes, Labels, Numbers, Result
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.identifiers import sigma_identifier
from chainrule.exports.targets.printing import Syntax, base64_of
from chainrule.exports.targets.python.templates import (
    BODY,
    CALENDAR,
    CLASSES,
    HEAD,
    LABELS,
    NUMBERS,
    QUANTILES,
    READ,
    SHARES,
    TAIL,
    VECTOR_VALUED,
)
from chainrule.exports.vectors import Vectors
from chainrule.tables.calibration import LEARNED

SYNTAX = Syntax(
    operations={
        "neg": "-{0}", "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}",
        "exp": "np.exp({0})", "log": "np.log({0})", "sqrt": "np.sqrt({0})", "sin": "np.sin({0})",
        "tanh": "np.tanh({0})", "abs": "np.abs({0})", "less": "{0} < {1}", "where": "np.where({0}, {1}, {2})",
    },
    constant=lambda value: f"({value!r})" if value < 0 else repr(value),
    statement="    {name} = {value}",
)  # fmt: skip


def script(plan: Plan, vectors: Vectors, name: str) -> str:
    """Returns the text of the script."""
    sigmas = {sigma_identifier(layer.sigma): layer for net in plan.networks for layer in net}
    usual = json.dumps(dict(vectors.rows[0]), ensure_ascii=True)
    numbers = [(f.column, f.part, f.fill, f.center, f.factor) for f in plan.numbers]
    categories = [(c.column, list(c.levels), c.kind, c.has_other) for c in plan.categories]
    parts = [
        HEAD.format(name=name, version=__version__, example=usual),
        _data("NUMBERS", numbers, "column, part of a time, for a gap, center, factor"),
        f"LIMIT = {plan.limit!r}  # of the clipped numbers\n",
        _data("GAPS", [(f.column, f.part) for f in plan.gaps], "columns of which a gap is a feature"),
        _data("VALUES", [(v.column, v.part, v.value) for v in plan.values], "columns of which a value is a feature"),
        _data("CATEGORIES", categories, "column, levels, kind, has_other"),
        *_data_of(plan.result),
        READ,
        *(_sigma(layer) for layer in sigmas.values()),
        "\nNETWORKS = [  # of each layer W (m, n), b (m,), σ, and κ (m,) if it is parametric\n",
        *(f"    [{', '.join(map(_layer, net))}],\n" for net in plan.networks),
        "]\n",
        CALENDAR if plan.has_times else "",
        BODY.replace("{number}", "part_of(value, part)" if plan.has_times else "float(value)").replace(
            "{shares}", SHARES if isinstance(plan.result, Classes) else ""
        ),
        _functions(plan.result),
        f"TESTS = json.loads({vectors.as_json()!r})\n",
        TAIL,
    ]
    return "".join(parts)


def _data_of(result: Result) -> list[str]:
    """Returns the constants of the result."""
    if isinstance(result, Classes):
        return [
            f"CLASSES = {list(result.values)!r}\n",
            f"TEMPERATURE = {result.calibration.temperature!r}  # of the calibration\n",
            f"SMOOTHING = {result.calibration.smoothing!r}  # of labels, which it takes out\n",
        ]
    if isinstance(result, Labels):
        rows = [
            (name, *two, one.temperature, one.smoothing)
            for name, two, one in zip(result.names, result.values, result.calibrations, strict=True)
        ]
        return [_data("LABELS", rows, "name, value without and with the label, temperature and smoothing")]
    parts = [f"MEAN, DEVIATION = {result.mean.tolist()!r}, {result.deviation.tolist()!r}\n"]
    if result.names:
        parts.insert(0, f"NAMES = {list(result.names)!r}\n")
    return parts if result.shifts is None else [*parts, f"SHIFTS = {result.shifts.tolist()!r}  # of the quantiles\n"]


def _functions(result: Result) -> str:
    """Returns the functions that predict."""
    if not isinstance(result, Numbers):
        return (CLASSES if isinstance(result, Classes) else LABELS).replace("{learned}", repr(LEARNED))
    form = "[dict(zip(NAMES, y)) for y in Y.tolist()]" if result.names else "Y.tolist()"
    what = "numbers of each row, by their names" if result.names else "numbers of each row"
    if result.width == 1 and not result.names:
        form, what = "Y[:, 0].tolist()", "number of each row"
    quantiles = "" if result.shifts is None else QUANTILES
    return NUMBERS.replace("{what}", what).replace("{form}", form).replace("{quantiles}", quantiles)


def _data(name: str, rows: Sequence[tuple[Any, ...]], remark: str) -> str:
    text = "".join(f"    ({''.join(f'{_shown(value)}, ' for value in row).rstrip()}),\n" for row in rows)
    return f"{name} = [  # {remark}\n{text}]\n"


def _shown(value: Any) -> str:
    return "math.nan" if isinstance(value, float) and math.isnan(value) else repr(value)


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
