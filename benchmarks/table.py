"""The results as a plain table: one block a workload, one line a peer; * marks the best of the peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.results import Report, Result, Row
from benchmarks.workloads import WORKLOADS

COLUMNS = f"  {'':<42}{'median':>9} {'least – most':>21}{'× Chainrule':>14} {'least – most':>17}   goal"


def number(x: float) -> str:
    """Three digits, or as many as there are before the point."""
    return f"{x:,.0f}" if abs(x) >= 99.5 else f"{x:.3g}"


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("µs", 1e6), ("ms", 1e3)):
        if seconds * scale < 999.5:
            return f"{number(seconds * scale)} {unit}"
    return f"{number(seconds)} s"


def span(values: list[float], shown: Callable[[float], str] = number) -> str:
    """The least and the most."""
    return f"{shown(min(values))} – {shown(max(values))}"


def heading(row: Row) -> str:
    """The workload in words."""
    workload = WORKLOADS[row.workload]
    return f"{row.workload}: {workload.title}; {row.dtype}; time of a {workload.unit}"


def judgement(row: Row, result: Result) -> str:
    """The goal for this peer, and whether it is reached."""
    goal = row.goal(result)
    if goal is None or not row.ratios(result):
        return ""
    ratio = median(row.ratios(result))
    word = "aim reached" if ratio >= goal.aim else "reached" if ratio >= goal.least else "MISSED"
    return f"≥ {goal.least:g}, aim {goal.aim:g}: {word}"


def line(row: Row, result: Result) -> str:
    """One peer's figures."""
    name = f"{result.title}, {result.note}" if result.note else result.title
    if result.failure:
        return f"  {name:<42}FAILED: {result.failure}"
    times, ratios = row.times(result), row.ratios(result)
    text = f"  {name:<42}{duration(median(times)):>9} {span(times, duration):>21}"
    if result is not row.own and ratios:
        best = "*" if result is row.best() else " "
        text += f"{number(median(ratios)):>13}{best} {span(ratios):>17}   {judgement(row, result)}"
    return text.rstrip()


def block(row: Row) -> Iterator[str]:
    """A workload's lines."""
    yield heading(row)
    yield COLUMNS
    for result in row.results:
        yield line(row, result)


def left_out(report: Report) -> Iterator[str]:
    """The peers that were not there."""
    for title, remedy in report.left_out.items():
        yield f"left out: {title} ({remedy})"


def facts(report: Report) -> Iterator[str]:
    """What the figures must be read with."""
    yield f"{report.date}, revision {report.revision}, {report.rounds} rounds" + (", QUICK" if report.quick else "")
    yield ", ".join(f"{name}: {value}" for name, value in report.machine.items() if value)
    yield ", ".join(f"{name} {version}" for name, version in sorted(report.versions().items()))
