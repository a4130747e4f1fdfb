"""``python -m benchmarks``: measure speed, store the result, or generate the pages."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import goals, pages
from benchmarks.harness import machine
from benchmarks.harness.options import chosen, positive
from benchmarks.harness.paths import BUILD, RESULTS
from benchmarks.speed import page, results, rival, table
from benchmarks.speed.measuring import measure
from benchmarks.speed.peers import PEERS
from benchmarks.speed.results import SpeedReport
from benchmarks.speed.workloads import WORKLOADS

ROUNDS, QUICK_ROUNDS = 7, 2
REMEDY = "pip install '.[bench]'"


def options() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures Chainrule and its peers in turns; every result is checked.",
        epilog=f"workloads: {', '.join(WORKLOADS)}",
    )  # fmt: skip
    parser.add_argument("--only", metavar="A,S", help="measure only these workloads")
    parser.add_argument("--dtype", choices=["float32", "float64"], help="measure only this number type")
    parser.add_argument("--rounds", type=positive, metavar="N", help=f"turns of each peer (default {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="do little work a run, as a smoke test: ignore the times")
    parser.add_argument("--json", type=Path, default=BUILD / "last.json", metavar="FILE", help="the result")
    parser.add_argument("--compare", metavar="REV", help="measure against this Git revision instead of the peers")
    parser.add_argument("--store", action="store_true", help=f"only move the result to {RESULTS.name}/, then --pages")
    parser.add_argument("--pages", action="store_true", help="only generate the pages from the stored results")
    parser.add_argument("--goals", action="store_true", help="only print the stored results beside the goals")
    return parser


def left_out(names: list[str], is_comparison: bool) -> dict[str, str]:
    """Returns the peers of these workloads that are not installed, with the command that installs them."""
    wanted = {} if is_comparison else {peer: None for name in names for peer in WORKLOADS[name].peers}
    return {PEERS[peer].title: REMEDY for peer in wanted if not PEERS[peer].is_installed}


def run(given: argparse.Namespace, arguments: list[str]) -> SpeedReport:
    """Measures; each block is printed and saved at once, so that an interrupted run keeps it."""
    names = chosen(given.only, WORKLOADS, "workload")
    report = SpeedReport(
        command=shlex.join(["python", "-m", "benchmarks", *arguments]),
        date=machine.today(),
        rounds=given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS),
        quick=given.quick,
        revision=machine.revision(),
        machine=machine.described(),
        left_out=left_out(names, bool(given.compare)),
    )
    machine.warn_if_busy()
    with ExitStack() as stack:
        other = None
        if given.compare:
            say(f"building {given.compare}")
            other = stack.enter_context(rival.built(given.compare))
        for name in names:
            workload = WORKLOADS[name]
            if workload.unit == "process" and not PEERS["sklearn"].is_installed:
                print(f"\nleft out: {name}, whose data come from scikit-learn ({REMEDY})")
                continue
            peers = [] if given.compare else [peer for peer in workload.peers if PEERS[peer].is_installed]
            for dtype in workload.dtypes:
                if given.dtype in (None, dtype):
                    start = time.perf_counter()
                    row = measure(workload, dtype, peers, report.rounds, given.quick, other, say)
                    report.rows.append(row)
                    report.save(given.json)
                    say("")
                    print(f"\n{table.block(row)}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
    return report


def say(text: str) -> None:
    """Shows the progress on one line of a terminal, replacing the previous text."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Runs the command; the exit status is 1 if a result was wrong or a peer could not run."""
    given = options().parse_args(arguments)
    if given.goals:
        print((RESULTS / "goals.md").read_text(encoding="utf-8"), end="")
        return 0
    if given.store:
        report = SpeedReport.load(given.json)
        pages.refuse(page.objections(report))
        report.save(results.STORED)
    if given.store or given.pages:
        pages.write()
        return 0
    report = run(given, arguments)
    print("", goals.markdown(goals.of_speed(report)), "", *table.closing(report), sep="\n")
    for failure in report.failures:
        print(f"FAILED {failure}")
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
