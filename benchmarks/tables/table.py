"""The errors of every set, a column a model, and the goals, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Records
from benchmarks.tables.sets import SETS, Set
from benchmarks.tables.summary import mean_error, scores
from benchmarks.tables.verdicts import Verdict


def figure(error: float, one: Set) -> str:
    """A root-mean-square error with four digits, or an error rate in per cent."""
    return f"{100 * error:.2f} %" if one.task == "classification" else f"{error:.4g}"


def errors(records: Records, one: Set, cap: int) -> dict[str, float]:
    """The mean error of every model that was fitted on all splits of the set."""
    means = {}
    for model in MODELS:
        fits = scores(records, one, model, cap) if one.task in MODELS[model].tasks else {}
        if {split for split, _ in fits} == set(one.splits):
            means[model] = mean_error(fits.values())
    return means


def lines(records: Records, cap: int) -> Iterator[str]:
    """A line a set; * marks the least error."""
    yield f"{'':<30}" + "".join(f"{model:>16}" for model in MODELS)
    for one in SETS.values():
        means = errors(records, one, cap)
        if means:
            least = min(means.values())
            marked = (
                f"{figure(means[m], one)}{'*' if means[m] == least else ' '}" if m in means else "" for m in MODELS
            )
            yield f"{one.name:<30}" + "".join(f"{text:>16}" for text in marked)


def goal_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line a goal."""
    for what, measured, goal, reached in verdicts:
        yield f"{what}: {measured}; goal {goal}: {'reached' if reached else 'MISSED'}"


def failures(records: Records) -> list[str]:
    """Every fit that came to no error, and why."""
    return [
        f"{score.name} {score.split}, {MODELS[score.model].title}: {score.failure}"
        for score in records.scores.values()
        if score.failure is not None
    ]
