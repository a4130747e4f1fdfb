"""MNIST: 60,000 training and 10,000 test pictures, for ``preset="best"`` alone."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from benchmarks.tables.sets.data_set import Array, DataSet, DataSplit

PIXEL = 255.0


def read(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads the pictures; pixels are scaled to [0, 1]."""

    def content(name: str, header: int) -> Array:
        with gzip.open(folder / one.path / f"{name}.gz", "rb") as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    def part(name: str) -> tuple[Array, Array]:
        pixels = content(f"{name}-images-idx3-ubyte", 16).reshape(-1, 784)
        return (pixels / np.float32(PIXEL)).astype(np.float32), content(f"{name}-labels-idx1-ubyte", 8).astype(np.int64)

    return DataSplit(*part("train"), *part("t10k"))


MNIST = DataSet("mnist", "classification", "mnist", 70_000, (0,), read, only=("chainrule-best",))
