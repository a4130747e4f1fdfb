"""Tables at full size as they come from their files: pandas frames whose text and gaps are kept.

Every column is used, except for four of the Titanic's passengers: numbers and names that are a passenger's own, and the
cabin, which is unknown for three quarters of them. Classes are numbered 0 … K − 1 in the order of their names.
"""

from __future__ import annotations

import importlib
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tables.sets.data_set import Array, DataSet, DataSplit, Table, TableTask, measured_splits, parts


def separated(X: Table, target: str, task: TableTask) -> tuple[Table, Array]:
    """Returns the other columns, and the target as numbers (t,) or as numbers of classes."""
    y = X[target].to_numpy()
    return X.drop(columns=target), np.unique(y, return_inverse=True)[1] if task == "classification" else y.astype(float)


def frame(path: Path, member: str, **layout: Any) -> Table:
    """Reads a file, or the member of an archive; without a line of names the columns are named "0", "1", …"""
    read_csv = importlib.import_module("pandas").read_csv
    if not member:
        return read_csv(path, **layout).rename(columns=str)
    with zipfile.ZipFile(path) as archive, archive.open(member) as file:
        return read_csv(file, **layout).rename(columns=str)


def read(
    one: DataSet, folder: Path, split: int, cap: int,
    *, target: str, left_out: tuple[str, ...] = (), member: str = "", **layout: Any,
) -> DataSplit:  # fmt: skip
    """Reads a table and divides it by ``parts``; ``cap`` does not apply."""
    table = frame(folder / one.path, member, **layout)
    one.check_rows(len(table))
    X, y = separated(table.drop(columns=list(left_out)), target, one.task)
    train, test = parts(y, one.task, split)
    return DataSplit(X.iloc[train], y[train], X.iloc[test], y[test])


def read_higgs(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads the two files of the published split; the first column is the class."""
    train, test = (frame(folder / one.path / f"binary.{part}", "", sep="\t", header=None) for part in ("train", "test"))
    one.check_rows(len(train) + len(test))
    return DataSplit(*separated(train, "0", one.task), *separated(test, "0", one.task))


# All but RealMLP with one fold; of the slow ones, those that end in minutes are measured.
MEASURED = (
    "chainrule", "chainrule-best", "chainrule-tuned", "sklearn", "sklearn-y", "td-5", "tabm", "hist-gb", "lightgbm",
    "catboost",
)  # fmt: skip


def whole(name: str, task: TableTask, path: str, rows: int, **layout: Any) -> DataSet:
    """Returns a set at full size, whose file has this layout."""
    return DataSet(name, task, path, rows, measured_splits(rows), partial(read, **layout), only=MEASURED)


BANK = {"path": "bank_marketing/bank-additional.zip", "target": "y", "sep": ";"}
LEFT_OUT = ("PassengerId", "Name", "Ticket", "Cabin")
MIXED = [
    whole("california_housing", "regression", "california_housing/housing.csv", 20_640, target="median_house_value"),
    whole("diamonds", "regression", "diamonds/diamonds.csv", 53_940, target="price"),
    whole("bank_additional", "classification", rows=41_188, member="bank-additional/bank-additional-full.csv", **BANK),
    whole("bank_full", "classification", rows=45_211, member="bank-additional/bank-full.csv", **BANK),
    whole("titanic_passengers", "classification", "titanic/train.csv", 891, target="Survived", left_out=LEFT_OUT),
    whole("covtype_20k", "classification", "covtype_20k/covtype.20k.data", 20_000, target="54", header=None),
    DataSet("higgs_7k", "classification", "higgs_7k", 7_500, (0,), read_higgs, only=MEASURED),
]
