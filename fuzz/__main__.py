"""``python -m fuzz [NAME …]``: run harnesses for some time, or repeat one case."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter

from fuzz.campaign import Failure, Tally, run
from fuzz.harness import Harness, all_names


def options() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description="Makes random cases and asserts what is promised of each.",
        epilog=f"harnesses: {', '.join(all_names())}; a name with a dot is any module that has a check(rng)",
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="NAME", help="a harness (default: all)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="the time of each harness (60)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="other numbers give other cases (0)")
    parser.add_argument("--case", type=int, metavar="K", help="repeat this case of one harness, in this process")
    return parser


def show(failure: Failure, earlier: int) -> None:
    """Prints a failure, whole if it is the first at its place."""
    lines = failure.text.rstrip().splitlines()
    text = failure.text.rstrip() if not earlier else f"{lines[-1]} ({earlier + 1} at this place)"
    print(f"\nFAILED {failure.command}\n{text}", flush=True)


def table(tallies: list[Tally]) -> str:
    """Returns the table of the results."""
    lines = [f"{'harness':12} {'cases':>9} {'failures':>9} {'seconds':>8}  outcomes"]
    for tally in tallies:
        outcomes = ", ".join(f"{word} {count}" for word, count in tally.outcomes.most_common())
        lines.append(f"{tally.name:12} {tally.cases:9} {len(tally.failures):9} {tally.seconds:8.0f}  {outcomes}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Runs the command; the exit status is 1 if a case failed, 130 after Ctrl-C."""
    given = options().parse_args(arguments)
    if unknown := [name for name in given.names if "." not in name and name not in all_names()]:
        options().error(f"unknown harness {', '.join(unknown)}; known: {', '.join(all_names())}")
    names: list[str] = given.names or all_names()
    if given.case is not None:
        if len(names) != 1:
            options().error("--case repeats a case of one harness; name it")
        harness = Harness.named(names[0])
        if needed := harness.environment():
            return subprocess.call([sys.executable, "-m", "fuzz", *arguments], env={**os.environ, **needed})
        print(harness.outcome(given.seed, given.case))
        return 0
    tallies: list[Tally] = []
    status = 0
    try:
        for name in names:
            tallies.append(Tally(name))
            places: Counter[str] = Counter()
            for tallies[-1] in run(name, given.seconds, given.seed):
                for failure in tallies[-1].failures[places.total() :]:
                    show(failure, places[failure.place])
                    places[failure.place] += 1
    except KeyboardInterrupt:
        status = 130
    print(f"\n{table(tallies)}")
    return 1 if any(tally.failures for tally in tallies) else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
