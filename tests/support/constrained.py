"""Random networks with block-diagonal W and parametric σ, and the dense networks of the same matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.activations import Sigma
from chainrule.network.block_diagonal import Matrix, Runs
from chainrule.network.forward import forward
from support.strategies import Case, margin, random_labels

SHAPES: dict[str, Runs] = {
    "diagonal": ((4, 1, 1),),
    "columns": ((3, 2, 1),),  # as the PBLD encoding of numbers has them
    "rows": ((3, 1, 2),),
    "squares": ((2, 2, 2),),
    "one block": ((1, 3, 4),),
    "a mixture": ((2, 3, 1), (2, 1, 1), (1, 2, 3), (1, 1, 1)),
}


def sizes(runs: Runs) -> tuple[int, int]:
    """The shape (m, n) of a W with these blocks."""
    return sum(count * p for count, p, _ in runs), sum(count * q for count, _, q in runs)


def random_blocks(rng: np.random.Generator, runs: Runs) -> cr.BlockDiagonal:
    """Blocks of normal entries, of variance 1/q."""
    return cr.BlockDiagonal(rng.normal(size=(p, q)) / np.sqrt(q) for count, p, q in runs for _ in range(count))


def random_constrained(seed: int, runs: Runs, sigma: Sigma, output: Sigma = cr.identity) -> cr.Network:
    """Three layers: blocks with σ, a full W with parametric σ, and a full W with the parametric output σ."""
    rng = np.random.default_rng(seed)
    m = sizes(runs)[0]
    return cr.Network(
        [
            cr.Layer(random_blocks(rng, runs), 0.5 * rng.normal(size=m), sigma),
            cr.Layer(
                rng.normal(size=(3, m)) / np.sqrt(m), 0.5 * rng.normal(size=3), cr.Parametric(cr.tanh),
                kappa=rng.uniform(-0.5, 1.5, size=3),
            ),
            cr.Layer(
                rng.normal(size=(2, 3)) / np.sqrt(3), rng.normal(size=2), cr.Parametric(output),
                kappa=rng.uniform(0.2, 1.5, size=2),
            ),
        ]
    )  # fmt: skip


def random_constrained_case(runs: Runs, sigma: Sigma, cost: cr.Cost, output: Sigma = cr.identity, t: int = 4) -> Case:
    """A ``random_constrained`` network with t examples away from every kink."""
    for seed in range(1000):
        net, rng = random_constrained(seed, runs, sigma, output), np.random.default_rng([1, seed])
        X, Y = rng.normal(size=(t, net.m[0])), random_labels(rng, cost, t, 2)
        if margin(net, cost, forward(net, X), Y) > 0.02:
            return Case(net, cost, X, Y)
    raise AssertionError("no case")


def blocks_of(W: Matrix) -> cr.BlockDiagonal:
    """Returns W as a BlockDiagonal, which it must be."""
    assert isinstance(W, cr.BlockDiagonal)
    return W


def dense(W: Matrix) -> Array:
    """W as a full matrix."""
    return np.asarray(W.toarray() if isinstance(W, cr.BlockDiagonal) else W)


def made_dense(net: cr.Network) -> cr.Network:
    """The network with the same matrices, all entries of which are parameters."""
    return cr.Network(cr.Layer(dense(L.W), L.b, L.sigma, L.dropout) for L in net.layers)


def at_blocks(W: cr.BlockDiagonal, full: Array) -> Array:
    """The entries of a full matrix where W has its blocks, in the order of ``W.entries``."""
    parts, row, column = [], 0, 0
    for block in W.blocks:
        p, q = block.shape
        parts.append(full[row : row + p, column : column + q].ravel())
        row, column = row + p, column + q
    return np.concatenate(parts)


def train_or_skip(*arguments: Any, **settings: Any) -> cr.History:
    """Calls ``cr.train``, and skips the test if the named engine declines."""
    try:
        return cr.train(*arguments, **settings)
    except cr.EngineDeclined as why:
        pytest.skip(str(why))
