"""Σ w ℓ over a block of a minibatch, its gradient, and the sum of the weights: what processes add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.backprop import Gradient, backpropagate
from chainrule.costs import Cost
from chainrule.engines.minibatch_gradient import MinibatchGradient
from chainrule.engines.minibatches import Minibatch
from chainrule.engines.problem import Problem
from chainrule.engines.seam import Engine
from chainrule.network.block_diagonal import free_entries
from chainrule.network.forward import forward
from chainrule.network.theta import parameter_views


class BlockSums:
    """Computes the sums of blocks at the network's θ, by an engine; with dropout by the lecture's formulas."""

    def __init__(self, problem: Problem, engine: Engine) -> None:
        self._problem, self._engine = problem, engine
        self._plain = plain(problem.cost)

    def of(self, batch: Minibatch, rows: slice) -> tuple[Array, NDArray[np.float64]]:
        """Returns the gradient (d,), and Σ w ℓ and Σ w, over these rows of a minibatch."""
        net, data = self._problem.net, self._problem.examples
        if rows.start == rows.stop:  # exact zeros, which no sum notices
            return np.zeros(net.d, net.dtype), np.zeros(2)
        at = _at(batch.rows, rows)
        X, Y = data.X[at], data.Y[at]
        weights = None if data.weights is None else data.weights[at]
        if batch.masks is None:
            g = self._engine.gradient(net, self._plain, X, Y, weights, 0.0, self._problem.threads)
        else:
            masks = ByLayer(None if mask is None else mask[rows] for mask in batch.masks)
            g = backpropagate(net, self._plain, forward(net, X, masks), Y, weights, 0.0, masks)
        return g.theta, np.array([g.J, float(len(Y) if weights is None else weights.sum(dtype=np.float64))])


def plain(cost: Cost) -> Cost:
    """Returns the cost as a sum without penalties."""
    bare: dict[str, Any] = {"mean": False, "l1": 0.0, "l2": 0.0, "mean_penalty": False}
    return replace(cost, **bare)


def minibatch_gradient(problem: Problem, theta: Array, numbers: Array) -> MinibatchGradient:
    """Returns ∇J(θ) of a minibatch from the sums of all its blocks, with the mean and the penalties; it changes them.

    As in `chainrule.engines.minibatch_gradient`, the share of the minibatch in the total weight scales its penalties
    and its part of a mean.
    """
    cost, net = problem.cost, problem.net
    total, weight = map(float, numbers.tolist())
    share = weight / problem.total_weight
    if cost.mean and weight > 0.0:
        np.divide(theta, theta.dtype.type(weight), out=theta)
        total /= weight
    scale = share if not cost.mean else 1.0
    if cost.mean_penalty:
        scale = 1.0 / weight if weight > 0.0 else 0.0
    W, b, kappa = parameter_views(theta, net.layout)
    if cost.l1 or cost.l2:
        total += cost.penalty(map(free_entries, net.W), scale)
        for i in range(1, net.r + 1):
            entries = free_entries(W[i])
            np.add(entries, cost.penalty_gradient(free_entries(net.W[i]), scale), out=entries)
    g = Gradient(total, theta, W, b, kappa, ByLayer([]))
    return MinibatchGradient(g, share * total if cost.mean else total)


def _at(rows: NDArray[Any] | slice, part: slice) -> NDArray[Any] | slice:
    """Returns a part of the rows of a minibatch."""
    if isinstance(rows, slice):
        return slice(rows.start + part.start, rows.start + part.stop)
    return rows[part]
