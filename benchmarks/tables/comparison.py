"""The error of a model on a set, its other measures, and the comparison of two models over all sets.

Two models are compared on the splits and seeds with which both were fitted. A regressor's error on a set is the root of
its mean squared error, averaged over these fits. A classifier's is its share of wrong rows, with half a row added:
(wrong + ½) / rows, so that a ratio exists if one of the two makes no mistake. A set on which neither makes a mistake
is left out of their comparison. Log-losses are compared alike: half a nat is added to the sum over the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, geometric_mean
from typing import Literal

from benchmarks.tables.contestants import MODELS
from benchmarks.tables.records import FitRecords, FitScore
from benchmarks.tables.sets import SETS, DataSet

Measure = Literal["error", "log_loss", "calibration_error"]
EQUAL = 1e-6  # the relative difference of means that are equal except for rounding


def scores(
    records: FitRecords, one: DataSet, model: str, cap: int, measure: Measure = "error"
) -> dict[tuple[int, int], FitScore]:
    """Returns the fits of a model (or its representative on this task) that have this measure, by split and seed."""
    model = model if one.task in MODELS[model].tasks else MODELS[model].otherwise
    return {
        (key.split, key.seed): score
        for key, score in records.scores.items()
        if key.name == one.name and key.split in one.splits and key.model == model and key.cap == one.cap(cap)
        if getattr(score, measure) is not None
    }


def mean_error(fits: Iterable[FitScore], measure: Measure = "error") -> float:
    """Returns the mean over the splits of the mean over the seeds of the errors, or of another measure."""
    by_split: dict[int, list[float]] = {}
    for score in fits:
        by_split.setdefault(score.split, []).append(getattr(score, measure))
    return fmean(fmean(errors) for errors in by_split.values())


def compared_error(fits: list[FitScore], one: DataSet, measure: Measure = "error") -> float:
    """Returns the error for comparisons; a classifier has half a wrong row more, or half a nat."""
    half = 0.5 / sum(score.tested for score in fits) if one.task == "classification" else 0.0
    return mean_error(fits, measure) + half


@dataclass(frozen=True)
class ModelComparison:
    """A model beside another: the ratio of its error to the other's by set."""

    ratios: dict[str, float]
    neither: tuple[str, ...]  # the sets on which neither makes a mistake

    @property
    def lower_share(self) -> float:
        """The share of the sets on which the model's error is lower; equal errors are not lower."""
        return fmean(ratio < 1.0 - EQUAL for ratio in self.ratios.values())

    @property
    def mean_reduction(self) -> float:
        """The mean over the sets of 1 − error / other's error."""
        return 1.0 - fmean(self.ratios.values())

    @property
    def geometric_mean_ratio(self) -> float:
        """The geometric mean of the ratios, which treats a half and a double alike."""
        return geometric_mean(self.ratios.values())


def common_fits(
    records: FitRecords, one: DataSet, model: str, other: str, cap: int, measure: Measure = "error"
) -> tuple[list[FitScore], list[FitScore]]:
    """Returns the fits of two models on the splits and seeds that both have, in the same order."""
    own, others = (scores(records, one, name, cap, measure) for name in (model, other))
    common = sorted(own.keys() & others.keys())
    return [own[fit] for fit in common], [others[fit] for fit in common]


def compare(records: FitRecords, model: str, other: str, cap: int, measure: Measure = "error") -> ModelComparison:
    """Compares two models on every set on which both have this measure on a common split."""
    ratios, neither = {}, []
    for one in SETS.values():
        mine, theirs = common_fits(records, one, model, other, cap, measure)
        if not mine:
            continue
        if mean_error(mine, measure) == mean_error(theirs, measure) == 0.0:
            neither.append(one.name)
        else:
            ratios[one.name] = compared_error(mine, one, measure) / compared_error(theirs, one, measure)
    return ModelComparison(ratios, tuple(neither))


def mean_errors(records: FitRecords, one: DataSet, cap: int, measure: Measure = "error") -> dict[str, float]:
    """Returns the mean error, or other measure, of every model that has it on all splits of the set."""
    means = {}
    for model in MODELS:
        fits = scores(records, one, model, cap, measure) if one.task in MODELS[model].tasks else {}
        if {split for split, _ in fits} == set(one.splits):
            means[model] = mean_error(fits.values(), measure)
    return means
