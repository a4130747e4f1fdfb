"""``python -m benchmarks.tables``: make the missing fits, measure their speed, or store the result."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from benchmarks import goals, pages
from benchmarks.harness import machine
from benchmarks.harness.options import chosen, positive
from benchmarks.harness.paths import BUILD
from benchmarks.tables import measuring, page, records
from benchmarks.tables.contestants import MODELS
from benchmarks.tables.page_tables import error_table
from benchmarks.tables.records import FitRecords
from benchmarks.tables.sets import CAP, SETS, VARIABLE, folder

REMEDY = "pip install -c constraints.txt torch && pip install -c constraints.txt '.[bench]'"
RECORDS = BUILD / "tables.jsonl"  # begins with the stored results
SPEED_SETS, SPEED_MODELS, SPEED_ROUNDS = "kin8nm,power,letter,california_housing", "chainrule,td-s,catboost", 3


def options() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tables", description="Compares default networks with their peers on real tables.",
        epilog=f"The environment variable {VARIABLE} names the folder with the data. Models: {', '.join(MODELS)}",
    )  # fmt: skip
    parser.add_argument("--only", metavar="MODEL,…", help="use only these models")
    parser.add_argument("--sets", metavar="SET,…", help="use only these sets")
    parser.add_argument("--rerun", metavar="MODEL,…", help="repeat the fits of these models")
    parser.add_argument("--splits", type=positive, metavar="N", help="use only the first N splits of each set")
    parser.add_argument("--rows", type=positive, default=CAP, help=f"training rows of a PMLB set (default {CAP})")
    parser.add_argument("--seeds", type=positive, default=1, help="seeds of each model on each split (default 1)")
    parser.add_argument("--threads", type=positive, default=machine.cores(), help="threads of a model (default: cores)")
    parser.add_argument("--speed", action="store_true", help="measure speed in turns; needs a quiet machine")
    parser.add_argument("--rounds", type=positive, default=SPEED_ROUNDS, help="turns of each model with --speed")
    parser.add_argument("--show", action="store_true", help="only print the records")
    parser.add_argument("--store", action="store_true", help="only store the records and generate the pages")
    parser.add_argument("--records", type=Path, default=RECORDS, metavar="FILE", help="the file of measured fits")
    return parser


def say(text: str) -> None:
    """Prints a line of progress."""
    print(text, flush=True)


def present(given: argparse.Namespace, place: Path) -> tuple[list[str], list[str]]:
    """Returns the requested models and sets that are present, and prints those that are left out."""
    models = chosen(given.only or (SPEED_MODELS if given.speed else None), MODELS, "model")
    names = chosen(given.sets or (SPEED_SETS if given.speed else None), SETS, "set")
    for model in models:
        if not MODELS[model].is_installed:
            say(f"left out: {MODELS[model].title} ({REMEDY})")
    for name in names:
        if not SETS[name].is_present(place):
            say(f"left out: {name} ({SETS[name].path} is not in the folder)")
    return [m for m in models if MODELS[m].is_installed], [name for name in names if SETS[name].is_present(place)]


def measure(given: argparse.Namespace, found: FitRecords) -> None:
    """Makes the missing fits or measures speed; the results are added to the records."""
    place = folder()
    if place is None:
        raise SystemExit(f"the environment variable {VARIABLE} must name the folder with the data")
    again = chosen(given.rerun, MODELS, "model") if given.rerun else []
    models, names = present(given, place)
    machine.warn_if_busy()
    if not given.records.exists():
        found.save(given.records)
    if given.speed:
        speed = measuring.measure_speed(names, models, given.rounds, given.threads, given.rows, say)
        found.add(given.records, speed)
    else:
        keys = measuring.wanted([SETS[name] for name in names], models, given.seeds, given.rows)
        keys = [key for key in keys if given.splits is None or key.split < given.splits]
        measuring.fit_missing(measuring.missing(keys, found, again), found, given.records, given.threads, say)


def main(arguments: list[str]) -> int:
    """Runs the command; the exit status is 1 if a fit failed."""
    given = options().parse_args(arguments)
    found = FitRecords.load(given.records, records.STORED)
    if given.store:
        pages.refuse(page.objections(found, given.rows))
        found.save(records.STORED)
        pages.write()
        return 0
    if not given.show:
        measure(given, found)
    print("", error_table(found, given.rows), "", goals.markdown(goals.of_tables(found, given.rows)), sep="\n")
    for failure in found.failures:
        print(f"FAILED {failure}")
    return int(bool(found.failures))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the suspended workers too
    sys.exit(main(sys.argv[1:]))
