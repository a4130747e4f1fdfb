"""The networks in C: their activations, their weights, and a function for each."""

from __future__ import annotations

import numpy as np

from chainrule.exports.plan import PlanLayer
from chainrule.exports.program import Program
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.c99.names import Names
from chainrule.exports.targets.c99.templates import VECTOR_VALUED, filled
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


def weights(names: Names, j: int) -> list[str]:
    """Returns the arrays of network j."""
    return [_weights(names, layer, j, i) for i, layer in enumerate(names.plan.networks[j - 1], 1)]


def _weights(names: Names, layer: PlanLayer, j: int, i: int) -> str:
    """Returns b; W in blocks of eight units, for each block the columns, of each column eight entries; and κ.

    In the first layer the columns of categories are an array of their own, one column after the other: only the one of
    the row's level is added.
    """
    m, n = layer.W.shape
    padded = padded_size(layer)
    dense = names.dense if i == 1 else n
    W = np.pad(layer.W, ((0, padded - m), (0, 0)))
    blocks = W[:, :dense].reshape(-1, BLOCK, dense).transpose(0, 2, 1)
    parts = [f"static const real b{j}_{i}[{padded}] = {names.array(np.pad(layer.b, (0, padded - m)))};"]
    if dense:
        parts.append(f"static const real W{j}_{i}[{blocks.size}] = {names.array(blocks)};")
    if dense < n:
        parts.append(f"static const real C{j}_{i}[{(n - dense) * padded}] = {names.array(W[:, dense:].T)};")
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
        if n:
            lines.append(f"    dense(W{j}_{i}, b{j}_{i}, {before}, {n}, {m}, {z});")
        else:
            lines.append(_loop(m, f"{z}[i] = b{j}_{i}[i];"))
        if i == 1:
            lines += _added_levels(names, f"C{j}_1", m, z)
        lines += _activated(layer, z, f"kappa{j}_{i}")
        before = z
    return "\n".join([*lines, _loop(layers[-1].W.shape[0], f"out[i] = {before}[i];"), "}", ""])


def _loop(count: int | str, statement: str) -> str:
    return f"    for (i = 0; i < {count}; i++) {{\n        {statement}\n    }}"


def _added_levels(names: Names, columns: str, m: int, z: str) -> list[str]:
    """Returns statements that add, for each category, the column of the row's level."""
    lines, at = [], 0
    for k, category in enumerate(names.plan.categories):
        code = f"codes[{k}]"
        if category.kind == "sign":
            entry, width = f"{columns}[{at * m} + i]", 2
            value = f"{code} == 0 ? -{entry} : {entry}"
        else:
            width = category.width
            value = f"{columns}[({at} + {code}) * {m} + i]"
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
