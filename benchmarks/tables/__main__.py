"""``python -m benchmarks.tables``: fit what is missing, print the tables, measure speed, or write the page."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import machine
from benchmarks.__main__ import positive
from benchmarks.process import ROOT
from benchmarks.tables import page, rounds, table
from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Records
from benchmarks.tables.sets import SETS, VARIABLE, folder
from benchmarks.tables.verdicts import all_verdicts

RECORDS = ROOT / "build" / "benchmarks" / "tables.jsonl"
SHOWN = ROOT / "docs" / "accuracy.jsonl"  # what is known already, where RECORDS is not there
CAP = 3000  # rows to train on where splits are not fixed, so that the table takes an hour and not a night
SPEED_SETS, SPEED_MODELS, SPEED_ROUNDS = "kin8nm,power,letter", "chainrule,td-s", 3
REMEDY = "pip install -c constraints.txt torch && pip install -c constraints.txt '.[bench]'"


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tables", description="The default networks beside their peers on real tables.",
        epilog=f"The data lie in the folder that {VARIABLE} names. Models: {', '.join(MODELS)}",
    )  # fmt: skip
    parser.add_argument("--only", metavar="MODEL,…", help="these models alone")
    parser.add_argument("--sets", metavar="SET,…", help="these sets alone")
    parser.add_argument("--rerun", metavar="MODEL,…", help="fit these models again where they have been already")
    parser.add_argument("--splits", type=positive, metavar="N", help="the first N splits of each set alone")
    parser.add_argument("--rows", type=positive, default=CAP, help=f"rows of a PMLB set to train on (default {CAP})")
    parser.add_argument("--seeds", type=positive, default=1, help="seeds of each model on each split (default 1)")
    parser.add_argument("--threads", type=positive, default=machine.cores(), help="threads of a model (default: cores)")
    parser.add_argument("--speed", action="store_true", help="measure speed in turns instead, on a quiet machine")
    parser.add_argument("--rounds", type=positive, default=SPEED_ROUNDS, help="turns of each model with --speed")
    parser.add_argument("--show", action="store_true", help="measure nothing; print what is there")
    parser.add_argument("--write-docs", action="store_true", help="measure nothing; make docs/accuracy.md")
    parser.add_argument("--records", type=Path, default=RECORDS, metavar="FILE", help="what is measured is kept here")
    return parser


def chosen(asked: str, known: Iterable[str], what: str) -> list[str]:
    """The names asked for, each of which must be known."""
    names = asked.split(",")
    if unknown := [name for name in names if name not in set(known)]:
        raise SystemExit(f"unknown {what} {', '.join(unknown)}; known: {', '.join(known)}")
    return names


def say(text: str) -> None:
    """A line of progress."""
    print(text, flush=True)


def show(records: Records, cap: int) -> None:
    """The tables."""
    print("", *table.lines(records, cap), "", *table.goal_lines(all_verdicts(records, cap)), sep="\n")
    for failure in table.failures(records):
        print(f"FAILED {failure}")


def present(asked: argparse.Namespace, place: Path) -> tuple[list[str], list[str]]:
    """The models and the sets that were asked for and are there; the others are named."""
    models = chosen(asked.only or (SPEED_MODELS if asked.speed else ",".join(MODELS)), MODELS, "model")
    names = chosen(asked.sets or (SPEED_SETS if asked.speed else ",".join(SETS)), SETS, "set")
    for model in models:
        if not MODELS[model].installed:
            say(f"left out: {MODELS[model].title} ({REMEDY})")
    for name in names:
        if not SETS[name].present(place):
            say(f"left out: {name} ({SETS[name].path} is not in the folder)")
    return [m for m in models if MODELS[m].installed], [name for name in names if SETS[name].present(place)]


def main(arguments: list[str]) -> int:
    """Exit status 1 if a fit failed."""
    asked = options().parse_args(arguments)
    again = chosen(asked.rerun, MODELS, "model") if asked.rerun else []
    records = Records.load(asked.records, SHOWN)
    if asked.write_docs:
        page.write(records, asked.rows)
        return 0
    if not asked.show:
        place = folder()
        if place is None:
            raise SystemExit(f"the environment variable {VARIABLE} must name the folder with the data")
        models, names = present(asked, place)
        if not asked.records.exists():
            records.save(asked.records)
        if asked.speed:
            speed = rounds.measure_speed(names, models, asked.rounds, asked.threads, asked.rows, say)
            records.add(asked.records, speed)
        else:
            keys = rounds.wanted([SETS[name] for name in names], models, asked.seeds, asked.rows)
            keys = [key for key in keys if asked.splits is None or key.split < asked.splits]
            rounds.fit_missing(rounds.missing(keys, records, again), records, asked.records, asked.threads, say)
    show(records, asked.rows)
    return int(bool(table.failures(records)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # workers that stand still are ended on the way out
    sys.exit(main(sys.argv[1:]))
