"""Dead units: hidden units that give the same output for every row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.network import Network

FEW, MANY = 20, 1_000  # rows: on fewer, a live unit may well be constant; many are taken at once
DEAD_SHARE = 0.5  # fraction of dead units in a layer above which there is a finding


def dead_layer(net: Network, X: Rows, numbers: NDArray[np.integer[Any]] | None = None) -> str | None:
    """Describes the first hidden layer most of whose units give the same for all rows of X (t, n), or returns None.

    If there are ``numbers``, these rows of X are meant alone.

    Only layers with a full W and a σ other than the identity count: in others, a unit whose input is rare is not dead.
    """
    t = len(X if numbers is None else numbers)
    layers = [i for i in range(1, net.r) if isinstance(net.W[i], np.ndarray) and net.sigma[i].name != "identity"]
    if t < FEW or not layers:
        return None
    low: dict[int, NDArray[Any]] = {}  # of each unit's output over the rows so far
    high: dict[int, NDArray[Any]] = {}
    for rows in _spread_parts(t):  # the first rows suffice to show that units are alive
        with np.errstate(all="ignore"):
            a = net.forward(X[rows] if numbers is None else X[numbers[rows]]).a
        for i in layers:
            low[i] = np.minimum(low.get(i, np.inf), a[i].min(axis=0))
            high[i] = np.maximum(high.get(i, -np.inf), a[i].max(axis=0))
        constant = {i: np.count_nonzero(low[i] == high[i]) for i in layers}
        dead = [i for i in layers if constant[i] > DEAD_SHARE * net.m[i]]
        if not dead:
            return None
    if isinstance(X, np.ndarray) and _are_equal(X if numbers is None else X[numbers]):
        return None
    i = dead[0]
    return (
        f"{constant[i]} of the {net.m[i]} units of layer {i} ({net.sigma[i].name}) are dead: they give the same output "
        "for every row."
    )


def _are_equal(X: Array) -> bool:
    return bool((X == X[0]).all())


def _spread_parts(t: int) -> Iterator[slice]:
    """Yields slices of t rows, each spread over all of them: about 20 rows, then about 1,000 at a time until the last.

    >>> list(_spread_parts(2500))
    [slice(0, None, 125), slice(0, None, 3), slice(1, None, 3), slice(2, None, 3)]
    """
    yield slice(0, None, t // FEW)
    step = math.ceil(t / MANY)
    yield from (slice(k, None, step) for k in range(step))
