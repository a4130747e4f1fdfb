"""A layer L = (W, b, σ) (Lecture, Def. 4.2; L5), with its settings for training: dropout, rate and decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule import activations
from chainrule._internal.checks import Array, as_array, as_probability, common_dtype
from chainrule._internal.html_table import html_table
from chainrule._internal.sparse_rows import as_examples
from chainrule._internal.text_table import brief
from chainrule.activations import Parametric, Sigma
from chainrule.errors import InputError
from chainrule.network.block_diagonal import BlockDiagonal, Matrix
from chainrule.network.rates import DECAY, RATE, Factors, as_factors
from chainrule.network.theta import Part
from chainrule.optimizers.schedules import Schedule


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer L = (W, b, σ) of input size n and output size m: a ↦ σ(W a + b).

    W (m, n) is an array, or a `BlockDiagonal`, of which only the blocks are parameters; b has shape (m,); both may be
    numbers if n = m = 1; ``sigma`` is an activation or the name of one. The layer holds the κ (m,) of a `Parametric`
    σ_κ: ``kappa`` is an array (m,) or one number for all units, by default 1, for which σ_κ = σ; with any other σ it
    has shape (0,).

    ``dropout`` is the probability with which each output of a hidden layer is set to zero in a training step, or a
    schedule of it; the others are divided by 1 − dropout (inverted dropout), so that predictions need no correction.
    ``rate`` and ``decay`` are `Factors` of the steps and of a decoupled weight decay.

    Raises InputError for wrong shapes, numbers that are not finite, an unknown activation, a κ for a σ without κ, a
    probability not in [0, 1), or a ``rate`` or ``decay`` that is not `Factors`.

    >>> import chainrule as cr
    >>> cr.Layer([[1.0, -1.0]], [0.5], "sigmoid")
    Layer(2 → 1, sigmoid)
    >>> cr.Layer(2.0, 1.0, "identity")([3.0])
    array([7.])
    >>> cr.Layer(cr.Diagonal([1.0, 2.0]), [0.0, 0.0], cr.Parametric("mish"), rate=cr.Factors(W=6.0, kappa=0.1)).kappa
    array([1., 1.])

    Source: Lecture, Def. 4.2 (L5); dropout: Srivastava et al. 2014.
    """

    W: Matrix
    b: Array
    sigma: Sigma
    dropout: float | Schedule
    kappa: Array
    rate: Factors
    decay: Factors

    def __init__(
        self,
        W: ArrayLike | BlockDiagonal,
        b: ArrayLike,
        sigma: Sigma | str,
        dropout: float | Schedule = 0.0,
        *,
        kappa: ArrayLike | None = None,
        rate: Factors | None = None,
        decay: Factors | None = None,
    ) -> None:
        weights, b, chosen = as_matrix(W), as_array(b, "b"), activations.get(sigma)
        m = weights.shape[0]
        if m == 1 and b.ndim == 0:
            b = b.reshape(1)
        if b.shape != (m,):
            hint = " Pass b.ravel()." if b.size == m else ""
            raise InputError(f"b must have shape ({m},), one entry per row of W; got {b.shape}.{hint}")
        if chosen.m not in (None, m):
            raise InputError(f"sigma must fit the {m} rows of W; {chosen.name} is defined for m = {chosen.m} alone.")
        kappas = as_kappa(kappa, chosen, m)
        dtype = common_dtype(weights.dtype, b.dtype, *(() if kappa is None else (kappas.dtype,)))
        kappas = kappas.astype(dtype, copy=False)
        values = {
            "W": weights if weights.dtype == dtype else weights.astype(dtype),
            "b": b.astype(dtype, copy=False),
            "sigma": chosen.with_kappa(kappas) if isinstance(chosen, Parametric) else chosen,
            "dropout": as_dropout(dropout),
            "kappa": kappas,
            "rate": as_factors(rate, "rate", RATE),
            "decay": as_factors(decay, "decay", DECAY),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __call__(self, a: ArrayLike) -> Array:
        """Computes σ(W a + b): (n,) → (m,), or (t, n) → (t, m), one example per row (Lecture, Def. 4.2).

        Raises InputError for a wrong shape or numbers that are not finite.

        >>> import chainrule as cr
        >>> cr.Layer([[1.0, -1.0]], [0.5], "relu")([3.0, 1.0])
        array([2.5])
        """
        rows, is_row = as_examples(a, self.n, "a", self.W.dtype)
        if rows.ndim != 2 or rows.shape[1] != self.n:
            raise InputError(f"a must have shape ({self.n},) or (t, {self.n}); got {rows.shape}.")
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = self.sigma(rows @ self.W.T + self.b)
        return outputs[0] if is_row else outputs

    @property
    def n(self) -> int:
        """The input size."""
        return int(self.W.shape[1])

    @property
    def m(self) -> int:
        """The output size."""
        return int(self.W.shape[0])

    @property
    def part(self) -> Part:
        """The sizes of this layer's part of θ."""
        runs = self.W.runs if isinstance(self.W, BlockDiagonal) else None
        return Part(self.m, self.n, runs, isinstance(self.sigma, Parametric))

    def with_parameters(self, W: Matrix, b: Array, kappa: Array) -> Layer:
        """Returns the same layer with other W, b and κ."""
        own = kappa if isinstance(self.sigma, Parametric) else None
        return Layer(W, b, self.sigma, self.dropout, kappa=own, rate=self.rate, decay=self.decay)

    def astype(self, dtype: DTypeLike) -> Layer:
        """Returns the same layer with numbers of the type ``dtype``."""
        W = self.W.astype(dtype) if isinstance(self.W, BlockDiagonal) else as_array(self.W, "W", dtype)
        return self.with_parameters(W, as_array(self.b, "b", dtype), as_array(self.kappa, "kappa", dtype))

    def __repr__(self) -> str:
        kind = ", block-diagonal" if isinstance(self.W, BlockDiagonal) else ""
        dropout = f", dropout={_shown(self.dropout)}" if self.dropout else ""
        rate = "" if self.rate == RATE else f", rate={self.rate!r}"
        decay = "" if self.decay == DECAY else f", decay={self.decay!r}"
        return f"Layer({self.n} → {self.m}{kind}, {self.sigma.name}{dropout}{rate}{decay})"

    def _repr_html_(self) -> str:
        rows = [["W", brief(self.W)], ["b", brief(self.b)], ["σ", repr(self.sigma)]]
        return html_table(repr(self), ["", ""], [*rows, ["κ", brief(self.kappa)]] if len(self.kappa) else rows)


def as_matrix(W: ArrayLike | BlockDiagonal) -> Matrix:
    """Returns W (m, n), or a number for (1, 1), as an array, or as a BlockDiagonal, with finite entries."""
    if isinstance(W, BlockDiagonal):
        entries = as_array(W.entries, "W")
        return W if entries is W.entries else BlockDiagonal.view(entries, W.runs)
    array = as_array(W, "W")
    if array.ndim == 0:
        array = array.reshape(1, 1)
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(f"W must have shape (m, n) with m, n ≥ 1; got {array.shape}.")
    return array


def as_kappa(kappa: ArrayLike | None, sigma: Sigma, m: int) -> Array:
    """Returns κ as an array: (m,) for a parametric σ, (0,) for any other."""
    if not isinstance(sigma, Parametric):
        if kappa is not None:
            raise InputError(
                f"kappa needs a parametric σ; got sigma = {sigma.name}. Pass cr.Parametric({sigma.name!r}) as sigma."
            )
        return np.empty(0, np.float32)
    if kappa is None and sigma.kappa is None:
        return np.ones(m, np.float32)
    array = as_array(sigma.kappa if kappa is None else kappa, "kappa")  # type: ignore[arg-type]  # one is not None
    if array.ndim == 0:
        array = np.full(m, array)
    if array.shape != (m,):
        raise InputError(f"kappa must have shape ({m},), one entry per unit of the layer; got {array.shape}.")
    return array


def as_dropout(value: object) -> float | Schedule:
    """Returns ``value`` as a dropout probability p, 0 ≤ p < 1, or as a schedule of it."""
    if isinstance(value, Schedule):
        as_probability(value.rate, "the rate of a dropout schedule")
        return value
    return as_probability(value, "dropout")


def _shown(dropout: float | Schedule) -> str:
    return repr(dropout) if isinstance(dropout, Schedule) else f"{dropout:g}"
