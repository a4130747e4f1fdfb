"""The forward pass (Lecture, Def. 4.4; L7): z[i] = W[i] a[i−1] + b[i], a[i] = σ[i](z[i])."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.html_table import html_table
from chainrule._internal.sparse_rows import Rows
from chainrule._internal.text_table import brief, text_table
from chainrule.network.network import Network

# A z that overflows is a valid result, equal on every engine, and training reports it; NumPy's warnings add nothing.
silent = np.errstate(over="ignore", invalid="ignore")


@dataclass(frozen=True, eq=False, repr=False)
class Forward:
    """All quantities of one forward pass: z[1] … z[r] and a[0] … a[r], each (t, mᵢ); N(x) = a[r].

    If X is sparse, a[0] holds its rows by ``indptr``, ``indices`` and ``data``, and ``a[0].toarray()`` is dense.

    >>> import chainrule as cr
    >>> run = cr.Network.dense([5, 3, 2, 1]).forward([[0.0] * 5] * 4)
    >>> run.z[1].shape, run.a[0].shape
    ((4, 3), (4, 5))
    >>> print(cr.Network([cr.Layer([[2.0]], [1.0], cr.relu)]).forward([-3.0]))
    i  z[i]  a[i]
    0        [-3]
    1  [-5]  [0]

    Source: Lecture, Def. 4.4 (L7).
    """

    z: ByLayer[Array]
    a: ByLayer[Array]

    def __repr__(self) -> str:
        return text_table(*self._table())

    def _repr_html_(self) -> str:
        return html_table("", *self._table())

    def _table(self) -> tuple[list[str], list[list[str]]]:
        zs = ["", *map(brief, self.z)]
        return ["i", "z[i]", "a[i]"], [[str(i), z, brief(self.a[i])] for i, z in enumerate(zs)]

    def row(self, j: int) -> Forward:
        """Returns the quantities of example j alone, each (mᵢ,)."""
        return Forward(ByLayer(z[j] for z in self.z), ByLayer((a[j] for a in self.a), first=0))


@silent
def forward(net: Network, X: Rows, masks: ByLayer[Array | None] | None = None) -> Forward:
    """Computes z[i] = a[i−1] W[i]ᵀ + b[i] and a[i] = σ[i](z[i]), one example per row of X (t, n).

    ``masks[i]`` (t, mᵢ), unless it is None, multiplies a[i]: 0 drops an output, 1/(1 − p) scales one that is kept.
    """
    z: list[Array] = []
    a: list[Array] = [cast("Array", X)]  # sparse rows have the product that is needed of them
    for i in range(1, net.r + 1):
        z.append(a[-1] @ net.W[i].T + net.b[i])
        a.append(net.sigma[i](z[-1]))
        if masks is not None and (mask := masks[i]) is not None:
            a[-1] = a[-1] * mask
    return Forward(ByLayer(z), ByLayer(a, first=0))
