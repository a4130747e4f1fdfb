"""Target encoding: the targets that the levels of a category have on average, for columns of many levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.tables.columns import Column, rows_by_code
from chainrule.tables.encoding.categories.level_sums import LevelSums
from chainrule.tables.encoding.categories.levels import Levels, OneHot

MOST_LEVELS = 10_000  # that have an effect and no feature, the most frequent ones


@dataclass(frozen=True, eq=False)
class TargetEncoding(Levels):
    """Encodes the frequent levels one-hot, and each level by its effect on every target.

    The first ``frequent`` levels have a feature each, as in `OneHot`, and all others share the feature "other". The
    effect of level k on a target y is predicted from its n_k rows, with the mean ȳ_k, as

    u_k = n_k / (n_k + σ²/τ²) · (ȳ_k − ȳ),

    the best linear prediction if y = μ + u + e, with variances τ² of u and σ² of e. Rare levels are thus near 0, and a
    missing or unseen value is 0. The feature is u_k / τ. A row counts in n_k and the means by its weight, in units of
    the mean weight, and levels of a single row have no effect: a row of weight 2 is not the same as the row twice.

    Source: D. Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes, SIGKDD Explorations 3,
    2001; G. K. Robinson, That BLUP is a good thing, Statistical Science 6, 1991.
    """

    frequent: int = 0
    effects: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # (levels, m), in units of the deviations
    deviations: Floats = field(default_factory=lambda: np.zeros(0))  # τ (m,)

    @property
    def width(self) -> int:
        """Number of features."""
        return self.frequent + 1 + len(self.deviations)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes that the column's name gets, one per feature."""
        m = len(self.deviations)
        effects = ("_effect",) if m == 1 else tuple(f"_effect_{j}" for j in range(1, m + 1))
        return (*(f"_{level}" for level in self.levels[: self.frequent]), "_other", *effects)

    def write(self, codes: NDArray[np.intp], out: NDArray[Any]) -> None:
        """Writes the features of codes (t,) into ``out`` (t, width)."""
        out[:, : self.frequent + 1] = np.minimum(codes, self.frequent)[:, np.newaxis] == np.arange(self.frequent + 1)
        out[:, self.frequent + 1 :] = _of_codes(codes, self.effects)

    def held_out(self, column: Column, Y: Floats, weights: Floats | None, folds: NDArray[np.intp]) -> Floats:
        """Returns the effects (t, m) of training rows with targets Y (t, m), each predicted from the other folds (t,).

        No row is encoded by its own target; otherwise a network would trust the effects of rare levels too much.
        """
        codes = self.codes(column)[0]
        sums = LevelSums.of_folds(codes, len(self.levels), Y, weights, folds)
        found = np.empty((len(codes), len(self.deviations)))
        for fold in range(len(sums)):
            rows = folds == fold
            rest = reduce(LevelSums.plus, sums[:fold] + sums[fold + 1 :], sums[fold].without_rows())
            found[rows] = _of_codes(codes[rows], rest.effects() / self.deviations)
        return found


def fit_target_encoding(column: Column, one_hot: OneHot, Y: Floats, weights: Floats | None) -> TargetEncoding | OneHot:
    """Returns the encoding of a column (t,) by targets Y (t, m), with the effects of levels of several rows.

    If no target differs between the levels by more than chance, it is ``one_hot``, which has the feature "other".
    """
    counts = rows_by_code(column.values, len(column.levels))
    place = {level: k for k, level in enumerate(column.levels)}
    frequent = [place[level] for level in one_hot.levels]
    others = np.setdiff1d(np.flatnonzero(counts > 1), frequent)
    others = others[np.argsort(-counts[others], kind="stable")][:MOST_LEVELS]
    levels = tuple(column.levels[k] for k in (*frequent, *others.tolist()))
    codes = Levels(levels, has_other=True).codes(column)[0]
    (sums,) = LevelSums.of_folds(codes, len(levels), Y, weights, np.zeros(len(codes), np.intp))
    variances = sums.variances()[0]
    if not variances.any():
        return one_hot
    deviations = np.sqrt(np.where(variances > 0.0, variances, 1.0))
    return TargetEncoding(levels, True, len(frequent), sums.effects() / deviations, deviations)


def _of_codes(codes: NDArray[np.intp], effects: Floats) -> Floats:
    """Returns the effects (t, m) of codes (t,): 0 for an unseen value, and for a missing one, the last by code −1."""
    return np.concatenate([effects, np.zeros((2, effects.shape[1]))])[codes]
