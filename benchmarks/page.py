"""docs/performance.md and its picture, made from the JSON of a run that was an honest one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import picture, table
from benchmarks.check import J_TOLERANCE, OUTPUT_TOLERANCE
from benchmarks.process import ROOT
from benchmarks.results import Report, Row
from benchmarks.workloads import WORKLOADS

LEAST_ROUNDS = 5

PREFACE = """\
# Performance

How long Chainrule takes beside its peers, through its Python API (`cr.train`, `net(x)`). This page is made by the
program that measured it; the numbers of every round are in [performance.json](performance.json).

![Each peer's time divided by Chainrule's](performance.svg)
"""

METHOD = """\
## How it was measured

- Each peer runs in a process of its own, prepared and warmed up: the compiling of JAX is not counted. In each round
  every peer has one turn, in an order that rotates, while the others stand still. A ratio is taken within a round;
  shown are the median over the rounds, the least and the most.
- Every peer starts from the same θ₀, sees the same rows in the same order, and does the same mathematics in the same
  number type: J is the mean over a minibatch of ½ ‖a − y‖², epochs are exact, nothing is computed in reduced
  precision. The peers are given the order of the rows beforehand; Chainrule shuffles within the timed run.
- Behind ReLU (S, B, C, D) about half of all factors are zero. Where a layer is wide enough, Chainrule passes over them
  ([engines](guide/engines.md)); the peers multiply by them. A and F have no such zeros.
- Every timed run is checked: the final J must be the reference engine's, to within {float32:g} (float32) or
  {float64:g} (float64) of the progress that log J has made; predictions must be N(x) to {outputs:g} of the largest; a
  cold process must reach 97 % test accuracy. A run that fails is reported as failed, never as a time.
- PyTorch and ONNX Runtime run on one thread or on all cores, whichever was faster for the workload.
""".format(**J_TOLERANCE, outputs=OUTPUT_TOLERANCE)


def objections(report: Report) -> list[str]:
    """Why a run is not fit to be shown."""
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


def table_rows(row: Row) -> Iterator[str]:
    """A workload as lines of a Markdown table, a line a peer."""
    own = table.duration(median(row.times(row.own)))
    for result in row.results[1:]:
        ratios, goal = row.ratios(result), row.goal(result)
        peer = table.duration(median(row.times(result)))
        yield (
            f"| {row.workload} | {row.dtype} | {own} | {result.title} | {peer} "
            f"| **{table.number(median(ratios))} ×** | {table.span(ratios)} | {f'≥ {goal.least:g} ×' if goal else ''} |"
        )


def markdown(report: Report) -> str:
    """The page."""
    lines = [
        PREFACE,
        "| | numbers | time of Chainrule | peer | time of the peer | peer ÷ Chainrule | least – most | goal |",
    ]
    lines.append("|---|---|---:|---|---:|---:|---|---|")
    for row in report.rows:
        lines += table_rows(row)
    lines += ["", "Times are those of a step, a call or a process.", "", "| | workload |", "|---|---|"]
    lines += [f"| {name} | {WORKLOADS[name].title} |" for name in dict.fromkeys(row.workload for row in report.rows)]
    lines += ["", METHOD, "## The run", "", f"- {report.date}, revision {report.revision}, {report.rounds} rounds"]
    lines += [f"- {name}: {value}" for name, value in report.machine.items() if value]
    lines += [f"- {', '.join(f'{name} {version}' for name, version in sorted(report.versions().items()))}"]
    lines += ["", "```bash", "pip install '.[bench]'", report.command, "python -m benchmarks --write-docs", "```", ""]
    return "\n".join(lines)


def write(report: Report, folder: Path = ROOT / "docs") -> None:
    """Write the page, its picture and its numbers; SystemExit with the reasons if the run is not fit to be shown."""
    if reasons := objections(report):
        raise SystemExit("not written, because of the last run:\n" + "\n".join(f"- {reason}" for reason in reasons))
    report.save(folder / "performance.json")
    picture.draw(report, folder / "performance.svg")
    (folder / "performance.md").write_text(markdown(report), encoding="utf-8")
