"""Input tables: CSV, Parquet and NumPy files, and the data sets bundled with scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule._internal.naming import listed, nearest, spellings
from chainrule.cli import bundled
from chainrule.cli.errors import WrongUsage, option_errors, require_packages
from chainrule.tables.reading.csv.dialect import AS_DETECTED, CsvOptions, as_delimiter
from chainrule.tables.reading.csv.text_streams import as_codec
from chainrule.tables.reading.file_kinds import CSV, EXTENSIONS, unknown_extension

if TYPE_CHECKING:
    from chainrule.tables.table import Table


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
    if is_bundled(source):
        return bundled.load(source)
    path = _file(source)
    from chainrule.tables.reading.paths import read_path

    return read_path(path, options)


def _file(source: str) -> Path:
    path = require_file(source, *bundled.INPUTS)
    if not path.name.lower().endswith(EXTENSIONS):
        raise unknown_extension(path)
    if path.suffix != ".npz":
        require_packages("pyarrow")
    return path


def is_bundled(source: str) -> bool:
    """True if the source is a bundled data set, and no file of this name is there."""
    return source in bundled.INPUTS and not Path(source).is_file()


def require_columns(
    source: str, options: CsvOptions, target: str | None, drop: Sequence[str], category: Sequence[str]
) -> None:
    """Raises WrongUsage for a wrong column of a bundled data set or of a text file, of which the start is read alone.

    `read_source` is for the columns of other files. Raises its errors, too.
    """
    if is_bundled(source):
        names: Sequence[str] = (*bundled.INPUTS[source], bundled.TARGET)
    else:
        path = _file(source)
        if not source.lower().endswith(CSV):
            return
        from chainrule.tables.reading.paths import names_in_csv

        names = names_in_csv(path, options)
    require_target(names, source, target or ("target" if "target" in names else None))
    for option, given in (("--drop", drop), ("--category", category)):
        for column in given:
            known_name(names, source, option, column)


def require_target(names: Sequence[str], origin: str, target: str | None) -> str:
    """Returns the spelling of the target among the names of a table. Raises WrongUsage if there is none."""
    if target is None:
        raise WrongUsage(f"{origin} has no default target; choose one with --target COLUMN. Columns: {listed(names)}.")
    return known_name(names, origin, "--target", target)


def known_name(names: Sequence[str], origin: str, option: str, name: str) -> str:
    """Returns the spelling of a column among the names of a table. Raises WrongUsage, naming the nearest one."""
    spelling = spellings([name], names).get(name)
    if spelling is None:
        hint = nearest(name, names) or "."
        raise WrongUsage(f"{option}: {origin} has no column {name!r}{hint} Columns: {listed(names)}.")
    return spelling


def stem(source: str) -> str:
    """Returns the name for results of this source: data/sales.2023.csv.gz → sales.2023."""
    name = Path(source).name
    endings = [ending for ending in EXTENSIONS if name.lower().endswith(ending)]
    return name[: len(name) - max(map(len, endings), default=0)] or "model"


def require_file(name: str, *others: str) -> Path:
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
    known = f" Bundled data sets: {', '.join(others)}." if others else ""
    raise WrongUsage(f"there is no file {name!r}{nearest(str(path), [*files, *others]) or '.'}{known}")
