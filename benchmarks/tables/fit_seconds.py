"""The times of two models over all sets, from fits that were measured in one run."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median

from benchmarks.tables.comparison import common_fits
from benchmarks.tables.records import FitRecords
from benchmarks.tables.sets import SETS


@dataclass(frozen=True)
class TimeComparison:
    """A model's mean seconds of a fit beside another's, by set."""

    seconds: dict[str, tuple[float, float]]

    @property
    def sums(self) -> tuple[float, float]:
        """The sums over the sets, in which the large sets count most."""
        return sum(own for own, _ in self.seconds.values()), sum(other for _, other in self.seconds.values())

    @property
    def median_ratio(self) -> float:
        """The median over the sets of own / other, in which all sets count alike."""
        return median(own / other for own, other in self.seconds.values())


def compare_times(records: FitRecords, model: str, other: str, cap: int) -> TimeComparison:
    """Compares two models on every set that both fitted in one run, in which they take turns on each split."""
    seconds = {}
    for one in SETS.values():
        pairs = [
            (own.fit_seconds, others.fit_seconds)
            for own, others in zip(*common_fits(records, one, model, other, cap), strict=True)
            if own.run is not None and own.run == others.run
        ]
        if pairs:
            seconds[one.name] = (fmean(own for own, _ in pairs), fmean(others for _, others in pairs))
    return TimeComparison(seconds)
