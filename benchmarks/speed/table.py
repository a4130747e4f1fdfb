"""The times as text for a terminal: a table for each workload, a line for each peer."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.harness.figures import duration, number, span
from benchmarks.harness.machine import facts, listed
from benchmarks.harness.markdown import table
from benchmarks.speed.results import PeerTimes, SpeedReport, WorkloadTimes
from benchmarks.speed.workloads import WORKLOADS


def cells(row: WorkloadTimes, result: PeerTimes) -> list[str]:
    """Returns the figures of one peer."""
    name = f"{result.title}, {result.note}" if result.note else result.title
    if result.failure:
        return [name, f"FAILED: {result.failure}", "", "", ""]
    times, ratios = row.times(result), row.ratios(result)
    beside = ["", ""] if result is row.own or not ratios else [f"{number(median(ratios))} ×", span(ratios)]
    return [name, duration(median(times)), span(times, duration), *beside]


def block(row: WorkloadTimes) -> str:
    """Returns the table of a workload."""
    workload = WORKLOADS[row.workload]
    columns = [f"{row.workload}, {row.dtype}", f">{workload.unit}", "least – most", ">÷ Chainrule", "least – most"]
    return f"{workload.title}\n\n{table(columns, [cells(row, result) for result in row.results])}"


def closing(report: SpeedReport) -> Iterator[str]:
    """Yields the circumstances of the run and the peers that were left out."""
    yield f"{report.date}, revision {report.revision}, {report.rounds} rounds" + (", QUICK" if report.quick else "")
    yield ", ".join(facts(report.machine))
    yield listed(report.versions())
    for title, remedy in report.left_out.items():
        yield f"left out: {title} ({remedy})"
