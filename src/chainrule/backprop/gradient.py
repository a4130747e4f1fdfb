"""The result of backpropagation: ∇J(θ), every δ[i], and on request every ∂J/∂a[i] (Lecture, L14 – L17)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.html_table import html_table
from chainrule._internal.text_table import brief, text_table
from chainrule.network.block_diagonal import Matrix
from chainrule.network.forward import Forward


@dataclass(frozen=True, eq=False, repr=False)
class Gradient:
    """The gradient ∇J(θ) with the intermediate results of backpropagation.

    ``J`` is J(θ); ``theta`` (d,) is ∇J(θ). ``W[i]`` = ∂J/∂W[i] (mᵢ, mᵢ₋₁), ``b[i]`` = ∂J/∂b[i] (mᵢ,) and ``kappa[i]``
    = ∂J/∂κ[i] (mᵢ,), or (0,) if σ[i] has no κ, are views into it; the gradient of a `BlockDiagonal` W[i] is a
    `BlockDiagonal`. Row j of ``delta[i]`` (t, mᵢ) is ∂J/∂z[i] at example j; of a single example it is (mᵢ,). If they
    are requested, ``x`` (t, n) is ∂J/∂x, ``a[i]`` (t, mᵢ) is ∂J/∂a[i] for i = 0 … r, and ``run`` holds z[i] and a[i]
    themselves; row j of ``each`` (t, d) is the part of ∇J(θ) that comes from example j. ``print(g)`` shows a table of
    them, layer by layer.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer([[2.0]], [1.0], cr.identity)])
    >>> g = cr.gradient(net, cr.SumOfSquares(), [3.0], [5.0], wrt_x=True, wrt_a=True)
    >>> g.theta, g.x, g.a[1]                                               # ∂J/∂x = W δ
    (array([6., 2.]), array([4.]), array([2.]))
    >>> print(g)
    J(θ) = 2, ‖∇J(θ)‖ = 6.325, d = 2
    i  z[i]  a[i]  σ′(z[i])  ∂J/∂a[i]  δ[i]  ∂J/∂W[i]  ∂J/∂b[i]
    1  [7]   [7]   [1]       [2]       [2]   [[6]]     [2]

    Source: Lecture, L14, L15, L17.
    """

    J: float
    theta: Array
    W: ByLayer[Matrix]
    b: ByLayer[Array]
    kappa: ByLayer[Array]
    delta: ByLayer[Array]
    x: Array | None = None
    a: ByLayer[Array] | None = None
    run: Forward | None = None
    slopes: ByLayer[Array | None] | None = None  # σ′(z[i]) of an entrywise σ[i]
    each: Array | None = None

    def of_single_example(self) -> Gradient:
        """Returns the gradient of one example x (n,), with δ[i], ∂J/∂a[i], z[i] and a[i] of shape (mᵢ,)."""
        return replace(
            self,
            delta=_first_row(self.delta),
            x=None if self.x is None else self.x[0],
            a=None if self.a is None else _first_row(self.a, first=0),
            run=None if self.run is None else self.run.row(0),
            slopes=None if self.slopes is None else _first_row(self.slopes),
            each=None if self.each is None else self.each[0],
        )

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(*self._table())}"

    def _repr_html_(self) -> str:
        return html_table(self._head(), *self._table())

    def _head(self) -> str:
        return f"J(θ) = {self.J:.4g}, ‖∇J(θ)‖ = {float(np.linalg.norm(self.theta)):.4g}, d = {len(self.theta)}"

    def _table(self) -> tuple[list[str], list[list[str]]]:
        columns: dict[str, ByLayer[Any]] = {}
        if self.run is not None and self.slopes is not None and self.a is not None:
            columns = {"z[i]": self.run.z, "a[i]": self.run.a, "σ′(z[i])": self.slopes, "∂J/∂a[i]": self.a}
        columns |= {"δ[i]": self.delta, "∂J/∂W[i]": self.W, "∂J/∂b[i]": self.b}
        if any(len(kappa) for kappa in self.kappa):
            columns["∂J/∂κ[i]"] = self.kappa
        rows = [[str(i), *(brief(column[i]) for column in columns.values())] for i in range(1, len(self.W) + 1)]
        return ["i", *columns], rows


def _first_row(arrays: ByLayer[Any], first: int = 1) -> ByLayer[Any]:
    return ByLayer((None if array is None else array[0] for array in arrays), first)
