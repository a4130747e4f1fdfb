"""The layout of θ ∈ ℝᵈ: for each layer the entries of W[i], then b[i], then κ[i] (Lecture, L6, L9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.network.block_diagonal import BlockDiagonal, Matrix, Runs
from chainrule.network.rates import Factors


class Part(NamedTuple):
    """One layer's part of θ: the parameters of W (m, n), b (m,), and κ (m,) if its σ is parametric.

    >>> Part(2, 3).d, Part(3, 3, runs=((3, 1, 1),), parametric=True).d
    (8, 9)
    """

    m: int
    n: int
    runs: Runs | None = None  # the runs of a block-diagonal W; None if W is full
    parametric: bool = False

    @property
    def entries(self) -> int:
        """The number of parameters in W."""
        return self.m * self.n if self.runs is None else sum(count * p * q for count, p, q in self.runs)

    @property
    def kappas(self) -> int:
        """The number of κ, which is m or 0."""
        return self.m if self.parametric else 0

    @property
    def d(self) -> int:
        """The length of this part."""
        return self.entries + self.m + self.kappas


Layout: TypeAlias = tuple[Part, ...]  # one part for each of the layers 1 … r


def dense_layout(m: Sequence[int], parametric: Iterable[bool] | None = None) -> Layout:
    """Returns the layout of a network of sizes m₀ … m_r in which every W[i] is full."""
    flags = [False] * (len(m) - 1) if parametric is None else parametric
    return tuple(Part(m_i, n_i, None, flag) for (n_i, m_i), flag in zip(pairwise(m), flags, strict=True))


def parameter_count(layout: Layout) -> int:
    """Returns d, the length of θ: Σ mᵢ (mᵢ₋₁ + 1) if every W[i] is full and no σ is parametric (L6; 29 for 5-3-2-1).

    >>> parameter_count(dense_layout([5, 3, 2, 1]))
    29
    """
    return sum(part.d for part in layout)


class Views(NamedTuple):
    """Views into one vector θ: W[1] … W[r], b[1] … b[r] and κ[1] … κ[r]."""

    W: ByLayer[Matrix]
    b: ByLayer[Array]
    kappa: ByLayer[Array]


def parameter_views(theta: Array, layout: Layout) -> Views:
    """Returns W[i] (mᵢ, mᵢ₋₁), b[i] (mᵢ,) and κ[i] (mᵢ,) or (0,) as views into θ (d,).

    θ holds W[1] row by row, b[1], κ[1], W[2], … (L9). A block-diagonal W[i] is stored block by block.

    >>> import numpy as np
    >>> W, b, kappa = parameter_views(np.arange(5.0), (Part(1, 3, parametric=True),))
    >>> W[1], b[1], kappa[1]
    (array([[0., 1., 2.]]), array([3.]), array([4.]))
    """
    W: list[Matrix] = []
    b, kappa, start = [], [], 0
    for part in layout:
        start_b = start + part.entries
        start_kappa = start_b + part.m
        end = start_kappa + part.kappas
        entries = theta[start:start_b]
        W.append(entries.reshape(part.m, part.n) if part.runs is None else BlockDiagonal.view(entries, part.runs))
        b.append(theta[start_b:start_kappa])
        kappa.append(theta[start_kappa:end])
        start = end
    return Views(ByLayer(W), ByLayer(b), ByLayer(kappa))


def at_every_parameter(layout: Layout, factors: Iterable[Factors], dtype: DTypeLike) -> Array:
    """Returns an array (d,) that repeats the factors of each layer's W, b and κ at every entry of θ they apply to."""
    parts = [
        np.repeat(np.array(by_kind.numbers), (part.entries, part.m, part.kappas))
        for part, by_kind in zip(layout, factors, strict=True)
    ]
    return np.concatenate(parts).astype(dtype)
