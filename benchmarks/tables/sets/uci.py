"""The UCI sets with the published splits of the papers on probabilistic backpropagation and MC dropout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.tables.sets.data_set import Array, DataSet, DataSplit

ROWS_AND_SPLITS = {
    "concrete": (1030, 5),
    "energy": (768, 5),
    "wine_red": (1599, 5),
    "kin8nm": (8192, 1),
    "power": (9568, 1),
}


def read(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads numbers separated by blanks, and files of row and column numbers; ``cap`` does not apply."""
    place = folder / one.path
    table = np.loadtxt(place / "data.txt", ndmin=2)
    one.check_rows(len(table))

    def numbers(name: str) -> Array:
        return np.loadtxt(place / name, ndmin=1).astype(np.intp)

    X, y = table[:, numbers("index_features.txt")], table[:, numbers("index_target.txt")[0]]
    train, test = numbers(f"index_train_{split}.txt"), numbers(f"index_test_{split}.txt")
    return DataSplit(X[train], y[train], X[test], y[test])


UCI = [
    DataSet(name, "regression", f"uci_{name}", rows, tuple(range(splits)), read)
    for name, (rows, splits) in ROWS_AND_SPLITS.items()
]
