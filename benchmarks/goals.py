"""The project's internal goals, and the results beside them: ``python -m benchmarks --goals``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import geometric_mean, median
from typing import Any, NamedTuple

from benchmarks.harness.clock import ratios
from benchmarks.harness.figures import duration, number, percent
from benchmarks.harness.markdown import table
from benchmarks.speed.results import SpeedReport
from benchmarks.tables.comparison import ModelComparison, compare, mean_error, scores
from benchmarks.tables.contestants import BEST, MODELS, OWN
from benchmarks.tables.records import FitRecords, FitTimes
from benchmarks.tables.sets import SETS


class SpeedGoal(NamedTuple):
    """A peer's time divided by Chainrule's, in float32: the least that is acceptable, and the aim."""

    least: float
    aim: float


SPEED = {
    "A": {"jax": SpeedGoal(9, 12)},
    "S": {"jax": SpeedGoal(2.8, 3.5)},
    "B": {"jax": SpeedGoal(2.0, 2.3)},
    "C": {"jax": SpeedGoal(1.6, 1.9)},
    "D": {"jax": SpeedGoal(1.06, 1.2), "torch": SpeedGoal(1.06, 1.2)},
    "F": {"jax": SpeedGoal(2.5, 4), "torch": SpeedGoal(2.5, 4)},
    "one-row": {"onnxruntime": SpeedGoal(3, 5), "sklearn": SpeedGoal(40, 80)},
    "1024-rows": {"onnxruntime": SpeedGoal(1.05, 1.2)},
    "cold-process": {"sklearn": SpeedGoal(3, 6), "torch": SpeedGoal(4, 8)},
}

LOWER_SHARE = 0.85  # of the sets have a lower error than scikit-learn's
MEAN_REDUCTION = 0.15  # of scikit-learn's error, on average over the sets
RATIO_TO_TD_S = 1.02  # of errors, at most, on average
RATIO_TO_TD = 1.0  # of errors, at most, on average, with preset="best"
TIMES_TD_S = 3.0  # the time of RealMLP-TD-S divided by Chainrule's
MNIST_ERROR, MNIST_SECONDS = 0.014, 600.0


class TableGoal(NamedTuple):
    """Root-mean-square errors over the measured splits, and seconds of a fit on two cores; each is a maximum."""

    default: float
    best: float
    seconds: float | None = None  # with preset="default"


TABLES = {
    "concrete": TableGoal(4.78, 4.50),
    "energy": TableGoal(0.456, 0.42),
    "wine_red": TableGoal(0.625, 0.61),
    "kin8nm": TableGoal(0.0655, 0.062, 7.0),
    "power": TableGoal(3.70, 3.60, 8.0),
}

MLP_PAIR = {(100,): 10.0, (256, 256): 5.0}  # scikit-learn's time divided by Chainrule's, by hidden layers
SERVING_SECONDS, SERVING_RATE, SERVING_MEGABYTES = 0.4e-3, 3_000.0, 120.0  # of one row; requests a second on one core
IMPORT_TIME = 1.5  # the time of importing chainrule divided by NumPy's, at most


class Verdict(NamedTuple):
    """A result beside its goal, in words."""

    what: str
    result: str
    goal: str
    is_reached: bool


def markdown(verdicts: Iterable[Verdict]) -> str:
    """Returns the verdicts as a table, or "" without verdicts."""
    rows = [[one.what, one.result, one.goal, "reached" if one.is_reached else "MISSED"] for one in verdicts]
    return table(["", ">result", ">goal", ""], rows) if rows else ""


def of_speed(report: SpeedReport) -> Iterator[Verdict]:
    """Judges the ratios of times."""
    for row in report.rows:
        for peer, goal in SPEED[row.workload].items() if row.dtype == "float32" else ():
            if (ratio := row.ratio(peer)) is not None:
                title = next(one.title for one in row.results if one.peer == peer)
                wanted = f"≥ {goal.least:g} ×, aim {goal.aim:g} ×"
                yield Verdict(f"{row.workload} beside {title}", f"{number(ratio)} ×", wanted, ratio >= goal.least)


def beside_scikit_learn(who: str, comparison: ModelComparison) -> Iterator[Verdict]:
    """Judges the share of sets with a lower error, and the reduction of the error."""
    share, reduction = comparison.lower_share, comparison.mean_reduction
    what = f"{who}: share of {len(comparison.ratios)} sets with a lower error"
    yield Verdict(what, percent(share), f"≥ {percent(LOWER_SHARE)}", share >= LOWER_SHARE)
    what = f"{who}: mean relative reduction of the error"
    yield Verdict(what, percent(reduction), f"≥ {percent(MEAN_REDUCTION)}", reduction >= MEAN_REDUCTION)


def over_all_sets(records: FitRecords, cap: int) -> Iterator[Verdict]:
    """Judges the means over all sets."""
    for model, other in ((OWN, "sklearn"), (OWN, "sklearn-y"), (OWN, "td-s"), (BEST, "td")):
        comparison = compare(records, model, other, cap)
        who = f"{MODELS[model].title} against {MODELS[other].title}"
        if comparison.ratios and other.startswith("sklearn"):
            yield from beside_scikit_learn(who, comparison)
        elif comparison.ratios:
            most, ratio = RATIO_TO_TD if model == BEST else RATIO_TO_TD_S, comparison.geometric_mean_ratio
            what = f"{who}: geometric mean of the ratios of errors"
            yield Verdict(what, f"{ratio:.3f}", f"≤ {most:g}", ratio <= most)


def on_single_sets(records: FitRecords, cap: int) -> Iterator[Verdict]:
    """Judges the errors on the sets with fixed splits and on MNIST."""
    for name, goal in TABLES.items():
        for model, most in ((OWN, goal.default), (BEST, goal.best)):
            fits = scores(records, SETS[name], model, cap)
            if {split for split, _ in fits} == set(SETS[name].splits):
                error = mean_error(fits.values())
                yield Verdict(f"{MODELS[model].title}: error on {name}", f"{error:.4g}", f"≤ {most:g}", error <= most)
    for score in scores(records, SETS["mnist"], BEST, cap).values():
        if score.error is not None:
            is_reached = score.error <= MNIST_ERROR and score.fit_seconds <= MNIST_SECONDS
            result = f"{percent(score.error, 2)} in {score.fit_seconds:.0f} s"
            wanted = f"≤ {percent(MNIST_ERROR)} in ≤ {MNIST_SECONDS:.0f} s"
            yield Verdict(f"{MODELS[BEST].title}: error on mnist", result, wanted, is_reached)


def of_fit_times(speed: FitTimes) -> Iterator[Verdict]:
    """Judges the seconds of fits, and the ratios to RealMLP-TD-S in the same round."""
    for name, taken in speed.seconds.items():
        if OWN not in taken:
            continue
        seconds = median(taken[OWN])
        most = TABLES[name].seconds if name in TABLES else None
        if most is not None:
            what = f"{MODELS[OWN].title}: seconds of fit and predict on {name}"
            yield Verdict(what, f"{seconds:.1f}", f"≤ {most:g}", seconds <= most)
        if "td-s" in taken:
            ratio = median(ratios(taken["td-s"], taken[OWN]))
            what = f"{MODELS[OWN].title} against {MODELS['td-s'].title}: times as fast on {name}"
            yield Verdict(what, f"{ratio:.1f} ×", f"≥ {TIMES_TD_S:g} ×", ratio >= TIMES_TD_S)


def of_tables(records: FitRecords, cap: int) -> list[Verdict]:
    """Judges everything that was measured on tables."""
    speed = [] if records.speed is None else list(of_fit_times(records.speed))
    return [*over_all_sets(records, cap), *on_single_sets(records, cap), *speed]


def of_mlp_pair(rows: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    """Judges the geometric mean of the ratios of times over the sets on which the scores agree."""
    for sizes, least in MLP_PAIR.items():
        faster = [row["faster"] for row in rows if tuple(row["hidden"]) == sizes and row["scores_agree"]]
        if faster:
            mean = geometric_mean(faster)
            what = f"hidden layers {'-'.join(map(str, sizes))}: geometric mean of the ratios"
            yield Verdict(what, f"{mean:.1f} × (least {min(faster):.1f} ×)", f"≥ {least:g} ×", mean >= least)


def of_serving(
    medians: Sequence[float], rates: Sequence[float], cpu: Sequence[float], megabytes: float
) -> Iterator[Verdict]:
    """Judges single rows over HTTP: the least median of a round, the best rate, that by CPU time, and memory."""
    least, rate, by_cpu = min(medians), max(rates), 1.0 / median(cpu)
    yield Verdict("p50 of one row", duration(least), f"≤ {duration(SERVING_SECONDS)}", least <= SERVING_SECONDS)
    wanted = f"≥ {number(SERVING_RATE)}"
    yield Verdict("requests a second, wall clock", number(rate), wanted, rate >= SERVING_RATE)
    yield Verdict("requests a second of CPU time", number(by_cpu), wanted, by_cpu >= SERVING_RATE)
    yield Verdict("memory", f"{megabytes:.0f} MB", f"≤ {SERVING_MEGABYTES:.0f} MB", megabytes <= SERVING_MEGABYTES)
