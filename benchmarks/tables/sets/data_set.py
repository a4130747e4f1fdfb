"""A set of real data, and its splits into training and test rows, the same for every model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Table = Any  # an array of numbers (t, n), or a pandas DataFrame if its columns have types
TableTask = Literal["regression", "classification"]

VARIABLE = "CHAINRULE_DATA"
TEST_SHARE = 0.2  # of a set without published splits
SMALL, SMALL_SPLITS = 2000, 3  # a set with fewer rows has three splits: few test rows give a noisy error


class DataSplit(NamedTuple):
    """Training rows X (t, n), y (t,), and test rows."""

    X: Table
    y: Array
    X_test: Table
    y_test: Array


@dataclass(frozen=True)
class DataSet:
    """A set: its place in the folder, its number of rows, and the splits that are measured."""

    name: str
    task: TableTask
    path: str
    rows: int
    splits: tuple[int, ...]
    reader: Callable[[DataSet, Path, int, int], DataSplit] = field(repr=False)
    is_capped: bool = False  # a limit of training rows applies
    only: tuple[str, ...] = ()  # the models that are measured on it; empty: all

    def is_present(self, folder: Path) -> bool:
        """Returns True if the folder holds the set."""
        return (folder / self.path).exists()

    def read(self, folder: Path, split: int, cap: int) -> DataSplit:
        """Reads a split; a capped set has ``cap`` training rows at most. Raises ValueError for another file."""
        return self.reader(self, folder, split, cap)

    def cap(self, most: int) -> int:
        """Returns the limit of training rows under which its fits are recorded: ``most``, or 0 without a limit."""
        return most if self.is_capped else 0

    def check_rows(self, found: int) -> None:
        """Raises ValueError if the file has another number of rows."""
        if found != self.rows:
            raise ValueError(f"{self.path}: expected {self.rows} rows, got {found}")


def folder() -> Path | None:
    """Returns the folder with the data, None if the environment names none."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def measured_splits(rows: int) -> tuple[int, ...]:
    """Returns the numbers of the splits of a set without published ones."""
    return tuple(range(SMALL_SPLITS if rows < SMALL else 1))


def order_of_rows(y: Array, task: TableTask, seed: int) -> Array:
    """Returns a random order of the rows; each class has its share of every first part, to within one row."""
    random = np.random.default_rng([1, seed])
    order = random.permutation(len(y))
    if task == "regression":
        return order
    place = np.empty(len(y))
    for label in np.unique(y):
        members = order[y[order] == label]
        place[members] = (np.arange(len(members)) + random.random()) / len(members)
    return np.argsort(place, kind="stable")


def parts(y: Array, task: TableTask, seed: int, cap: int | None = None) -> tuple[Array, Array]:
    """Tests on the last fifth of a random order and trains on the first ``cap`` rows of the rest: their numbers."""
    order = order_of_rows(y, task, seed)
    tested = max(1, round(TEST_SHARE * len(y)))
    train, test = order[:-tested][:cap], order[-tested:]
    return np.random.default_rng([2, seed]).permutation(train), test  # without a pattern of classes


def divided(X: Array, y: Array, task: TableTask, seed: int, cap: int) -> DataSplit:
    """Divides an array X (t, n) and y (t,) by ``parts``."""
    train, test = parts(y, task, seed, cap)
    return DataSplit(X[train], y[train], X[test], y[test])
