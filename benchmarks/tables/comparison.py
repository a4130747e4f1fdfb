"""The error of a model on a set, and the comparison of two models over all sets.

Two models are compared on the splits on which both were fitted. A regressor's error on a set is the root of its mean
squared error, averaged over these splits. A classifier's is its share of wrong rows, with half a row added:
(wrong + ½) / rows, so that a ratio exists if one of the two makes no mistake. A set on which neither makes a mistake
is left out of their comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, geometric_mean

from benchmarks.tables.contestants import MODELS
from benchmarks.tables.records import FitRecords, FitScore
from benchmarks.tables.sets import SETS, DataSet


def scores(records: FitRecords, one: DataSet, model: str, cap: int) -> dict[tuple[int, int], FitScore]:
    """Returns the successful fits of a model (or its representative on this task) by split and seed."""
    model = model if one.task in MODELS[model].tasks else MODELS[model].otherwise
    wanted = 0 if one.has_fixed_splits else cap
    return {
        (key.split, key.seed): score
        for key, score in records.scores.items()
        if key.name == one.name and key.split in one.splits and key.model == model and key.cap == wanted
        if score.error is not None
    }


def mean_error(fits: Iterable[FitScore]) -> float:
    """Returns the mean of the errors."""
    return fmean(score.error for score in fits if score.error is not None)


def compared_error(fits: list[FitScore], one: DataSet) -> float:
    """Returns the error for comparisons; a classifier has half a wrong row more."""
    half = 0.5 / sum(score.tested for score in fits) if one.task == "classification" else 0.0
    return mean_error(fits) + half


@dataclass(frozen=True)
class ModelComparison:
    """A model beside another: the ratio of its error to the other's by set."""

    ratios: dict[str, float]
    neither: tuple[str, ...]  # the sets on which neither makes a mistake

    @property
    def lower_share(self) -> float:
        """The share of the sets on which the model's error is lower; equal errors are not lower."""
        return fmean(ratio < 1.0 for ratio in self.ratios.values())

    @property
    def mean_reduction(self) -> float:
        """The mean over the sets of 1 − error / other's error."""
        return 1.0 - fmean(self.ratios.values())

    @property
    def geometric_mean_ratio(self) -> float:
        """The geometric mean of the ratios, which treats a half and a double alike."""
        return geometric_mean(self.ratios.values())


def compare(records: FitRecords, model: str, other: str, cap: int) -> ModelComparison:
    """Compares two models on every set on which both were fitted on a common split."""
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
    return ModelComparison(ratios, tuple(neither))


def mean_errors(records: FitRecords, one: DataSet, cap: int) -> dict[str, float]:
    """Returns the mean error of every model that was fitted on all splits of the set."""
    means = {}
    for model in MODELS:
        fits = scores(records, one, model, cap) if one.task in MODELS[model].tasks else {}
        if {split for split, _ in fits} == set(one.splits):
            means[model] = mean_error(fits.values())
    return means
