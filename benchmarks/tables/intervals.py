"""Coverage and width of prediction intervals: ``python -m benchmarks.tables.intervals --splits 6``.

Three ways to intervals of 90 %: of constant width, scaled by the spread at each row, and between two quantiles of one
network. Nine sets are real data, from the folder that CHAINRULE_DATA names, and four are generated. The last columns
say by how much the mean width differs from that of constant intervals.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.harness.markdown import table
from benchmarks.tables.sets import SETS, Array, DataSplit, folder

COVERAGE = 0.9
WAYS: Mapping[str, Mapping[str, Any]] = {
    "constant": {},
    "scaled": {"interval": "scaled"},
    "quantiles": {"quantiles": (0.05, 0.5, 0.95)},
}
REAL = (
    "197_cpu_act", "225_puma8NH", "537_houses", "574_house_16H", "1193_BNG_lowbwt", "215_2dplanes", "344_mv",
    "564_fried", "1201_BNG_breastTumor",
)  # fmt: skip
TEST_ROWS = 5_000


def _sine(X: Array, e: Array) -> Array:
    return np.sin(2.0 * X[:, 0]) + X[:, 1] + (0.1 + 0.9 / (1.0 + np.exp(-3.0 * X[:, 2]))) * e


GENERATED: Mapping[str, Callable[[Array, Array], Array]] = {  # y of rows X (t, 6) and noise e (t,), both normal
    "spread by one column": _sine,
    "log-normal": lambda X, e: np.exp(0.7 * X[:, 0] + 0.3 * X[:, 1] + 0.5 * e),
    "spread ∝ |x₁|": lambda X, e: X[:, 0] + np.abs(X[:, 0]) * e,
    "constant spread": lambda X, e: X[:, 0] * X[:, 1] + e,
}


def split_of(name: str, number: int, rows: int) -> DataSplit | None:
    """Returns a split of a set by its name; None without its data."""
    if name in GENERATED:
        rng = np.random.default_rng([sorted(GENERATED).index(name), number])
        X, e = rng.normal(size=(rows + TEST_ROWS, 6)), rng.normal(size=rows + TEST_ROWS)
        y = GENERATED[name](X, e)
        return DataSplit(X[:rows], y[:rows], X[rows:], y[rows:])
    place = folder()
    if place is None or not SETS[name].is_present(place):
        return None
    X, y, X_test, y_test = SETS[name].read(place, number, rows)
    return DataSplit(X, y, X_test[:TEST_ROWS], y_test[:TEST_ROWS])


def measured(data: DataSplit, seed: int, settings: Mapping[str, Any]) -> tuple[float, float]:
    """Returns the share of test rows in their intervals, and the mean width."""
    from chainrule.estimators import NetworkRegressor

    model = NetworkRegressor(random_state=seed, **settings).fit(data.X, data.y)
    low, high = model.predict_interval(data.X_test, COVERAGE).T
    return float(((low <= data.y_test) & (data.y_test <= high)).mean()), float((high - low).mean())


def line(name: str, splits: int, rows: int) -> list[str] | None:
    """Returns the line of a set: of each way the coverage with its standard error, and the widths."""
    found = []
    for number in range(splits):
        data = split_of(name, number, rows)
        if data is None:
            return None
        found.append([measured(data, number, settings) for settings in WAYS.values()])
    numbers = np.array(found)  # (splits, ways, 2)
    cells = [name]
    for k in range(len(WAYS)):
        inside = numbers[:, k, 0]
        error = inside.std(ddof=1) / math.sqrt(splits) if splits > 1 else math.nan
        cells.append(f"{100.0 * inside.mean():.1f} ± {100.0 * error:.1f}")
    for k in range(1, len(WAYS)):
        ratio = np.exp(np.log(numbers[:, k, 1] / numbers[:, 0, 1]).mean())
        cells.append(f"{100.0 * (ratio - 1.0):+.1f} %")
    return cells


def main() -> None:
    """Prints a line for each set as it is measured, then the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables.intervals", description=__doc__.split(":")[0])
    parser.add_argument("--splits", type=int, default=6)
    parser.add_argument("--rows", type=int, default=3_000, help="of training, at most")
    parser.add_argument("--sets", nargs="*", default=[*REAL, *GENERATED])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for name in options.sets:
        cells = line(name, options.splits, options.rows)
        print(f"{name}: no data" if cells is None else " | ".join(cells), flush=True)
        lines += [] if cells is None else [cells]
    header = ["set", *(f"{way}, coverage %" for way in WAYS), "scaled, width", "quantiles, width"]
    print(table(header, lines))


if __name__ == "__main__":
    main()
