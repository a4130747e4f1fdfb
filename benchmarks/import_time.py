"""How long ``import chainrule`` takes, beside ``import numpy``.

    python benchmarks/import_time.py [--rounds N]

Each round starts one fresh interpreter for each and times the import statement inside it, in alternating order, so
that a busy moment of the machine meets both. The least time has the least noise in it; the median is the usual day.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

GOAL = 1.5  # times the time of NumPy alone


def seconds_to_import(module: str) -> float:
    """The seconds that ``import module`` takes in a fresh interpreter, without the interpreter's own start."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(answer.stdout)


def measure(modules: tuple[str, ...], rounds: int) -> dict[str, list[float]]:
    """The import times of each module, one a round, interleaved; the first round only warms the file cache."""
    seconds: dict[str, list[float]] = {module: [] for module in modules}
    for k in range(rounds + 1):
        for module in modules if k % 2 else reversed(modules):
            took = seconds_to_import(module)
            if k:
                seconds[module].append(took)
    return seconds


def main() -> int:
    """Print the table; exit status 1 if the least time misses the goal."""
    parser = argparse.ArgumentParser(description="import time of chainrule beside numpy")
    parser.add_argument("--rounds", type=int, default=15)
    seconds = measure(("numpy", "chainrule"), parser.parse_args().rounds)
    print(f"{'module':<12}{'least':>10}{'median':>10}   (ms, {len(seconds['numpy'])} rounds)")
    for module, times in seconds.items():
        print(f"{module:<12}{1e3 * min(times):>10.1f}{1e3 * statistics.median(times):>10.1f}")
    ratio = min(seconds["chainrule"]) / min(seconds["numpy"])
    usual = statistics.median(seconds["chainrule"]) / statistics.median(seconds["numpy"])
    print(f"{'ratio':<12}{ratio:>10.2f}{usual:>10.2f}   (goal: at most {GOAL})")
    return int(ratio > GOAL)


if __name__ == "__main__":
    sys.exit(main())
