"""The time of ``import chainrule`` beside ``import numpy``: ``python -m benchmarks.import_time [--rounds N]``.

Each round starts a fresh interpreter for each and times the import statement inside it, in an order that rotates. The
least time has the least noise; the median is the usual case.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from statistics import median

from benchmarks.goals import IMPORT_TIME
from benchmarks.harness.clock import rotated

MODULES = ("numpy", "chainrule")


def seconds_to_import(module: str) -> float:
    """Returns the seconds of ``import module`` in a fresh interpreter, without the interpreter's own start."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(answer.stdout)


def measure(rounds: int) -> dict[str, list[float]]:
    """Returns the import times of each module; an uncounted round fills the file cache."""
    seconds: dict[str, list[float]] = {module: [seconds_to_import(module)] for module in MODULES}
    for k in range(rounds):
        for module in rotated(MODULES, k):
            seconds[module].append(seconds_to_import(module))
    return {module: times[1:] for module, times in seconds.items()}


def main() -> int:
    """Prints the table; the exit status is 1 if the ratio of the least times misses the goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_time", description="import time beside NumPy")
    parser.add_argument("--rounds", type=int, default=15)
    seconds = measure(parser.parse_args().rounds)
    print(f"{'module':<12}{'least':>10}{'median':>10}   (ms, {len(seconds['numpy'])} rounds)")
    for module, times in seconds.items():
        print(f"{module:<12}{1e3 * min(times):>10.1f}{1e3 * median(times):>10.1f}")
    ratio, usual = (of(seconds["chainrule"]) / of(seconds["numpy"]) for of in (min, median))
    print(f"{'ratio':<12}{ratio:>10.2f}{usual:>10.2f}   (goal: at most {IMPORT_TIME})")
    return int(ratio > IMPORT_TIME)


if __name__ == "__main__":
    sys.exit(main())
