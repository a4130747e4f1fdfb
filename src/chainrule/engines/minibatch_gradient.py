"""∇J(θ) over one minibatch of a training run, with dropout: what a step of it follows (Lecture, L12)."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.backprop import Gradient, backpropagate
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem
from chainrule.network import Network
from chainrule.network.forward import forward


class MinibatchGradient(NamedTuple):
    """∇J(θ) over a minibatch, and its part of the J of an epoch."""

    gradient: Gradient
    part_of_J: float


def minibatch_gradient(
    net: Network,
    problem: Problem,
    data: TrainingSet,
    rows: NDArray[Any] | slice,
    masks: ByLayer[Array | None] | None,
) -> MinibatchGradient:
    """Computes ∇J(θ) over ``rows`` of these examples, at the θ of ``net``, with these factors of dropout.

    The share of the minibatch in the total weight scales its penalties and its part of a mean.
    """
    cost, X, Y = problem.cost, data.X[rows], data.Y[rows]
    weights = None if data.weights is None else data.weights[rows]
    share = float(len(Y) if weights is None else weights.sum()) / problem.total_weight
    g = backpropagate(net, cost, forward(net, X, masks), Y, weights, None if cost.mean else share, masks)
    return MinibatchGradient(g, share * g.J if cost.mean else g.J)
