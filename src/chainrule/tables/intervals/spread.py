"""The spread of y around its prediction, by x: a network that stretches the intervals of uncertain rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from chainrule._internal.checks import Array, Floats
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.network import Network

SMALLEST, LARGEST = 1e-3, 1e3  # a spread, in units of the mean |y − ŷ| of the rows that it was learned from


def spread_inputs(Z: Rows, A: Floats, dtype: DTypeLike) -> Array:
    """Returns the inputs x of a network for the spread: (v, |v|) with v = (z, arsinh a), of sparse rows v = arsinh a.

    z is the encoded row (t, n), and a (t, m) the mean output of the model's networks, of which arsinh a is a mild
    logarithm: errors often grow with the predicted number. |v| has the distance from the middle of the training rows,
    at the ends of which errors are often larger.
    """
    V = np.arcsinh(A).astype(dtype)
    if not isinstance(Z, SparseRows):
        V = np.concatenate([Z.astype(dtype), V], axis=1)
    return np.concatenate([V, np.abs(V)], axis=1)


def spread_of(net: Network, Z: Rows, A: Floats) -> Floats:
    """Returns the spread S (t, m) of m targets for encoded rows Z (t, n) with the model's mean outputs A (t, m).

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[0.5, 0.0, 0.0, 0.0]], [0.0], "exp")])
    >>> spread_of(net, np.array([[0.0], [2.0]]), np.array([[5.0], [7.0]])).round(3).tolist()
    [[1.0], [2.718]]
    """
    S: Floats = np.clip(net(spread_inputs(Z, A, net.dtype)).astype(np.float64), SMALLEST, LARGEST)
    return S


def require_spread(net: Network, n: int, m: int) -> None:
    """Raises ValueError unless the network is for the spread of m targets by n features, or by predictions alone."""
    if net.m[0] not in (2 * (n + m), 2 * m) or net.m[net.r] != m:
        sizes = f"{2 * (n + m)} or {2 * m} numbers to {m}"
        raise ValueError(f"the network of the spread must map {sizes}; got {list(net.m)}")
