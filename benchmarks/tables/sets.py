"""The sets of real data and their splits into training and test rows, the same for every model.

The data lie outside the repository, in the folder named by the environment variable CHAINRULE_DATA. The UCI sets have
fixed splits, those of the papers on probabilistic backpropagation and MC dropout; the PMLB sets are split here.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
TableTask = Literal["regression", "classification"]

VARIABLE = "CHAINRULE_DATA"
CAP = 3000  # training rows of a set without fixed splits, so that the whole table takes about an hour
TEST_SHARE = 0.2  # of a set without fixed splits
SMALL, SMALL_SPLITS = 2000, 3  # a set with fewer rows has three splits: few test rows give a noisy error
PIXEL = 255.0


class DataSplit(NamedTuple):
    """Training rows X (t, n), y (t,), and test rows."""

    X: Array
    y: Array
    X_test: Array
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
    only: tuple[str, ...] = ()  # the models that are measured on it; empty: all

    @property
    def has_fixed_splits(self) -> bool:
        """True if its splits are published; they are used without a limit of rows."""
        return self.reader is not pmlb

    def is_present(self, folder: Path) -> bool:
        """Returns True if the folder holds the set."""
        return (folder / self.path).exists()

    def read(self, folder: Path, split: int, cap: int) -> DataSplit:
        """Reads a split; a set without fixed splits has ``cap`` training rows at most."""
        return self.reader(self, folder, split, cap)


def folder() -> Path | None:
    """Returns the folder with the data, None if the environment names none."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


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


def divided(X: Array, y: Array, task: TableTask, seed: int, cap: int) -> DataSplit:
    """Tests on the last fifth of a random order and trains on the first ``cap`` rows of the rest."""
    order = order_of_rows(y, task, seed)
    tested = max(1, round(TEST_SHARE * len(y)))
    train, test = order[:-tested][:cap], order[-tested:]
    train = np.random.default_rng([2, seed]).permutation(train)  # without a pattern of classes
    return DataSplit(X[train], y[train], X[test], y[test])


def pmlb(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads a tab-separated file with a line of names and the target last. PMLB has made categories whole numbers."""
    with gzip.open(folder / one.path, "rt", encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split("\t")
        table = np.loadtxt(file, delimiter="\t", ndmin=2)
    if names[-1] != "target" or len(table) != one.rows:
        raise ValueError(f"{one.path}: expected {one.rows} rows and 'target' last; got {len(table)} and {names[-1]!r}")
    y = table[:, -1].astype(np.int64) if one.task == "classification" else table[:, -1]
    return divided(table[:, :-1], y, one.task, split, cap)


def uci(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads numbers separated by blanks, and files of row and column numbers; ``cap`` does not apply."""
    place = folder / one.path
    table = np.loadtxt(place / "data.txt", ndmin=2)
    if len(table) != one.rows:
        raise ValueError(f"{one.path}: expected {one.rows} rows, got {len(table)}")

    def numbers(name: str) -> Array:
        return np.loadtxt(place / name, ndmin=1).astype(np.intp)

    X, y = table[:, numbers("index_features.txt")], table[:, numbers("index_target.txt")[0]]
    train, test = numbers(f"index_train_{split}.txt"), numbers(f"index_test_{split}.txt")
    return DataSplit(X[train], y[train], X[test], y[test])


def mnist(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads 60,000 training and 10,000 test pictures; pixels are scaled to [0, 1]."""

    def content(name: str, header: int) -> Array:
        with gzip.open(folder / one.path / f"{name}.gz", "rb") as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    def part(name: str) -> tuple[Array, Array]:
        pixels = content(f"{name}-images-idx3-ubyte", 16).reshape(-1, 784)
        return (pixels / np.float32(PIXEL)).astype(np.float32), content(f"{name}-labels-idx1-ubyte", 8).astype(np.int64)

    return DataSplit(*part("train"), *part("t10k"))


UCI = {
    "concrete": (1030, range(5)),
    "energy": (768, range(5)),
    "wine_red": (1599, range(5)),
    "kin8nm": (8192, range(1)),
    "power": (9568, range(1)),
}
PMLB_REGRESSION = {
    "485_analcatdata_vehicle": 48, "1089_USCrime": 47, "192_vineyard": 52, "228_elusage": 55, "687_sleuth_ex1605": 62,
    "527_analcatdata_election2000": 67, "663_rabe_266": 120, "207_autoPrice": 159, "230_machine_cpu": 209,
    "561_cpu": 209, "712_chscase_geyser1": 222, "695_chatfield_4": 235, "505_tecator": 240,
    "557_analcatdata_apnea1": 475, "1027_ESL": 488, "522_pm10": 500, "547_no2": 500, "666_rmftsa_ladata": 508,
    "1029_LEV": 1000, "titanic": 2201, "197_cpu_act": 8192, "225_puma8NH": 8192, "537_houses": 20640,
    "574_house_16H": 22784, "1193_BNG_lowbwt": 31104, "215_2dplanes": 40768, "344_mv": 40768, "564_fried": 40768,
    "1201_BNG_breastTumor": 116640,
}  # fmt: skip
PMLB_CLASSIFICATION = {
    "ionosphere": 351, "monk3": 554, "monk1": 556, "xd6": 973, "vowel": 990, "Hill_Valley_without_noise": 1212,
    "car": 1728, "mfeat_fourier": 2000, "segmentation": 2310, "spambase": 4601, "churn": 5000, "waveform_40": 5000,
    "page_blocks": 5473, "texture": 5500, "ann_thyroid": 7200, "ring": 7400, "twonorm": 7400, "pendigits": 10992,
    "nursery": 12958, "letter": 20000, "krkopt": 28056, "connect_4": 67557, "fars": 100968, "sleep": 105908,
}  # fmt: skip


def catalogue() -> dict[str, DataSet]:
    """Returns every set by its name, in the order in which they are run and shown."""
    sets = [
        DataSet(name, "regression", f"uci_{name}", rows, tuple(splits), uci) for name, (rows, splits) in UCI.items()
    ]
    groups: list[tuple[TableTask, dict[str, int]]] = [
        ("regression", PMLB_REGRESSION),
        ("classification", PMLB_CLASSIFICATION),
    ]
    for task, group in groups:
        for name, rows in group.items():
            splits = tuple(range(SMALL_SPLITS if rows < SMALL else 1))
            sets.append(DataSet(name, task, f"pmlb_{task}/{name}.tsv.gz", rows, splits, pmlb))
    sets.append(DataSet("mnist", "classification", "mnist", 70_000, (0,), mnist, ("chainrule-best",)))
    return {one.name: one for one in sets}


SETS = catalogue()
