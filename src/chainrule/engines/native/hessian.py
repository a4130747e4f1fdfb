"""Products ∇²J(θ) v of the native engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.backprop import hessian
from chainrule.costs import Cost
from chainrule.engines.native.core import native
from chainrule.engines.native.description import cost_of, network, rows_of
from chainrule.engines.seam import Product
from chainrule.engines.thread_counts import step_flop, thread_count
from chainrule.network import Network

MOST_ZEROS = 4  # of a block-diagonal W, numbers for each parameter: it is computed with its zeros


def native_hessian(
    net: Network,
    cost: Cost,
    X: Rows,
    Y: Array,
    weights: Array | None,
    check: Callable[[], None],
    penalty_scale: float | None,
    threads: int | None,
) -> Callable[[], Product]:
    """Returns a function that makes ∇²J(θ) an operator, as ``Engine.hessian`` says.

    A block-diagonal W with many zeros is left to NumPy, which leaves them out.
    """
    if any(part.m * part.n > MOST_ZEROS * part.entries for part in net.layout):
        return lambda: hessian(net, cost, X, Y, weights, check, penalty_scale)
    kind = native.Hessian32 if net.dtype == np.float32 else native.Hessian64
    scale = cost.penalty_scale(weights, len(X)) if penalty_scale is None else penalty_scale
    count = thread_count(step_flop(net, len(X), X), threads)
    products = kind(network(net), cost_of(cost, scale), rows_of(X), Y, weights, count)

    def at_theta() -> Product:
        check()
        products.put(net.theta)

        def product(v: Array) -> Array:
            result = np.empty_like(net.theta)
            products.multiply(np.ascontiguousarray(v, net.dtype), result, check)
            return result

        return product

    return at_theta
