"""The decoder of several quantiles of one number, which do not cross and are corrected on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Array, Floats, as_real, as_weights, shown
from chainrule.costs import Quantile
from chainrule.errors import InputError
from chainrule.tables.labels import as_targets
from chainrule.tables.target_decoder import NumericLabels

DIGITS = 9  # to which 1 − q is compared with another quantile
ROUNDING = 1e-9  # which must not lose a rank, as in 20 · 0.05 = 1


@dataclass(frozen=True)
class QuantileLabels(NumericLabels):
    """The quantiles q₁ < … < qₘ of one number y: output aₖ is that of qₖ, standardised as (y − mean_k) / deviation_k.

    ``mean`` (m,) are the quantiles of y in the training rows, and all deviations are that of y. In the unit of y,
    ŷ = sort(mean + deviation ⊙ a), and then ŷ := sort(ŷ + shifts).

    Sorted outputs are never worse. The pinball losses of y add up to Σₖ ½ |y − ŷₖ| + (qₖ − ½)(y − ŷₖ), in which the
    order matters to −Σₖ qₖ ŷₖ alone; this is smallest if both are in the same order.

    >>> quantiles = QuantileLabels.of([0.0, 1.0, 2.0, 3.0, 4.0], (0.25, 0.75))
    >>> quantiles.mean.tolist(), quantiles.restored([[1.0, 0.0]]).round(3).tolist()
    ([1.0, 3.0], [[2.414, 3.0]])

    Source: V. Chernozhukov, I. Fernández-Val & A. Galichon, Quantile and probability curves without crossing,
    Econometrica 78, 2010 (sorting).
    """

    levels: tuple[float, ...] = (0.5,)
    shifts: Floats = field(default_factory=lambda: np.zeros(1))  # (m,)

    @classmethod
    def of(cls, y: Any, levels: Sequence[float], weights: ArrayLike | None = None) -> Self:
        """Learns the quantiles of y (t,) or (t, 1) and its standard deviation, each row counted by its weight.

        Raises InputError for several targets.
        """
        labels = as_targets(y)
        if labels.ndim == 2 and labels.shape[1] > 1:
            raise InputError(
                f"quantiles are those of one target; y has {labels.shape[1]} columns. Fit a model for each."
            )
        known = NumericLabels.fit(labels, weights)
        values, m = labels.astype(np.float64).ravel(), len(levels)
        return cls(
            quantiles_of(values, levels, as_weights(weights, len(values), np.float64)), np.repeat(known.deviation, m),
            is_flat=False, levels=tuple(levels), shifts=np.zeros(m),
        )  # fmt: skip

    def standardised(self, y: Any, symbol: str = "y") -> NDArray[np.float64]:
        """Returns y (t,) or (t, 1) standardised for each output, (t, m). Raises InputError for several targets."""
        Y = np.asarray(as_targets(y, symbol), dtype=np.float64)
        Y = Y.reshape(len(Y), -1)
        if Y.shape[1] != 1:
            raise InputError(f"{symbol} must have one column, of which the model has quantiles; got {Y.shape[1]}.")
        return (Y - self.mean) / self.deviation

    def sorted_outputs(self, Z: ArrayLike) -> Floats:
        """Returns the quantiles (…, m) in the unit of y, before they are shifted."""
        return np.sort(self.mean + self.deviation * np.asarray(Z), axis=-1)

    def in_units(self, Z: ArrayLike) -> NDArray[np.float64]:
        """Returns the quantiles (…, m) in the unit of y, in increasing order, for network outputs (…, m)."""
        return np.sort(self.sorted_outputs(Z) + self.shifts, axis=-1)

    @property
    def output_names(self) -> list[str]:
        """The name of each prediction: "quantile 0.05" …"""
        return [f"quantile {q:g}" for q in self.levels]

    def corrected(self, residuals: Floats) -> Self:
        """Returns this decoder with the shifts that the residuals y − ŷ (t, m) of held-out rows ask for.

        ŷ are the ``sorted_outputs``. The shift of ŷₖ is the residual of rank ⌊(t + 1) qₖ⌋ for qₖ < ½, else
        ⌈(t + 1) qₖ⌉: of new rows that are exchangeable with these, at most the share qₖ lies below ŷₖ, or at least this
        share at or below it. It is 0 without such a rank.

        Source: Y. Romano, E. Patterson & E. Candès, Conformalized quantile regression, NeurIPS 2019 (theorem 2).
        """
        R = np.sort(residuals, axis=0)
        return replace(self, shifts=np.array([_of_rank(R[:, k], _rank(q, len(R))) for k, q in enumerate(self.levels)]))

    def d2(self, Z: ArrayLike, y: Floats, weights: Array | None = None) -> float:
        """Returns D² (`d2_pinball`) of the quantiles for outputs Z (t, m) and numbers y (t,)."""
        return d2_pinball(y, self.in_units(Z), self.levels, weights)

    @property
    def coverages(self) -> list[float]:
        """The coverages, in increasing order, of the intervals that have two of the quantiles as ends."""
        known = {round(q, DIGITS) for q in self.levels}
        return [round(2.0 * q - 1.0, DIGITS) for q in self.levels if q > 0.5 and round(1.0 - q, DIGITS) in known]

    def pair(self, coverage: object) -> list[int]:
        """Returns the numbers of the quantiles (1 − coverage)/2 and (1 + coverage)/2, the ends of an interval.

        Raises InputError if they are not among these quantiles.
        """
        level = as_real(coverage, "coverage", 0.0, 1.0, open_minimum=True)
        known = {round(q, DIGITS): k for k, q in enumerate(self.levels)}
        pair = [known.get(round(0.5 * (1.0 + side * level), DIGITS), -1) for side in (-1.0, 1.0)]
        if -1 in pair:
            others = ", ".join(f"{c:g}" for c in self.coverages)
            remedy = f"Its intervals have the coverage {others}." if others else "No two of them are symmetric."
            raise InputError(
                f"coverage={level:g} needs the quantiles {0.5 - 0.5 * level:g} and {0.5 + 0.5 * level:g}; the "
                f"model has {', '.join(f'{q:g}' for q in self.levels)}. {remedy}"
            )
        return pair

    def parts(self, prefix: str = "target") -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns the quantiles as JSON and tensors."""
        header, tensors = super().parts(prefix)
        header |= {"kind": "quantiles", "quantiles": list(self.levels)}
        return header, tensors | {f"{prefix}.shifts": self.shifts}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], tensors: Mapping[str, Array], prefix: str) -> Self:
        """Builds the quantiles that ``parts`` described. Raises KeyError, TypeError or ValueError otherwise."""
        numbers, levels = NumericLabels.from_parts(header, tensors, prefix), as_levels(header["quantiles"])
        shifts = tensors[f"{prefix}.shifts"].astype(np.float64)
        if len(levels) != numbers.m or shifts.shape != (numbers.m,) or not np.isfinite(shifts).all():
            raise ValueError("the quantiles must have a mean, a deviation and a shift each")
        return cls(numbers.mean, numbers.deviation, False, numbers.notations, (), levels, shifts)


def quantiles_of(y: Floats, levels: Sequence[float], weights: Array | None = None) -> Floats:
    """Returns the smallest entries of y (t,) that have at least the shares ``levels`` of the weight at or below them.

    >>> quantiles_of(np.array([3.0, 1.0, 2.0, 4.0]), (0.25, 0.5, 0.9)).tolist()
    [1.0, 2.0, 4.0]
    """
    order = np.argsort(y)
    share = np.cumsum(np.ones(len(y)) if weights is None else weights[order].astype(np.float64))
    at = np.searchsorted(share, np.array(levels) * share[-1] * (1.0 - ROUNDING))
    found: Floats = y[order][np.minimum(at, len(y) - 1)]
    return found


def d2_pinball(y: Floats, Q: Floats, levels: tuple[float, ...], weights: Array | None) -> float:
    """Returns D² = 1 − Σ w ℓ(q, y) / Σ w ℓ(q₀, y) of quantiles Q (t, m), with the sum ℓ of their pinball losses.

    q₀ are the quantiles of y itself. Where these are exact, D² is 1 for exact quantiles, else 0, as R² is. For the
    median alone it is the D² of absolute errors.

    >>> d2_pinball(np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0], [2.0]]), (0.5,), None)
    0.5
    """
    J, Y = Quantile(q=levels), np.repeat(y[:, None], len(levels), axis=1)
    ours, theirs = (
        float(np.average(J.losses(P, Y), weights=weights))
        for P in (Q, np.broadcast_to(quantiles_of(y, levels, weights), Y.shape))
    )
    return 1.0 - ours / theirs if theirs > 0.0 else float(ours == 0.0)


def as_levels(value: Any) -> tuple[float, ...]:
    """Returns quantiles as numbers between 0 and 1 in increasing order. Raises InputError for anything else."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or not len(value):
        raise InputError(f"quantiles must be numbers such as (0.05, 0.5, 0.95); got {shown(value)}.")
    levels = tuple(as_real(q, "each of quantiles") for q in value)
    if not all(0.0 < q < 1.0 for q in levels) or any(a >= b for a, b in pairwise(levels)):
        raise InputError(
            f"quantiles must lie strictly between 0 and 1, in increasing order; got {shown(list(levels))}."
        )
    return levels


def _rank(q: float, t: int) -> int:
    """Returns the rank, from 1, of the residual that shifts the quantile q; 0 or t + 1 means that there is none."""
    return math.floor((t + 1) * q + ROUNDING) if q < 0.5 else math.ceil((t + 1) * q - ROUNDING)


def _of_rank(residuals: Floats, rank: int) -> float:
    return float(residuals[rank - 1]) if 1 <= rank <= len(residuals) else 0.0
