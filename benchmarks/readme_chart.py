"""The chart of the README: training steps per second beside JAX and PyTorch, and errors beside other networks."""

from __future__ import annotations

from statistics import median

from benchmarks.harness.figures import number
from benchmarks.harness.svg import Picture
from benchmarks.speed.results import SpeedReport
from benchmarks.speed.workloads import WORKLOADS
from benchmarks.tables.comparison import compare
from benchmarks.tables.contestants import BEST, OWN
from benchmarks.tables.records import FitRecords

WIDTH, HEIGHT = 520, 362
SHOWN = ("A", "S", "B", "C")
BARS, LONGEST = 74, 112  # the start of the bars on the left, and the length of the longest
MIDDLE = 276  # the start of the right half
ERRORS = {
    OWN: "Chainrule",
    BEST: "Chainrule, preset best",
    "td-s": "RealMLP-TD-S",
    "td": "RealMLP-TD",
    "sklearn-y": "scikit-learn MLP, y standardised",
    "sklearn": "scikit-learn MLP",
}


def per_second(count: float) -> str:
    """Formats a rate in thousands or millions."""
    for unit, scale in (("M", 1e6), ("k", 1e3)):
        if count >= scale:
            return f"{number(count / scale)} {unit}"
    return number(count)


def steps_per_second(picture: Picture, report: SpeedReport) -> None:
    """Draws a group for each network; the longest bar of each group has full length."""
    picture.text(0, 18, "Training steps per second", "large")
    rows = {row.workload: row for row in report.rows if row.dtype == "float32"}
    picture.text(0, 37, f"float32, {report.machine['cores']} cores; higher is better")
    y = 44.0
    for name in SHOWN:
        y += 17
        picture.text(0, y, WORKLOADS[name].label, "strong")
        rates = {one.title: 1 / median(rows[name].times(one)) for one in rows[name].results}
        for title, rate in rates.items():
            y += 17
            length = LONGEST * rate / max(rates.values())
            is_own = title == "Chainrule"
            picture.text(0, y, title)
            picture.bar(BARS, y - 10, length, 10, "own" if is_own else "other")
            picture.text(BARS + length + 6, y, per_second(rate), "strong own" if is_own else "")
        y += 9


def errors(picture: Picture, records: FitRecords, cap: int) -> None:
    """Draws the geometric mean of each model's errors, divided by Chainrule's."""
    beside = {model: compare(records, model, OWN, cap) for model in ERRORS if model != OWN}
    means = {OWN: 1.0} | {model: comparison.geometric_mean_ratio for model, comparison in beside.items()}
    picture.text(MIDDLE, 18, f"Error on {len(beside['sklearn'].ratios)} tables", "large")
    picture.text(MIDDLE, 37, f"lower is better; RealMLP on {len(beside['td-s'].ratios)} of them")
    y = 47.0
    for model, mean in sorted(means.items(), key=lambda item: item[1]):
        y += 23
        length = (WIDTH - MIDDLE - 46) * mean / max(means.values())
        is_own = model in (OWN, BEST)
        picture.text(MIDDLE, y, ERRORS[model])
        picture.bar(MIDDLE, y + 7, length, 10, "own" if is_own else "other")
        picture.text(MIDDLE + length + 6, y + 17, f"{mean:.2f}", "strong own" if is_own else "")
        y += 25


def svg(report: SpeedReport, records: FitRecords, cap: int) -> str:
    """Draws both halves."""
    picture = Picture(WIDTH, "Chainrule makes more training steps per second and smaller errors than other libraries.")
    steps_per_second(picture, report)
    errors(picture, records, cap)
    return picture.svg(HEIGHT)
