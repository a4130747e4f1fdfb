"""Input tables: files, standard input, and the data sets bundled with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule._internal.naming import listed, nearest, spellings
from chainrule.cli import bundled
from chainrule.cli.errors import WrongUsage, option_errors, require_packages
from chainrule.cli.standard_input import NAME as STDIN
from chainrule.cli.standard_input import ORIGIN, standard_input
from chainrule.tables.reading.csv.dialect import AS_DETECTED, CsvOptions, as_delimiter
from chainrule.tables.reading.csv.text_streams import as_codec
from chainrule.tables.reading.file_kinds import (
    CSV,
    EXTENSIONS,
    PARQUET,
    is_folder_of,
    require_format,
    unknown_extension,
)

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


def read_source(source: str, options: CsvOptions = AS_DETECTED, *, numbers_at_once: bool = False) -> Table:
    """Reads a file, with these options if it is a text file, or the bundled data set of this name; "-" is stdin.

    For ``numbers_at_once``, which is for training rows, see `read_csv`.

    Raises WrongUsage with the nearest name if there is no such source, FileFormatError or InputError for bad contents.
    """
    return read_with_arrow(source, options, numbers_at_once=numbers_at_once)[0]


def read_with_arrow(
    source: str, options: CsvOptions = AS_DETECTED, *, numbers_at_once: bool = False
) -> tuple[Table, Any]:
    """Reads a source as `read_source` does, and returns its table also as Arrow has read it; None without a reader.

    Arrow's table has every value as the file has it: integers of any size, and texts of numbers, not read at once.
    """
    if is_bundled(source):
        return bundled.load(source), None
    with _opened(source) as path:
        from chainrule.tables.reading.paths import read_arrow, read_path, table_of

        if path.suffix.lower() == ".npz":
            table, arrow = read_path(path, options), None
        else:
            arrow = read_arrow(path, options, numbers_at_once=numbers_at_once)
            table = table_of(path, arrow)
    return (replace(table, origin=ORIGIN) if source == STDIN else table), arrow


def parquet_path(source: str, options: CsvOptions = AS_DETECTED) -> Path | None:
    """Returns the path of a Parquet file or of a folder of them, which may be larger than memory; None for others.

    Raises WrongUsage if there is no such source, or options of text files are given for it; FileFormatError if it is
    another format by this name.
    """
    if source == STDIN or is_bundled(source):
        return None
    path = _file(source)
    if not (is_folder_of(path, PARQUET) if path.is_dir() else path.name.lower().endswith(PARQUET)):
        return None
    if options != AS_DETECTED:
        raise WrongUsage(f"--sep, --header and --encoding are for text files; {source} is none.")
    if not path.is_dir():
        require_format(path, b"PAR1", "a Parquet file")
    return path


def path_in_pieces(source: str, options: CsvOptions) -> Path | None:
    """Returns the path of Parquet or text files, or of a folder of either, to be read in pieces; None for others.

    Raises the errors of `parquet_path`.
    """
    if source == STDIN or is_bundled(source):
        return None
    path = _file(source)
    is_text = is_folder_of(path, CSV) if path.is_dir() else path.name.lower().endswith(CSV)
    return path if is_text else parquet_path(source, options)


@contextmanager
def _opened(source: str) -> Iterator[Path]:
    """Yields the path of a file, or of one that holds standard input."""
    if source != STDIN:
        yield _file(source)
        return
    with standard_input() as path:
        require_packages("pyarrow")
        yield path


def _file(source: str) -> Path:
    if source and (is_folder_of(Path(source), PARQUET) or is_folder_of(Path(source), CSV)):
        require_packages("pyarrow")
        return Path(source)
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
    source: str, options: CsvOptions, targets: Sequence[str], drop: Sequence[str], category: Sequence[str]
) -> None:
    """Raises WrongUsage for a wrong column of a bundled data set or of a text file, of which the start is read alone.

    Of standard input nothing is read. `read_source` is for the columns of other files. Raises its errors, too.
    """
    if source == STDIN:
        return
    if is_bundled(source):
        names: Sequence[str] = (*bundled.INPUTS[source], bundled.TARGET)
    else:
        path = _file(source)
        if path.is_dir() or not source.lower().endswith(CSV):
            return
        from chainrule.tables.reading.paths import names_in_csv

        names = names_in_csv(path, options)
    require_targets(names, source, targets, "target" if "target" in names else None)
    for option, given in (("--drop", drop), ("--category", category)):
        for column in given:
            known_name(names, source, option, column)


def require_targets(names: Sequence[str], origin: str, given: Sequence[str], default: str | None) -> tuple[str, ...]:
    """Returns the spellings of the targets among the names of a table, or the default one if none is given.

    Each is a name, or several with commas between them. Raises WrongUsage if there is none.
    """
    found = [spelling for text in given for spelling in _named(names, origin, text)]
    if not found and default is None:
        raise WrongUsage(f"{origin} has no default target; choose one with --target COLUMN. Columns: {listed(names)}.")
    if twice := [name for k, name in enumerate(found) if name in found[:k]]:
        raise WrongUsage(f"--target: {twice[0]!r} is named twice.")
    return tuple(found) if found or default is None else (known_name(names, origin, "--target", default),)


def _named(names: Sequence[str], origin: str, text: str) -> list[str]:
    """Returns the spelling of one target, whose name may have commas, or of several with commas between them."""
    parts = [text] if spellings([text], names) or "," not in text else [part.strip() for part in text.split(",")]
    return [known_name(names, origin, "--target", part) for part in parts]


def known_name(names: Sequence[str], origin: str, option: str, name: str) -> str:
    """Returns the spelling of a column among the names of a table. Raises WrongUsage, naming the nearest one."""
    spelling = spellings([name], names).get(name)
    if spelling is None:
        hint = nearest(name, names) or "."
        raise WrongUsage(f"{option}: {origin} has no column {name!r}{hint} Columns: {listed(names)}.")
    return spelling


def stem(source: str) -> str:
    """Returns the name for results of this source: data/sales.2023.csv.gz → sales.2023."""
    if source == STDIN:
        return "model"
    name = Path(source).name.removesuffix(".rows")
    endings = [ending for ending in EXTENSIONS if name.lower().endswith(ending)]
    return name[: len(name) - max(map(len, endings), default=0)] or "model"


def require_file(name: str, *others: str) -> Path:
    """Returns the path of a file. Raises WrongUsage with the most similar file beside it, or name, if there is none."""
    path = Path(name)
    if path.is_file():
        return path
    if name == STDIN:
        raise WrongUsage("a model is not read from standard input; give the name of its file.")
    if name and path.is_dir():
        raise WrongUsage(f"{name!r} is a folder; give a file in it.")
    if name and path.exists():  # a pipe or a device
        raise WrongUsage(f"{name!r} is not a regular file; save what it holds as a file, and give the file's name.")
    folder = path.parent
    files = [str(folder / p.name) for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    known = f" Bundled data sets: {', '.join(others)}." if others else ""
    raise WrongUsage(f"there is no file {name!r}{nearest(str(path), [*files, *others]) or '.'}{known}")
