"""The presets under time limits: ``python -m benchmarks.time_limits``, with CHAINRULE_DATA as the folder of the sets.

Each preset has the same limit on the same rows, in turn and in both orders, one seed a round. An error is the share of
wrong test rows, or the root mean square of the test errors divided by the standard deviation of y. The sets: few rows,
many columns, 16,500 rows, 26 classes, 81,000 rows.

With ``--cpu-clock``, a limit counts CPU seconds of one thread, and other programs on the machine do not matter.
``--store`` adds each fit to ``benchmarks/results/time_limits.jsonl``; ``python -m benchmarks --pages`` makes the table
of the documentation from it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from benchmarks.harness import cpu_clock, machine
from benchmarks.harness.clock import rotated
from benchmarks.harness.markdown import table
from benchmarks.harness.options import chosen, positive
from benchmarks.harness.paths import RESULTS
from benchmarks.tables.contestants import chainrule
from benchmarks.tables.sets import SETS, VARIABLE, DataSet, DataSplit, folder

NAMES = ("wine_red", "mfeat_fourier", "537_houses", "letter", "fars")
LIMITS = (1.0, 2.0, 5.0, 20.0, 60.0)
PRESETS = ("default", "best")
ROWS = 10**9
STORED = RESULTS / "time_limits.jsonl"


class LimitedFit(NamedTuple):
    """The outcome of a fit: its test error, the seconds it took, and the networks of its model."""

    name: str
    limit: float
    preset: str
    seed: int
    error: float
    seconds: float
    networks: int


def fit(one: DataSet, split: DataSplit, preset: str, limit: float, seed: int) -> LimitedFit:
    """Fits a preset within a limit, and tests it."""
    model = chainrule(preset, one.task, seed, machine.cores(), None).set_params(time_limit=limit)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the limit cuts the plan
        model.fit(split.X, split.y)
    seconds = time.perf_counter() - began
    predicted = model.predict(split.X_test)
    error = np.mean(predicted != split.y_test)
    if one.task == "regression":
        error = np.sqrt(np.mean((predicted - split.y_test) ** 2)) / split.y_test.std()
    return LimitedFit(one.name, limit, preset, seed, float(error), seconds, len(model.networks_))


def measured(one: DataSet, split: DataSplit, limit: float, seeds: range) -> Iterable[LimitedFit]:
    """Yields the fits of both presets, one of each for every seed."""
    for seed in seeds:
        for preset in rotated(PRESETS, seed):
            yield fit(one, split, preset, limit, seed)


def stored() -> list[LimitedFit]:
    """Reads the stored fits; the last of the same set, limit, preset and seed counts."""
    if not STORED.exists():
        return []
    fits = [LimitedFit(**json.loads(line)) for line in STORED.read_text(encoding="utf-8").splitlines()]
    return list({made[:4]: made for made in fits}.values())


def overview(fits: Sequence[LimitedFit]) -> str:
    """Returns the mean errors of both presets, a row for each set and a column for each limit, over common seeds."""
    errors = {made[:4]: made.error for made in fits}
    limits = sorted({made.limit for made in fits})
    rows = []
    for name in (name for name in NAMES if any(made.name == name for made in fits)):
        cells = []
        for limit in limits:
            keys = [(name, limit, preset) for preset in PRESETS]
            seeds = [seed for *key, seed in errors if tuple(key) == keys[0] and (*keys[1], seed) in errors]
            cells.append(", ".join(f"{fmean(errors[*key, seed] for seed in seeds):.3f}" for key in keys if seeds))
        rows.append([name, *cells])
    return table(["set", *(f"{limit:g} s" for limit in limits)], rows)


def line(fits: Sequence[LimitedFit]) -> str:
    """Describes the fits of one set and limit: errors, networks and seconds of both presets."""
    words = [f"{fits[0].name}, {fits[0].limit:g} s:"]
    for preset in PRESETS:
        own = [made for made in fits if made.preset == preset]
        words.append(
            f"{preset} {fmean(made.error for made in own):.4f} ({fmean(made.networks for made in own):.3g} networks, "
            f"{min(made.seconds for made in own):.2f} – {max(made.seconds for made in own):.2f} s)"
        )
    return " ".join(words)


def main() -> None:
    """Prints a line for each set and limit as it is measured, and then all errors as a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.time_limits", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sets", metavar="SET,…", help=f"instead of {','.join(NAMES)}")
    parser.add_argument("--limits", metavar="SECONDS,…", help="instead of 1,2,5,20,60")
    parser.add_argument("--rounds", type=positive, default=3, help="seeds of each preset (default 3)")
    parser.add_argument("--first-seed", type=int, default=0, help="the seed of the first round; the next ones follow")
    parser.add_argument("--cpu-clock", action="store_true", help="count the CPU time of one thread")
    parser.add_argument("--store", action="store_true", help=f"add each fit to {STORED.name}")
    given = parser.parse_args()
    place = folder()
    if place is None:
        raise SystemExit(f"the environment variable {VARIABLE} must name the folder with the data")
    if given.cpu_clock:
        cpu_clock.restart("benchmarks.time_limits", sys.argv[1:])
    else:
        machine.warn_if_busy()
    limits = [float(limit) for limit in given.limits.split(",")] if given.limits else LIMITS
    seeds, every = range(given.first_seed, given.first_seed + given.rounds), []
    for name in chosen(given.sets, SETS, "set") if given.sets else NAMES:
        split = SETS[name].read(place, 0, ROWS)
        for limit in limits:
            fits = []
            for made in measured(SETS[name], split, limit, seeds):
                fits.append(made)
                if given.store:
                    with STORED.open("a", encoding="utf-8") as file:
                        print(json.dumps(made._asdict()), file=file)
            print(line(fits), flush=True)
            every += fits
    print(overview(every))


if __name__ == "__main__":
    main()
