"""Input tables: CSV, Parquet and NumPy files, and the data sets bundled with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule._internal.naming import nearest
from chainrule.cli.errors import WrongUsage, require_packages
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.paths import CSV, PARQUET, read_path
from chainrule.tables.table import Table

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def read_source(source: str) -> Table:
    """Reads a file, or the bundled data set of this name.

    Raises WrongUsage with the nearest name if there is no such source, FileFormatError or InputError for bad contents.
    """
    path = Path(source)
    if source in BUNDLED and not path.is_file():
        return _bundled(source)
    if not path.is_file():
        if path.is_dir():
            raise WrongUsage(f"{source!r} is a folder; give a file in it.")
        raise WrongUsage(
            f"there is no file {source!r}{near_files(path, *BUNDLED) or '.'} Bundled data sets: {', '.join(BUNDLED)}."
        )
    if path.suffix != ".npz":
        require_packages("pyarrow")
    return read_path(path)


def stem(source: str) -> str:
    """Returns the name for results of this source: data/sales.2023.csv.gz → sales.2023."""
    name = Path(source).name
    endings = [ending for ending in (*CSV, *PARQUET, ".npz") if name.lower().endswith(ending)]
    return name[: len(name) - max(map(len, endings), default=0)] or "model"


def near_files(path: Path, *more: str) -> str:
    """Returns "; did you mean …?" with the most similar file in the folder of ``path``, or an empty text."""
    folder = path.parent
    files = [str(folder / p.name) for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    return nearest(str(path), [*files, *more])


def _bundled(name: str) -> Table:
    """Loads a data set of scikit-learn, with the names of its classes as labels."""
    require_packages("sklearn")
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")()
    labels = getattr(data, "target_names", None)
    target = data.target if labels is None else np.asarray(labels)[data.target]
    columns = {str(k): as_column(column) for k, column in zip(data.feature_names, data.data.T, strict=True)}
    return Table(name, {**columns, "target": as_column(target)}, target="target")
