"""The presets under time limits: ``python -m benchmarks.time_limits``, with CHAINRULE_DATA as the folder of the sets.

Each preset has the same limit on the same rows, in turn and in both orders, one seed a round. An error is the share of
wrong test rows, or the root mean square of the test errors divided by the standard deviation of y. The sets: few rows,
many columns, 16,500 rows, 26 classes, 81,000 rows.
"""

from __future__ import annotations

import argparse
import time
import warnings
from statistics import fmean
from typing import NamedTuple

import numpy as np

from benchmarks.harness import machine
from benchmarks.harness.clock import rotated
from benchmarks.harness.markdown import table
from benchmarks.harness.options import chosen, positive
from benchmarks.tables.contestants import chainrule
from benchmarks.tables.sets import SETS, VARIABLE, DataSet, DataSplit, folder

NAMES = (
    "wine_red",
    "mfeat_fourier",
    "537_houses",
    "letter",
    "fars",
)  # small, many columns, 16,500 rows, 26 classes, large
LIMITS = (1.0, 2.0, 5.0, 20.0, 60.0)
PRESETS = ("default", "best")
ROWS = 10**9


class LimitedFit(NamedTuple):
    """The outcome of a fit: its test error, the seconds it took, and the networks of its model."""

    error: float
    seconds: float
    networks: int


def fit(one: DataSet, split: DataSplit, preset: str, limit: float, seed: int) -> LimitedFit:
    """Fits a preset within a limit, and tests it."""
    model = chainrule(preset, one.task, seed, machine.cores()).set_params(time_limit=limit)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the limit cuts the plan
        model.fit(split.X, split.y)
    seconds = time.perf_counter() - began
    predicted = model.predict(split.X_test)
    error = np.mean(predicted != split.y_test)
    if one.task == "regression":
        error = np.sqrt(np.mean((predicted - split.y_test) ** 2)) / split.y_test.std()
    return LimitedFit(float(error), seconds, len(model.networks_))


def measure(one: DataSet, split: DataSplit, limit: float, rounds: int) -> list[str]:
    """Returns a row of the table: the mean errors, networks and longest times of both presets."""
    fits: dict[str, list[LimitedFit]] = {preset: [] for preset in PRESETS}
    for seed in range(rounds):
        for preset in rotated(PRESETS, seed):
            fits[preset].append(fit(one, split, preset, limit, seed))
    cells = [one.name, f"{limit:g}"]
    cells += [f"{fmean(made.error for made in fits[preset]):.4f}" for preset in PRESETS]
    cells += [f"{fmean(made.networks for made in fits[preset]):.3g}" for preset in PRESETS]
    return cells + [f"{max(made.seconds for made in fits[preset]):.2f}" for preset in PRESETS]


def main() -> None:
    """Prints a row for each set and limit as it is measured, and then all of them as a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.time_limits", description=__doc__)
    parser.add_argument("--sets", metavar="SET,…", help=f"instead of {','.join(NAMES)}")
    parser.add_argument("--limits", metavar="SECONDS,…", help="instead of 1,2,5,20,60")
    parser.add_argument("--rounds", type=positive, default=3, help="seeds of each preset (default 3)")
    given = parser.parse_args()
    place = folder()
    if place is None:
        raise SystemExit(f"the environment variable {VARIABLE} must name the folder with the data")
    machine.warn_if_busy()
    limits = [float(limit) for limit in given.limits.split(",")] if given.limits else LIMITS
    rows = []
    for name in chosen(given.sets, SETS, "set") if given.sets else NAMES:
        split = SETS[name].read(place, 0, ROWS)
        for limit in limits:
            rows.append(measure(SETS[name], split, limit, given.rounds))
            print(*rows[-1], flush=True)
    header = ["set", "limit, s", "error, default", "error, best", "networks", "networks", "longest, s", "longest, s"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
