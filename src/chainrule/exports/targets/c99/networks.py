"""The networks in C: their activations, their weights, and a function for each."""

from __future__ import annotations

import numpy as np

from chainrule.exports.plan import PlanLayer
from chainrule.exports.program import Program
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.c99.names import Names
from chainrule.exports.targets.c99.templates import DENSE, VECTOR_VALUED, filled
from chainrule.exports.targets.identifiers import sigma_identifier

BLOCK = 8  # units whose sums are computed side by side


def activations(names: Names) -> list[str]:
    """Returns a function for each different σ."""
    found = {sigma_identifier(layer.sigma): layer for layers in names.plan.networks for layer in layers}
    parts = []
    for name, layer in found.items():
        program = program_of(layer.sigma)
        if program is None:
            epsilon = names.number(layer.sigma.parameters.get("epsilon", 0.0))
            parts.append(filled(VECTOR_VALUED[layer.sigma.name], names, name=name, epsilon=epsilon))
        elif layer.sigma.name != "identity":
            parts.append(_entrywise(names, name, program))
    return parts


def _entrywise(names: Names, name: str, program: Program) -> str:
    inputs = ("z", "kappa")[: program.inputs]
    lines, result = names.syntax().lines(program, inputs)
    given = ", ".join(f"real {word}" for word in inputs)
    return "\n".join([f"static real {name}({given}) {{", *lines, f"    return {result};", "}", ""])


def dense(names: Names) -> str:
    """Returns the function of affine maps: of W a + b, or of Q a for the integers Q of W."""
    units = range(BLOCK)
    is_exact = names.plan.weights is None
    at = ["i", *(f"i + {k}" for k in units[1:])]
    starts = [f"s{k} = {f'b[{at[k]}]' if is_exact else names.number(0.0)}" for k in units]
    half = BLOCK // 2
    return filled(
        DENSE, names,
        formula="W a + b" if is_exact else "W a", bias="const real *b, " if is_exact else "",
        starts=", ".join(starts[:half]) + ";\n        real " + ", ".join(starts[half:]),
        sums="\n            ".join(f"s{k} += {'' if is_exact else '(real)'}W[{k}] * *p;" for k in units),
        ends="\n        ".join(f"z[{at[k]}] = s{k};" for k in units),
    )  # fmt: skip


def weights(names: Names, j: int) -> list[str]:
    """Returns the arrays of network j."""
    return [_weights(names, layer, j, i) for i, layer in enumerate(names.plan.networks[j - 1], 1)]


def _weights(names: Names, layer: PlanLayer, j: int, i: int) -> str:
    """Returns b; W in blocks of eight units, for each block the columns, of each column eight entries; and κ.

    In the first layer the columns of categories are an array of their own, one column after the other: only the one of
    the row's level is added. W of integers has a factor for each unit.
    """
    m, n = layer.W.shape
    padded = padded_size(layer)
    width = names.dense if i == 1 else n
    more = (0, padded - m)
    W = np.pad(layer.W if layer.scale is None else np.rint(layer.W / layer.scale[:, None]), (more, (0, 0)))
    blocks = W[:, :width].reshape(padded // BLOCK, BLOCK, width).transpose(0, 2, 1)
    parts = [f"static const real b{j}_{i}[{padded}] = {names.array(np.pad(layer.b, more))};"]
    if layer.scale is not None:
        parts.append(f"static const real scale{j}_{i}[{padded}] = {names.array(np.pad(layer.scale, more))};")
    if width:
        parts.append(f"static const weight W{j}_{i}[{blocks.size}] = {names.weights(blocks)};")
    if width < n:
        parts.append(f"static const weight C{j}_{i}[{(n - width) * padded}] = {names.weights(W[:, width:].T)};")
    if layer.kappa is not None:
        parts.append(f"static const real kappa{j}_{i}[{m}] = {names.array(layer.kappa)};")
    return "\n".join(parts) + "\n"


def padded_size(layer: PlanLayer) -> int:
    """Returns the number of units, rounded up to whole blocks."""
    return -(-len(layer.b) // BLOCK) * BLOCK


def network(names: Names, j: int) -> str:
    """Returns the function of network j: the outputs for features x and codes of categories."""
    layers = names.plan.networks[j - 1]
    sizes = [padded_size(layer) for layer in layers]
    lines = [
        f"static void network{j}(const real *x, const int *codes, real *out) {{",
        f"    real u[{max(sizes[::2])}];",
    ]
    if len(layers) > 1:
        lines.append(f"    real v[{max(sizes[1::2])}];")
    lines.append("    int i;")
    if not names.plan.categories:
        lines.append("    (void)codes;")
    if not names.dense:
        lines.append("    (void)x;")
    before = "x"
    for i, layer in enumerate(layers, 1):
        m, z, n = padded_size(layer), "uv"[(i - 1) % 2], names.dense if i == 1 else layer.W.shape[1]
        bias = f"b{j}_{i}, " if layer.scale is None else ""
        if n:
            lines.append(f"    dense(W{j}_{i}, {bias}{before}, {n}, {m}, {z});")
        else:
            lines.append(_loop(m, f"{z}[i] = {f'b{j}_{i}[i]' if bias else names.number(0.0)};"))
        if i == 1:
            lines += _added_levels(names, f"C{j}_1", m, z)
        if layer.scale is not None:
            lines.append(_loop(m, f"{z}[i] = b{j}_{i}[i] + scale{j}_{i}[i] * {z}[i];"))
        lines += _activated(layer, z, f"kappa{j}_{i}")
        before = z
    return "\n".join([*lines, _loop(layers[-1].W.shape[0], f"out[i] = {before}[i];"), "}", ""])


def _loop(count: int | str, statement: str) -> str:
    return f"    for (i = 0; i < {count}; i++) {{\n        {statement}\n    }}"


def _added_levels(names: Names, columns: str, m: int, z: str) -> list[str]:
    """Returns statements that add, for each category, the column of the row's level."""
    lines, at = [], 0
    real = "" if names.plan.weights is None else "(real)"
    for k, category in enumerate(names.plan.categories):
        code = f"codes[{k}]"
        if category.kind == "sign":
            entry, width = f"{real}{columns}[{at * m} + i]", 2
            value = f"{code} == 0 ? -{entry} : {entry}"
        else:
            width = category.width
            value = f"{real}{columns}[({at} + {code}) * {m} + i]"
        lines.append(
            f"    if ({code} >= 0 && {code} < {width}) {{\n        for (i = 0; i < {m}; i++) {{\n"
            f"            {z}[i] += {value};\n        }}\n    }}"
        )
        at += category.width
    return lines


def _activated(layer: PlanLayer, z: str, kappa: str) -> list[str]:
    name, m = sigma_identifier(layer.sigma), layer.W.shape[0]
    if program_of(layer.sigma) is None:
        return [f"    {name}({z}, {m});"]
    if layer.sigma.name == "identity":
        return []
    given = f"{z}[i]" if layer.kappa is None else f"{z}[i], {kappa}[i]"
    return [_loop(m, f"{z}[i] = {name}({given});")]
