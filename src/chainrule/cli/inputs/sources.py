"""Input tables: files, standard input, and the data sets bundled with scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli.errors import WrongUsage, option_errors, require_packages
from chainrule.cli.inputs import bundled
from chainrule.cli.inputs.files import require_file
from chainrule.cli.inputs.standard_input import NAME as STDIN
from chainrule.cli.inputs.standard_input import ORIGIN, standard_input
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
    path = existing_file(source)
    if not (is_folder_of(path, PARQUET) if path.is_dir() else path.name.lower().endswith(PARQUET)):
        return None
    if options != AS_DETECTED:
        raise WrongUsage(f"--sep, --header and --encoding are for text files; {source} is not one.")
    if not path.is_dir():
        require_format(path, b"PAR1", "a Parquet file")
    return path


def path_in_pieces(source: str, options: CsvOptions) -> Path | None:
    """Returns the path of Parquet or text files, or of a folder of either, to be read in pieces; None for others.

    Raises the errors of `parquet_path`.
    """
    if source == STDIN or is_bundled(source):
        return None
    path = existing_file(source)
    is_text = is_folder_of(path, CSV) if path.is_dir() else path.name.lower().endswith(CSV)
    return path if is_text else parquet_path(source, options)


@contextmanager
def _opened(source: str) -> Iterator[Path]:
    """Yields the path of a file, or of one that holds standard input."""
    if source != STDIN:
        yield existing_file(source)
        return
    with standard_input() as path:
        require_packages("pyarrow")
        yield path


def existing_file(source: str) -> Path:
    """Returns the path of a source that is no bundled data set. Raises WrongUsage if none is there."""
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
