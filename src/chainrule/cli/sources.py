"""Where rows come from: CSV, Parquet and NumPy files, and the sets that scikit-learn bundles."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.cli.arrow import read_csv, read_parquet
from chainrule.cli.refusals import WrongUsage, nearest, need
from chainrule.cli.table import Column, Table
from chainrule.errors import FileFormatError, InputError

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".csv.bz2")
PARQUET = (".parquet", ".pq")


def read(source: str) -> Table:
    """The table of a file, or of the set of this name.

    Raises WrongUsage with the nearest name if there is no such source, FileFormatError or InputError for a bad one.
    """
    path = Path(source)
    if source in BUNDLED and not path.is_file():
        return _bundled(source)
    if not path.is_file():
        if path.is_dir():
            raise WrongUsage(f"{source!r} is a folder; name a file in it.")
        raise WrongUsage(
            f"there is no file {source!r}{near_files(path, *BUNDLED) or '.'} Sets by name: {', '.join(BUNDLED)}."
        )
    name = path.name.lower()
    if name.endswith(CSV):
        return read_csv(path)
    if name.endswith(PARQUET):
        return read_parquet(path)
    if name.endswith(".npz"):
        return _npz(path)
    raise WrongUsage(f"{source!r} must end in .csv, .tsv, .parquet or .npz, to tell its format.")


def stem(source: str) -> str:
    """What results of this source are called: data/iris.csv.gz → iris."""
    return Path(source).name.partition(".")[0] or "model"


def near_files(path: Path, *more: str) -> str:
    """ "; did you mean …?" with the file beside ``path`` that is most like it."""
    folder = path.parent
    files = [str(folder / p.name) for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    return nearest(str(path), [*files, *more])


def _bundled(name: str) -> Table:
    """One of scikit-learn's own sets, classes by their names."""
    need("sklearn")
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")()
    labels = getattr(data, "target_names", None)
    target = data.target if labels is None else np.asarray(labels)[data.target]
    columns = {str(k): Column.of(column) for k, column in zip(data.feature_names, data.data.T, strict=True)}
    return Table(name, {**columns, "target": Column.of(target)}, target="target")


def _npz(path: Path) -> Table:
    """Arrays X (t, …), each example one row of numbers, and y (t,), which prediction does not need."""
    if not zipfile.is_zipfile(path):
        raise FileFormatError(f"{path} is not a .npz file (numpy.savez writes one).")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, NDArray[Any]] = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise FileFormatError(f"{path} is not a whole .npz file of plain arrays: {error}") from None
    X = arrays.get("X")
    y = arrays.get("y", arrays.get("Y"))
    if X is None or X.ndim < 2 or X.size == 0 or X.dtype.kind not in "biuf":
        got = ", ".join(f"{key} {value.dtype} {value.shape}" for key, value in arrays.items()) or "nothing"
        raise InputError(f"{path} must hold an array X of numbers (t, n), and y (t,) to train; got {got}.")
    X = X.reshape(len(X), -1)
    if y is not None and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y is not None and y.shape != (len(X),):
        raise InputError(f"y of {path} must have shape ({len(X)},), one label per row of X; got {y.shape}.")
    positions = tuple(f"x{k}" for k in range(1, X.shape[1] + 1))
    columns = {name: Column.of(column) for name, column in zip(positions, X.T, strict=True)}
    if y is not None:
        columns["y"] = Column.of(y)
    return Table(str(path), columns, target=None if y is None else "y", positions=positions)
