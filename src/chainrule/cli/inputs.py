"""Where rows come from: CSV, Parquet and NumPy files, and the sets that scikit-learn bundles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule._internal.naming import nearest
from chainrule.cli.errors import WrongUsage, require_packages
from chainrule.tables.columns import Column
from chainrule.tables.reading import read_path
from chainrule.tables.table import Table

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")


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
    if path.suffix != ".npz":
        require_packages("pyarrow")
    return read_path(path)


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
    require_packages("sklearn")
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")()
    labels = getattr(data, "target_names", None)
    target = data.target if labels is None else np.asarray(labels)[data.target]
    columns = {str(k): Column.of(column) for k, column in zip(data.feature_names, data.data.T, strict=True)}
    return Table(name, {**columns, "target": Column.of(target)}, target="target")
