"""The definition of a network as text: N = (L[1], …, L[r]), and W[i], b[i], σ[i] of each layer (Lecture, L5, L6).

Numbers are the shortest decimals that give the same bits back.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations import Sigma, without_kappa
from chainrule.errors import InputError
from chainrule.network import BlockDiagonal, Layer, Network
from chainrule.network.block_diagonal import Matrix
from chainrule.network.rates import DECAY, RATE, Factors
from chainrule.optimizers.schedules import Schedule


def to_text(net: Network) -> str:
    """Returns the definition of a network as text, which `parse` reads back.

    Raises InputError for a dropout that follows a schedule, and for a complex θ, which the notation does not have.
    """
    if net.dtype.kind == "c":
        raise InputError(f"net must be float32 or float64 to be written; got {net.dtype}.")
    layers = ", ".join(f"L[{i}]" for i in range(1, net.r + 1))
    lines = [f"N = ({layers})", f"dtype = {net.dtype.name}"]
    for i, layer in enumerate(net.layers, 1):
        lines += ["", *_layer(i, layer)]
    return "\n".join(lines) + "\n"


def _layer(i: int, layer: Layer) -> Iterator[str]:
    yield f"W[{i}] = {_matrix(layer.W, len(f'W[{i}] = '))}"
    yield f"b[{i}] = {_vector(layer.b)}"
    yield f"σ[{i}] = {_sigma(layer.sigma)}"
    if len(layer.kappa):
        yield f"κ[{i}] = {_vector(layer.kappa)}"
    if isinstance(layer.dropout, Schedule):
        raise InputError(f"the dropout of layer {i} follows a schedule, which has no notation. Use net.save(path).")
    if layer.dropout:
        yield f"dropout[{i}] = {layer.dropout!r}"
    for name, factors, default in (("rate", layer.rate, RATE), ("decay", layer.decay, DECAY)):
        if factors != default:
            yield f"{name}[{i}] = {_factors(factors)}"


def _factors(factors: Factors) -> str:
    return "(" + ", ".join(repr(number) for number in factors.numbers) + ")"


def _matrix(W: Matrix, indent: int) -> str:
    if isinstance(W, BlockDiagonal):
        return "diag(" + ", ".join(_matrix(block, indent + 5) for block in W.blocks) + ")"
    rows = [" ".join(map(_number, row)) for row in W]
    return "[" + ("\n" + " " * (indent + 1)).join(rows) + "]"


def _vector(v: Array) -> str:
    return "[" + " ".join(map(_number, v)) + "]"


def _number(value: np.floating) -> str:
    """Returns the shortest decimal that rounds to this number in its own type."""
    text = np.format_float_positional(value, unique=True, trim="-")
    return text if len(text) <= 20 else np.format_float_scientific(value, unique=True, trim="-")


def _sigma(sigma: Sigma) -> str:
    inner = without_kappa(sigma)
    if not inner.name.isidentifier():
        raise InputError(f"the name of σ must be one word to be written; got {inner.name!r}.")
    parameters = ", ".join(f"{name}={value!r}" for name, value in inner.parameters.items())
    name = f"{inner.name}({parameters})" if parameters else inner.name
    return name if inner is sigma else f"parametric {name}"
