"""The generated sections of docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.harness.figures import duration, number, span
from benchmarks.harness.machine import facts, listed
from benchmarks.harness.markdown import bullets, paragraph, table
from benchmarks.speed.results import SpeedReport
from benchmarks.speed.workloads import WORKLOADS

LEAST_ROUNDS = 5
RESULTS = """\
On the network 5-3-2-1, a training step of Chainrule takes {own}; JAX takes {jax} times as long and PyTorch {torch}
times. On larger networks JAX takes {jax_span} times as long and PyTorch {torch_span} times, with the same number type
and the same result. Predicting one row takes {one_row}, with ONNX Runtime {onnx} times as long; a process that
imports, trains and predicts takes {process}, with scikit-learn {sklearn} times as long."""


def objections(report: SpeedReport) -> list[str]:
    """Returns the reasons why a run must not be stored."""
    reasons = list(report.failures)
    if report.quick:
        reasons.append("it was a --quick run")
    if report.rounds < LEAST_ROUNDS:
        reasons.append(f"it had {report.rounds} rounds; a median takes {LEAST_ROUNDS}")
    if report.left_out:
        reasons.append(f"left out: {', '.join(report.left_out)}")
    if report.revision.endswith(")"):
        reasons.append(f"revision {report.revision}: install it again")
    if missing := set(WORKLOADS) - {row.workload for row in report.rows}:
        reasons.append(f"not measured: {', '.join(name for name in WORKLOADS if name in missing)}")
    return reasons


def results(report: SpeedReport) -> str:
    """Returns the results in three sentences."""
    rows = {row.workload: row for row in report.rows if row.dtype == "float32"}

    def time(name: str) -> str:
        return duration(median(rows[name].times(rows[name].own)))

    def ratio(name: str, peer: str) -> str:
        return f"{rows[name].ratio(peer):.3g}"

    def among_larger(peer: str) -> str:
        names = [name for name in rows if name != "A" and WORKLOADS[name].unit == "step"]
        known = [found for name in names if (found := rows[name].ratio(peer)) is not None]
        return f"{min(known):.3g} to {max(known):.3g}"

    return paragraph(
        RESULTS.format(
            own=time("A"), jax=ratio("A", "jax"), torch=ratio("A", "torch"), jax_span=among_larger("jax"),
            torch_span=among_larger("torch"), one_row=time("one-row"), onnx=ratio("one-row", "onnxruntime"),
            process=time("cold-process"), sklearn=ratio("cold-process", "sklearn"),
        )
    )  # fmt: skip


def time_table(report: SpeedReport, unit: str) -> str:
    """Returns the times of all workloads with this unit, a row for each library."""

    def rows() -> Iterator[list[str]]:
        for row in (row for row in report.rows if WORKLOADS[row.workload].unit == unit):
            yield [WORKLOADS[row.workload].label, row.dtype, "Chainrule", duration(median(row.times(row.own))), "", ""]
            for result in row.results[1:]:
                time, ratios = duration(median(row.times(result))), row.ratios(result)
                yield ["", "", result.title, time, f"**{number(median(ratios))} ×**", span(ratios)]

    return table(["<", "numbers", "", f">{unit}", ">÷ Chainrule", "<least – most"], rows())


def sections(report: SpeedReport) -> dict[str, str]:
    """Returns the text of each section."""
    run = f"{report.date}, revision {report.revision}, {report.rounds} rounds: `{report.command}`"
    return {
        "results": results(report),
        "training": time_table(report, "step"),
        "prediction": time_table(report, "call"),
        "process": time_table(report, "process"),
        "run": bullets([run, *facts(report.machine), listed(report.versions())]),
        "workloads": table(["`--only`", "workload"], [[name, one.title] for name, one in WORKLOADS.items()]),
    }
