"""What the figures say beside each goal: one line a goal, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from benchmarks.tables import goals
from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Records, Speed
from benchmarks.tables.sets import SETS
from benchmarks.tables.summary import Comparison, compare, mean_error, scores

OWN, BEST = "chainrule", "chainrule-best"


class Verdict(NamedTuple):
    """A figure and its goal, in words, and whether it is reached."""

    what: str
    figure: str
    goal: str
    reached: bool


def percent(share: float) -> str:
    """Without decimals where they say nothing."""
    return f"{100 * share:.1f} %"


def beside(comparison: Comparison, model: str, other: str, least_lower: float | None) -> Iterator[Verdict]:
    """How a model compares with a peer on all sets, against the peer's goals."""
    who = f"{MODELS[model].title} against {MODELS[other].title}"
    share, count = comparison.lower_share, len(comparison.ratios)
    if least_lower is not None:
        yield Verdict(
            f"{who}: share of {count} sets with a lower error", percent(share), f"≥ {percent(least_lower)}",
            share >= least_lower,
        )  # fmt: skip
        reduction = comparison.mean_reduction
        yield Verdict(
            f"{who}: mean relative reduction of the error", percent(reduction), f"≥ {percent(goals.MEAN_REDUCTION)}",
            reduction >= goals.MEAN_REDUCTION,
        )  # fmt: skip
    else:
        most = goals.RATIO_TO_TD if model == BEST else goals.RATIO_TO_TD_S
        ratio, arithmetic = comparison.geometric_mean_ratio, comparison.mean_ratio
        yield Verdict(
            f"{who}: geometric mean over {count} sets of the ratio of errors (arithmetic: {arithmetic:.3f};"
            f" lower on {percent(share)})",
            f"{ratio:.3f}", f"≤ {most:g}", ratio <= most,
        )  # fmt: skip


def over_all_sets(records: Records, cap: int) -> Iterator[Verdict]:
    """The goals that are means over all sets."""
    pairs = [(OWN, "sklearn", goals.LOWER_SHARE), (OWN, "sklearn-y", goals.LOWER_SHARE), (OWN, "td-s", None)]
    pairs.append((BEST, "td", None))
    for model, other, least_lower in pairs:
        comparison = compare(records, model, other, cap)
        if comparison.ratios:
            yield from beside(comparison, model, other, least_lower)


def absolute(records: Records, cap: int) -> Iterator[Verdict]:
    """The goals for single sets, over the fixed splits."""
    for name, goal in goals.ABSOLUTE.items():
        for model, most in ((OWN, goal.default), (BEST, goal.best)):
            fits = scores(records, SETS[name], model, cap)
            if {split for split, _ in fits} == set(SETS[name].splits):
                error = mean_error(fits.values())
                yield Verdict(f"{MODELS[model].title}: error on {name}", f"{error:.4g}", f"≤ {most:g}", error <= most)
    for score in scores(records, SETS["mnist"], BEST, cap).values():
        if score.error is not None:
            good = score.error <= goals.MNIST_ERROR and score.fit_seconds <= goals.MNIST_SECONDS
            figure = f"{100 * score.error:.2f} % in {score.fit_seconds:.0f} s"
            goal_text = f"≤ {100 * goals.MNIST_ERROR:.1f} % in ≤ {goals.MNIST_SECONDS:.0f} s"
            yield Verdict(f"{MODELS[BEST].title}: error on mnist", figure, goal_text, good)


def speed_ratios(speed: Speed, name: str, model: str) -> list[float]:
    """How many times longer than Chainrule a model took, round by round."""
    taken = speed.seconds[name]
    return [other / own for other, own in zip(taken[model], taken[OWN], strict=True)]


def of_speed(speed: Speed) -> Iterator[Verdict]:
    """The goals for speed: seconds, and times as fast as RealMLP-TD-S in the same round."""
    for name, taken in speed.seconds.items():
        if OWN not in taken:
            continue
        seconds = median(taken[OWN])
        most = goals.ABSOLUTE[name].seconds if name in goals.ABSOLUTE else None
        if most is not None:
            what = f"{MODELS[OWN].title}: seconds of fit and predict on {name}"
            yield Verdict(what, f"{seconds:.1f}", f"≤ {most:g}", seconds <= most)
        if "td-s" in taken:
            ratio = median(speed_ratios(speed, name, "td-s"))
            what = f"{MODELS[OWN].title} against {MODELS['td-s'].title}: times as fast on {name}"
            yield Verdict(what, f"{ratio:.1f} ×", f"≥ {goals.SPEED:g} ×", ratio >= goals.SPEED)


def all_verdicts(records: Records, cap: int) -> list[Verdict]:
    """Every goal that there are figures for."""
    speed = [] if records.speed is None else list(of_speed(records.speed))
    return [*over_all_sets(records, cap), *absolute(records, cap), *speed]
