"""Input tables: CSV, Parquet and NumPy files, and the data sets bundled with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule._internal.naming import nearest
from chainrule.cli.errors import WrongUsage, option_errors, require_packages
from chainrule.tables.column_set import Columns
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.csv.dialect import CsvOptions, as_delimiter
from chainrule.tables.reading.csv.text_streams import as_codec
from chainrule.tables.reading.paths import AS_DETECTED, EXTENSIONS, read_path
from chainrule.tables.table import Table

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")


def text_options(sep: str | None, header: bool | None, encoding: str | None) -> CsvOptions:
    """Returns the options of a text file. Raises WrongUsage for an invalid one."""
    with option_errors("--sep"):
        if sep is not None:
            as_delimiter(sep)
    with option_errors("--encoding"):
        if encoding is not None:
            as_codec(encoding)
    return CsvOptions(sep, header, encoding)


def read_source(source: str, options: CsvOptions = AS_DETECTED) -> Table:
    """Reads a file, with these options if it is a text file, or the bundled data set of this name.

    Raises WrongUsage with the nearest name if there is no such source, FileFormatError or InputError for bad contents.
    """
    if source in BUNDLED and not Path(source).is_file():
        return _bundled(source)
    path = require_file(source, *BUNDLED)
    if path.suffix != ".npz":
        require_packages("pyarrow")
    return read_path(path, options)


def stem(source: str) -> str:
    """Returns the name for results of this source: data/sales.2023.csv.gz → sales.2023."""
    name = Path(source).name
    endings = [ending for ending in EXTENSIONS if name.lower().endswith(ending)]
    return name[: len(name) - max(map(len, endings), default=0)] or "model"


def require_file(name: str, *bundled: str) -> Path:
    """Returns the path of a file. Raises WrongUsage with the most similar file beside it, or name, if there is none."""
    path = Path(name)
    if path.is_file():
        return path
    if name == "-":
        raise WrongUsage("standard input cannot be read; save it as a file, and give the file's name.")
    if name and path.is_dir():
        raise WrongUsage(f"{name!r} is a folder; give a file in it.")
    if name and path.exists():  # a pipe or a device
        raise WrongUsage(f"{name!r} is not a regular file; save what it holds as a file, and give the file's name.")
    folder = path.parent
    files = [str(folder / p.name) for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    known = f" Bundled data sets: {', '.join(bundled)}." if bundled else ""
    raise WrongUsage(f"there is no file {name!r}{nearest(str(path), [*files, *bundled]) or '.'}{known}")


def _bundled(name: str) -> Table:
    """Loads a data set of scikit-learn, with the names of its classes as labels."""
    require_packages("sklearn")
    from sklearn import datasets

    data = getattr(datasets, f"load_{name}")()
    labels = getattr(data, "target_names", None)
    target = data.target if labels is None else np.asarray(labels)[data.target]
    names = [str(feature) for feature in data.feature_names]
    columns = Columns.of([*names, "target"], {"target": as_column(target)}, [(names, data.data)])
    return Table(name, columns, target="target")
