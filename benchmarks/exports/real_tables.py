"""The five tables whose exports are measured: real rows, in the folder that CHAINRULE_DATA names or in scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_digits

from benchmarks.exports.tables import Labelled
from benchmarks.tables.sets import folder
from benchmarks.tables.sets.mixed import frame


def _labelled(table: pd.DataFrame, target: str) -> Labelled:
    return table.drop(columns=target), table[target].to_numpy()


def penguins(place: Path) -> Labelled:
    """344 penguins: three species by four sizes, the island, the sex and the year, with gaps."""
    return _labelled(frame(place / "penguins" / "penguins.csv", ""), "species")


def titanic(place: Path) -> Labelled:
    """891 passengers: two classes by numbers, texts and a cabin of 147 levels, with gaps."""
    table = frame(place / "titanic" / "train.csv", "")
    return _labelled(table.drop(columns=["PassengerId", "Name", "Ticket"]), "Survived")


def housing(place: Path) -> Labelled:
    """20,640 districts of California: a price by eight numbers, one of them with gaps, and a category."""
    return _labelled(frame(place / "california_housing" / "housing.csv", ""), "median_house_value")


def concrete(place: Path) -> Labelled:
    """1,030 samples of concrete: a strength by eight numbers."""
    names = [f"x{k}" for k in range(1, 9)]
    table = pd.read_csv(place / "uci_concrete" / "data.txt", sep=r"\s+", header=None, names=[*names, "strength"])
    return _labelled(table, "strength")


def digits() -> Labelled:
    """1,797 digits: ten classes by the grey levels of 64 pixels."""
    X, y = load_digits(return_X_y=True, as_frame=True)
    return X, y.to_numpy()


IN_FOLDER: dict[str, Callable[[Path], Labelled]] = {
    "penguins": penguins, "titanic": titanic, "housing": housing, "concrete": concrete,
}  # fmt: skip


def real(name: str) -> Labelled | None:
    """Returns a table; None if there is no folder with it."""
    if name == "digits":
        return digits()
    place = folder()
    try:
        return None if place is None else IN_FOLDER[name](place)
    except FileNotFoundError:
        return None
