"""The normal equations of a sum of squares: AᵀA and Aᵀr with the Jacobian A = ∂r/∂θ of its residuals r."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.backprop.jacobians import parameter_jacobian
from chainrule.network import Network
from chainrule.network.forward import forward

NUMBERS_OF_A_BLOCK = 1 << 18  # of the Jacobian: 2 MB, which stays in the cache


def normal_equations(
    net: Network, X: Rows, Y: Array, factors: Array, check: Callable[[], None] = lambda: None
) -> tuple[Array, Array]:
    """Computes AᵀA (d, d) and Aᵀr (d,) for the residuals r = factors ⊙ (N_θ(x) − y) of all examples and outputs.

    X is (t, n), Y (t, m) and ``factors`` (t,). The rows of A = ∂r/∂θ are computed in blocks, and never kept;
    ``check`` is called before each of them.
    """
    AtA, Atr, m = np.zeros((net.d, net.d), net.dtype), np.zeros(net.d, net.dtype), Y.shape[1]
    rows = max(1, NUMBERS_OF_A_BLOCK // (net.d * m))
    for first in range(0, len(Y), rows):
        check()
        block = slice(first, first + rows)
        run = forward(net, X[block])
        A = parameter_jacobian(net, run, factors[block])  # (rows · m, d)
        AtA += A.T @ A
        Atr += ((run.a[net.r] - Y[block]) * factors[block, None]).ravel() @ A
    return AtA, Atr
