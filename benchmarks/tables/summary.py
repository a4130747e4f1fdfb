"""The arithmetic of the tables: errors of a set, and how two models compare over all sets.

Two models are compared on the splits that both were fitted on. A regressor's error on a set is the mean over them of
the root of its mean squared error. A classifier's is its share of wrong rows, where half a row is added to what each
got wrong, so that a ratio exists where one of them makes no mistake: (wrong + ½) / rows. A set on which neither makes
a mistake says nothing and is left out of every comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Records, Score
from benchmarks.tables.sets import SETS, Set

Fit = tuple[int, int]  # split, seed


def scores(records: Records, one: Set, model: str, cap: int) -> dict[Fit, Score]:
    """The fits of a model on the splits of a set that came to an error; those of the model that it is on this task."""
    model = model if one.task in MODELS[model].tasks else MODELS[model].otherwise
    wanted = 0 if one.fixed else cap
    return {
        (key.split, key.seed): score
        for key, score in records.scores.items()
        if key.name == one.name and key.split in one.splits and key.model == model and key.cap == wanted
        if score.error is not None
    }


def mean_error(fits: Iterable[Score]) -> float:
    """The mean of the errors."""
    return fmean(score.error for score in fits if score.error is not None)


def compared_error(fits: list[Score], one: Set) -> float:
    """The error by which models are compared: that of a classifier with half a wrong row more."""
    half = 0.5 / sum(score.tested for score in fits) if one.task == "classification" else 0.0
    return mean_error(fits) + half


@dataclass(frozen=True)
class Comparison:
    """A model beside another: the ratio of its error to the other's, by set."""

    ratios: dict[str, float]
    neither: tuple[str, ...]  # the sets on which neither makes a mistake

    @property
    def lower_share(self) -> float:
        """The share of the sets on which its error is lower; equal errors are not lower."""
        return fmean(ratio < 1.0 for ratio in self.ratios.values())

    @property
    def mean_reduction(self) -> float:
        """The mean over the sets of 1 − error / other's error."""
        return 1.0 - self.mean_ratio

    @property
    def mean_ratio(self) -> float:
        """The arithmetic mean of the ratios."""
        return fmean(self.ratios.values())

    @property
    def geometric_mean_ratio(self) -> float:
        """The geometric mean of the ratios, which treats a half and a double alike."""
        return math.exp(fmean(math.log(ratio) for ratio in self.ratios.values()))


def compare(
    records: Records, model: str, other: str, cap: int, sets: Iterable[Set] = tuple(SETS.values())
) -> Comparison:
    """The model beside the other, on every set where both were fitted on a common split."""
    ratios, neither = {}, []
    for one in SETS.values():
        own, others = scores(records, one, model, cap), scores(records, one, other, cap)
        common = sorted(own.keys() & others.keys())
        if not common:
            continue
        mine, theirs = [own[fit] for fit in common], [others[fit] for fit in common]
        if mean_error(mine) == mean_error(theirs) == 0.0:
            neither.append(one.name)
        else:
            ratios[one.name] = compared_error(mine, one) / compared_error(theirs, one)
    return Comparison(ratios, tuple(neither))
