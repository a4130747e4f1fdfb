"""Reading a file, whose extension gives the format."""

from __future__ import annotations

import errno
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.files.refused import unreadable
from chainrule.tables.reading.arrow_tables import shortened, table_of_file
from chainrule.tables.reading.columnar_files import read_feather, read_json_lines, read_parquet
from chainrule.tables.reading.csv.dialect import AS_DETECTED, CsvOptions, detect
from chainrule.tables.reading.csv_files import read_csv
from chainrule.tables.reading.file_kinds import (
    CSV,
    FEATHER,
    JSON_LINES,
    PARQUET,
    is_folder_of,
    require_regular,
    unknown_extension,
)
from chainrule.tables.reading.npz_files import read_npz
from chainrule.tables.table import Table

FOREIGN = (OSError, ValueError, EOFError, RuntimeError, OverflowError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def read_path(path: Path, options: CsvOptions = AS_DETECTED, *, numbers_at_once: bool = False) -> Table:
    """Reads a file, whose extension gives the format: CSV, Parquet, Feather, JSON Lines, or NumPy's .npz.

    A folder of Parquet files, in its subfolders too, is one table.

    An .npz file has X (t, …) and may have y (t,). For ``numbers_at_once``, which is for training rows, see `read_csv`.

    Raises UnknownName for another extension, OSError if the file cannot be read, FileFormatError or InputError for bad
    contents.
    """
    with guarded(path):
        if path.name.lower().endswith(".npz") and options == AS_DETECTED:
            return read_npz(path)
    return table_of(path, read_arrow(path, options, numbers_at_once=numbers_at_once))


def table_of(path: Path, arrow: Any) -> Table:
    """Returns what `read_arrow` has read from a file as a table. Raises InputError if it has no rows or no names."""
    with guarded(path):
        return table_of_file(path, arrow, is_typed=not path.name.lower().endswith(CSV))


def read_arrow(path: Path, options: CsvOptions = AS_DETECTED, *, numbers_at_once: bool = False) -> Any:
    """Reads a CSV, Parquet, Feather or JSON Lines file, or a folder of Parquet files, as an Arrow table.

    Raises the errors of `read_path`.
    """
    name = PARQUET[0] if is_folder_of(path, PARQUET) else path.name.lower()
    with guarded(path):
        if path.is_dir() and name != PARQUET[0]:
            require_regular(path)
        if name.endswith(CSV):
            return read_csv(path, options, numbers_at_once=numbers_at_once)
        if options != AS_DETECTED:
            raise InputError(f"sep, header and encoding are for text files; {path} is not one.")
        if name.endswith(PARQUET):
            return read_parquet(path)
        if name.endswith(FEATHER):
            return read_feather(path)
        if name.endswith(JSON_LINES):
            return read_json_lines(path)
    raise unknown_extension(path)


def names_in_csv(path: Path, options: CsvOptions) -> tuple[str, ...]:
    """Returns the names of the columns of a CSV file, of which only the start is read.

    Raises the errors of `read_path` that the start shows.
    """
    with guarded(path):
        return detect(path, options).names


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turns the errors of Arrow, NumPy, codecs and decompressors into FileFormatError with the path."""
    try:
        yield
    except ChainruleError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # EINVAL: a seek to nowhere
            raise unreadable(error, str(path)) from None
        if not (isinstance(error, FOREIGN) or type(error).__module__.startswith("pyarrow")):
            raise
        reason = "it has a text that is not UTF-8" if isinstance(error, UnicodeDecodeError) else shortened(str(error))
        raise FileFormatError(f"{path} cannot be read: {reason}") from None
