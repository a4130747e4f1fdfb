"""``python -m benchmarks``: measure, print the table, write JSON and a picture."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import machine, page, picture, rival, table
from benchmarks.peers import PEERS
from benchmarks.process import ROOT
from benchmarks.results import Report
from benchmarks.rounds import measure
from benchmarks.workloads import WORKLOADS

ROUNDS, QUICK_ROUNDS = 7, 2
BUSY = 0.5  # programs
REMEDY = "pip install '.[bench]'"


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Chainrule beside its peers, interleaved, every result checked.",
        epilog=f"workloads: {', '.join(WORKLOADS)}",
    )  # fmt: skip
    build = ROOT / "build" / "benchmarks"
    parser.add_argument("--only", metavar="A,S", help="these workloads alone")
    parser.add_argument("--dtype", choices=["float32", "float64"], help="this number type alone")
    parser.add_argument("--rounds", type=positive, metavar="N", help=f"turns of each peer (default {ROUNDS})")
    parser.add_argument(
        "--quick", action="store_true", help="little work a run, to see that it runs: times mean nothing"
    )
    parser.add_argument("--json", type=Path, default=build / "last.json", metavar="FILE")
    parser.add_argument("--picture", type=Path, default=build / "last.svg", metavar="FILE")
    parser.add_argument("--compare", metavar="REV", help="measure against this Git revision instead of the peers")
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="measure nothing; make docs/performance.md from the last run's JSON",
    )
    return parser


def positive(text: str) -> int:
    """A number of rounds."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {number}")
    return number


def chosen_names(only: str | None) -> list[str]:
    """The workloads asked for, in the order of the table."""
    asked = list(WORKLOADS) if only is None else only.split(",")
    if unknown := [name for name in asked if name not in WORKLOADS]:
        raise SystemExit(f"unknown workload {', '.join(unknown)}; known: {', '.join(WORKLOADS)}")
    return [name for name in WORKLOADS if name in asked]


def left_out(names: list[str], compare: bool) -> dict[str, str]:
    """The peers of these workloads that are not installed, and what would install them."""
    wanted = {} if compare else {peer: None for name in names for peer in WORKLOADS[name].peers}
    return {PEERS[peer].title: REMEDY for peer in wanted if not PEERS[peer].installed}


def run(asked: argparse.Namespace, arguments: list[str]) -> Report:
    """Measure everything that was asked for; each block is printed and written as soon as it is there."""
    names = chosen_names(asked.only)
    report = Report(
        command=shlex.join(["python", "-m", "benchmarks", *arguments]),
        date=machine.today(),
        rounds=asked.rounds or (QUICK_ROUNDS if asked.quick else ROUNDS),
        quick=asked.quick,
        revision=machine.revision(),
        machine=machine.described(),
        left_out=left_out(names, bool(asked.compare)),
    )
    busy = machine.load()
    if busy is not None and busy > BUSY:
        print(f"This machine is busy ({busy:.1f} programs ran at once in the last minute): do not trust the times.")
    with ExitStack() as stack:
        other = None
        if asked.compare:
            say(f"building {asked.compare}")
            other = stack.enter_context(rival.built(asked.compare))
        for name in names:
            workload = WORKLOADS[name]
            if workload.unit == "process" and not PEERS["sklearn"].installed:
                print(f"\nleft out: {name}, whose data are scikit-learn's ({REMEDY})")
                continue
            peers = [] if asked.compare else [peer for peer in workload.peers if PEERS[peer].installed]
            for dtype in workload.dtypes:
                if asked.dtype in (None, dtype):
                    began = time.perf_counter()
                    row = measure(workload, dtype, peers, report.rounds, asked.quick, other, say)
                    report.rows.append(row)
                    report.save(asked.json)  # a run that is cut off keeps what it has
                    say("")
                    print("", *table.block(row), sep="\n", flush=True)
                    print(f"  ({time.perf_counter() - began:.0f} s)", flush=True)
    return report


def say(text: str) -> None:
    """What is going on, on one line of a terminal that the next one replaces."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Exit status 1 if a result was wrong or a peer could not run."""
    asked = options().parse_args(arguments)
    if asked.write_docs:
        page.write(Report.load(asked.json))
        return 0
    report = run(asked, arguments)
    print("", *table.facts(report), *table.left_out(report), sep="\n")
    if importlib.util.find_spec("matplotlib") is None:
        print(f"left out: the picture, which needs Matplotlib ({REMEDY})")
    elif any(row.best() or asked.compare for row in report.rows):
        picture.draw(report, asked.picture)
    for failure in report.failures:
        print(f"FAILED {failure}")
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
