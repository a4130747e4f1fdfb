"""Measures what small networks learn from a model: ``python -m benchmarks.tables.shrink --splits 5``.

Teacher, student and a network of the student's size trained on the labels, each on the test rows of the same splits:
three tables of scikit-learn, and five of the folder that CHAINRULE_DATA names.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.harness.markdown import table
from benchmarks.tables.sets import SETS, DataSplit, divided, folder

BUNDLED = {"wine": "load_wine", "breast cancer": "load_breast_cancer", "digits": "load_digits"}
REAL = ("concrete", "energy", "wine_red", "kin8nm", "power")
HIDDEN = (32, 16)
COVERAGE = 0.9


def split_of(name: str, number: int) -> DataSplit | None:
    """Returns a split of a table by its name; None without its data."""
    if name in BUNDLED:
        from sklearn import datasets

        X, y = getattr(datasets, BUNDLED[name])(return_X_y=True)
        return divided(X, y, "classification", number, len(y) * 7 // 10)
    place = folder()
    if place is None or not SETS[name].is_present(place):
        return None
    return SETS[name].read(place, number, 100_000)


def measured(data: DataSplit, seed: int) -> tuple[Any, float]:
    """Returns the comparison on the test rows, and for numbers the coverage of the student's intervals, else NaN."""
    from chainrule.estimators import NetworkClassifier, NetworkRegressor

    kind = NetworkRegressor if data.y.dtype.kind == "f" else NetworkClassifier
    model = kind(random_state=seed).fit(data.X, data.y)
    student = model.shrink(data.X, data.y, HIDDEN, X_test=data.X_test, y_test=data.y_test)
    inside = np.nan
    if isinstance(student, NetworkRegressor):
        low, high = student.predict_interval(data.X_test, COVERAGE).T
        inside = float(((low <= data.y_test) & (data.y_test <= high)).mean())
    return student.shrinkage_, inside


def cells(name: str, rows: int, found: Sequence[tuple[Any, float]]) -> list[str]:
    """Returns the line of a table: mean losses, the part of their gap that is closed, θ and the coverage."""
    each = [[one.teacher.loss, one.student.loss, one.direct.loss] for one, _ in found]
    teacher, student, direct = np.mean(each, axis=0)
    closed = f"{100.0 * (direct - student) / (direct - teacher):.0f} %" if direct > teacher else "no gap"
    share = np.mean([one.teacher.parameters / one.student.parameters for one, _ in found])
    inside = np.mean([coverage for _, coverage in found])
    losses = [f"{loss:.4f}" for loss in (teacher, student, direct)]
    return [name, f"{rows:,}", *losses, closed, f"1/{share:.0f}", "" if np.isnan(inside) else f"{100.0 * inside:.1f}"]


def main() -> None:
    """Prints a line for each table as it is measured, then all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables.shrink", description=__doc__.split(":")[0])
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--sets", nargs="*", default=[*BUNDLED, *REAL])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for name in options.sets:
        splits = [split_of(name, number) for number in range(options.splits)]
        given = [data for data in splits if data is not None]
        if given:
            found = [measured(data, number) for number, data in enumerate(given)]
            lines.append(cells(name, len(given[0].y), found))
        print(" | ".join(lines[-1]) if given else f"{name}: no data", flush=True)
    header = ["table", "rows", "teacher", "student", "directly", "gap closed", "parameters", "coverage %"]
    print(table(header, lines))


if __name__ == "__main__":
    main()
